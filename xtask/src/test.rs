//! All tests: those of the embedded default, which need no server, and those of the distributed form, which get private
//! ones.

use std::process::Command;

use anyhow::{Context, bail};
use clap::Args;
use test_servers::{Durability, Folder, Servers};

use crate::install::{self, BESIDE, SERVERS};
use crate::process::{Interrupt, cargo};
use crate::schemathesis;

/// Runs every test of the workspace, on private servers that are thrown away afterwards.
#[derive(Args)]
pub struct Arguments {
    /// Only tests whose name contains this.
    filter: Option<String>,
    /// Only what needs no server.
    #[arg(long)]
    embedded: bool,
    /// How often a test that failed is tried again. One that then passes is told as flaky, with what it printed when it
    /// failed: a fault of the test or of the shop, to be mended. (nextest only.)
    #[arg(long, default_value_t = 0, value_name = "N")]
    retries: u32,
    /// Let every batch of events and every effect wait for so long before it is projected or carried out: what then
    /// fails counts on reading at once what was just written.
    #[arg(long, value_name = "MS")]
    lag_ms: Option<u32>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut tests = tests(arguments);
    if arguments.embedded {
        return finish(&mut tests);
    }
    install::install(&[SERVERS, BESIDE])?;
    // Ctrl-C reaches the tests, too; the servers stop after them.
    let _interrupt = Interrupt::listen()?;
    let servers = Servers::start(Folder::temporary()?, Durability::None)?;
    let outcome = finish(tests.envs(servers.environment()));
    servers.stop()?;
    outcome
}

fn tests(arguments: &Arguments) -> Command {
    let mut tests = cargo();
    let has_nextest = has_nextest();
    if has_nextest {
        // What failed stands at the end, where one looks; and at once as well, since a try whose retry passes isn't told
        // there.
        tests.args(["nextest", "run", "--failure-output", "immediate-final"]);
        tests.args(["--status-level", "slow", "--final-status-level", "flaky"]);
        tests.args(["--retries", &arguments.retries.to_string()]);
    } else {
        tests.arg("test");
    }
    tests
        .args(["--workspace", "--all-features", "--locked", "--no-fail-fast"])
        .args(&arguments.filter);
    if let Some(lag) = arguments.lag_ms {
        tests.env(test_servers::LAG_VARIABLE, lag.to_string());
    }
    if arguments.embedded {
        return tests;
    }
    let mut skipped = vec![];
    // No package of Debian 12 has a kubectl that is new enough.
    if test_servers::installed("kubectl").is_none() {
        println!("kubectl (1.22 or newer) isn't installed: the Kubernetes manifests are not checked");
        skipped.push("kubernetes::");
    }
    match schemathesis::program() {
        Ok(Some(program)) => {
            tests.env(schemathesis::VARIABLE, program);
        }
        Ok(None) => {
            println!("{}", schemathesis::without());
            skipped.push("schemathesis::");
        }
        // Python's package index can be out of reach; the shop is none the worse for it.
        Err(error) => {
            println!("schemathesis doesn't run: {error:#}");
            skipped.push("schemathesis::");
        }
    }
    if has_nextest {
        tests.args(["--run-ignored", "all"]);
        if !skipped.is_empty() {
            let filters: Vec<_> = skipped
                .iter()
                .map(|name| format!("not test(/^{name}/)"))
                .collect();
            tests.args(["--filterset", &filters.join(" and ")]);
        }
    } else {
        tests.args(["--", "--include-ignored"]);
        for name in skipped {
            tests.args(["--skip", name]);
        }
    }
    tests
}

fn finish(tests: &mut Command) -> anyhow::Result<()> {
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
