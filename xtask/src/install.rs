//! The servers' programs: told what is missing, and installed where that is one command.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

/// A program that something here runs, and the Debian package that has it.
#[derive(Clone, Copy)]
pub struct Needed {
    program: &'static str,
    package: &'static str,
}

/// Without these nothing distributed runs.
pub const SERVERS: &[Needed] = &[
    needed("postgres", "postgresql"),
    needed("psql", "postgresql-client"),
    needed("nats-server", "nats-server"),
    needed("redis-server", "redis-server"),
];

/// What some tests also look at: the proxies in front, the rules of the monitoring, a terminal.
pub const BESIDE: &[Needed] = &[
    needed("haproxy", "haproxy"),
    needed("nginx", "nginx-light"),
    needed("promtool", "prometheus"),
    needed("openssl", "openssl"),
    needed("tmux", "tmux"),
];

const fn needed(program: &'static str, package: &'static str) -> Needed {
    Needed { program, package }
}

/// Installs what is missing with apt-get if we are root on a Debian; otherwise says what to install.
pub fn install(programs: &[&[Needed]]) -> anyhow::Result<()> {
    let packages = missing(programs);
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if !may_install() {
        bail!(
            "these aren't installed: {list}\non Debian or Ubuntu: sudo apt-get install --no-install-recommends {list}"
        );
    }
    println!("installing {list}");
    apt_get(&["update", "--quiet"])?;
    let mut arguments = vec!["install", "--quiet", "--yes", "--no-install-recommends"];
    arguments.extend(&packages);
    apt_get(&arguments)?;
    let still = missing(programs);
    ensure!(
        still.is_empty(),
        "still not found after the installation: {}",
        still.join(" ")
    );
    Ok(())
}

fn missing(programs: &[&[Needed]]) -> Vec<&'static str> {
    let all = programs.iter().copied().flatten();
    let missing = all.filter(|needed| test_servers::installed(needed.program).is_none());
    missing.map(|needed| needed.package).collect()
}

fn may_install() -> bool {
    let id = Command::new("id").arg("-u").output();
    let is_root = id.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    is_root && Path::new("/etc/debian_version").exists() && test_servers::installed("apt-get").is_some()
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Debian starts what it installs, where something runs that can; we start our own.
        .env("RUNLEVEL", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("apt-get can't be started")?;
    ensure!(status.success(), "apt-get {} failed", arguments.join(" "));
    Ok(())
}
