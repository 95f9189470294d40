//! The benchmark of facets at its smallest: every question is asked and told. How long they take is left to who runs it.

use std::process::Command;

fn told(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_benches"))
        .args(["facets", "--products", "300", "--times", "1"])
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let printed = String::from_utf8(output.stdout).unwrap();
    printed.lines().map(str::to_owned).collect()
}

#[track_caller]
fn assert_whole(lines: &[String]) {
    assert_eq!(lines.len(), 8, "{lines:#?}");
    assert!(
        lines[0].starts_with("a page of the list") && lines[0].ends_with(" ms"),
        "{lines:#?}"
    );
    for line in &lines[1..] {
        assert!(line.contains(" ms ") && line.ends_with(" pages"), "{line}");
    }
}

#[test]
fn facets_are_measured_beside_a_page() {
    assert_whole(&told(&[]));
}
