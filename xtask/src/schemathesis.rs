//! schemathesis: a Python program of others' that holds a running shop against its own document. Installed below
//! `target/`, where Python is.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use clap::Args;

use crate::process::target;
use crate::proof::{finish, shop_test};

/// A newer one finds more, and may find what isn't wrong: it is raised by hand.
const VERSION: &str = "4.32.5";
/// What tells the test where the program is.
pub const VARIABLE: &str = "TILLSTREAM_TEST_SCHEMATHESIS";
/// The oldest Python that it runs on.
const PYTHON: (u32, u32) = (3, 10);

/// Makes thousands of requests, good and broken ones, out of the shop's OpenAPI document, and holds every answer against it.
#[derive(Args)]
pub struct Schemathesis {
    /// Requests that are made up per operation, beside those at the edges of its schemas.
    #[arg(long, default_value_t = 100)]
    examples: u32,
    /// The seed of what is made up.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Schemathesis {
    pub fn run(&self) -> anyhow::Result<()> {
        let Some(program) = program()? else {
            bail!("{}", without());
        };
        let mut test = shop_test("schemathesis::");
        test.arg("--ignored")
            .env(VARIABLE, program)
            .env("TILLSTREAM_SCHEMATHESIS_EXAMPLES", self.examples.to_string())
            .env("TILLSTREAM_SCHEMATHESIS_SEED", self.seed.to_string());
        finish(test)
    }
}

/// What is said where it can't be run.
pub fn without() -> String {
    let (major, minor) = PYTHON;
    format!("python3 ({major}.{minor} or newer, with venv) isn't installed: schemathesis doesn't run")
}

/// The program, installed if it wasn't; none without a Python that runs it.
pub fn program() -> anyhow::Result<Option<PathBuf>> {
    if !has_python() {
        return Ok(None);
    }
    let environment = target().join(format!("schemathesis-{VERSION}"));
    let program = environment.join("bin/st");
    if !runs(&program) {
        install(&environment)?;
        ensure!(
            runs(&program),
            "schemathesis was installed into {} and doesn't run",
            environment.display()
        );
    }
    Ok(Some(program))
}

fn has_python() -> bool {
    let (major, minor) = PYTHON;
    let check = format!("import sys, venv, ensurepip; sys.exit(sys.version_info < ({major}, {minor}))");
    let python = Command::new("python3")
        .args(["-c", &check])
        .stderr(Stdio::null())
        .status();
    python.is_ok_and(|status| status.success())
}

fn runs(program: &Path) -> bool {
    let version = Command::new(program).arg("--version").output();
    version.is_ok_and(|told| told.status.success() && String::from_utf8_lossy(&told.stdout).contains(VERSION))
}

fn install(environment: &Path) -> anyhow::Result<()> {
    println!("installing schemathesis {VERSION} into {}", environment.display());
    let mut venv = Command::new("python3");
    execute(venv.args(["-m", "venv", "--clear"]).arg(environment))?;
    let mut pip = Command::new(environment.join("bin/pip"));
    execute(pip.args(["install", "--quiet", &format!("schemathesis=={VERSION}")]))
}

fn execute(command: &mut Command) -> anyhow::Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{command:?} can't be started"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}
