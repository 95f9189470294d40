//! `docs/CHAIN.md`, pasted by a real shell, all of it: one headquarters and two branches.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// Seconds after which the shell has failed; far longer than all of it takes.
const PATIENCE_S: &str = "240";
/// The addresses that the page uses.
const PORTS: [&str; 3] = ["8080", "8081", "8082"];

/// What stands in its blocks of shell.
fn pasted(page: &str) -> String {
    let blocks = page.split("```sh\n").skip(1);
    blocks.filter_map(|rest| rest.split("```").next()).collect()
}

/// Ports that nobody has: all held at once, so that they differ.
fn free_ports() -> Vec<String> {
    let held: Vec<_> = PORTS.map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).into();
    held.iter()
        .map(|listener| listener.local_addr().unwrap().port().to_string())
        .collect()
}

#[test]
fn the_page_on_chains_leads_from_nothing_to_reports_and_over_an_outage() {
    let folder = tempfile::tempdir().unwrap();
    let page = include_str!("../../docs/CHAIN.md");
    let mut script = pasted(page);
    assert!(script.lines().count() > 40, "the page has lost its blocks");
    for (port, free) in PORTS.iter().zip(free_ports()) {
        script = script.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{free}"));
    }
    let program = Path::new(env!("CARGO_BIN_EXE_tillstream"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let script = format!("trap 'kill $(jobs -p) || true; wait || true' EXIT\n{script}");
    let mut command = Command::new("timeout");
    test_servers::forget_settings(&mut command);
    let output = command
        .args([PATIENCE_S, "bash", "-euc", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{shown}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for line in [
        "kitchen,Kitchen,2,23.97,0.00,23.97,,3,GBP",
        "North,,1,15.98,0.00,15.98,1,2,GBP",
    ] {
        assert!(shown.contains(line), "no {line} in {shown}");
    }
    assert!(
        shown.contains("\"failing_calls\":{\"count\":0,\"last\":null}"),
        "{shown}"
    );
    assert!(!shown.contains("tsb_"), "a token was shown");
}
