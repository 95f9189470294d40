//! All tests. Those of the embedded default need no server.

use anyhow::{Context, bail};
use clap::Args;

use crate::process::cargo;

/// Runs every test of the workspace.
#[derive(Args)]
pub struct Arguments {
    /// Only tests whose name contains this.
    filter: Option<String>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runner: &[&str] = if has_nextest() {
        &["nextest", "run"]
    } else {
        &["test"]
    };
    let mut tests = cargo();
    tests
        .args(runner)
        .args(["--workspace", "--all-features", "--locked", "--no-fail-fast"])
        .args(&arguments.filter);
    let status = tests.status().context("cargo can't be started")?;
    if !status.success() {
        bail!("some tests failed");
    }
    Ok(())
}

/// nextest is faster where it is installed; cargo's own runner runs the same tests.
fn has_nextest() -> bool {
    cargo()
        .args(["nextest", "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}
