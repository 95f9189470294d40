//! The long runs: tests of the suite at their full size, and the benchmark. All in release mode.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use clap::Args;

use crate::process::cargo;

/// Kills the shop with SIGKILL at random moments under load, and checks what it promised.
#[derive(Args)]
pub struct Crash {
    /// How many times.
    #[arg(long, default_value_t = 100)]
    kills: u32,
    /// The seed of the random moments; a run prints its own.
    #[arg(long)]
    seed: Option<u64>,
}

impl Crash {
    pub fn run(&self) -> anyhow::Result<()> {
        let mut test = shop_test("crash::");
        test.env("TILLSTREAM_CRASH_KILLS", self.kills.to_string());
        if let Some(seed) = self.seed {
            test.env("TILLSTREAM_CRASH_SEED", seed.to_string());
        }
        finish(test)
    }
}

/// Sells one SKU to many buyers at once, and reports the rate beside that of many SKUs.
#[derive(Args)]
pub struct FlashSale {
    /// Units on the shelf.
    #[arg(long, default_value_t = 1_000)]
    units: u32,
    /// Buyers at once.
    #[arg(long, default_value_t = 64)]
    buyers: u32,
    /// Attempts of all buyers together.
    #[arg(long, default_value_t = 5_000)]
    attempts: u32,
}

impl FlashSale {
    pub fn run(&self) -> anyhow::Result<()> {
        let mut test = shop_test("flash_sale::");
        test.env("TILLSTREAM_FLASH_UNITS", self.units.to_string())
            .env("TILLSTREAM_FLASH_BUYERS", self.buyers.to_string())
            .env("TILLSTREAM_FLASH_ATTEMPTS", self.attempts.to_string());
        finish(test)
    }
}

/// Imports the whole invoice file into a new shop, checks the totals to the penny, verifies the log
/// and compares the read models with a rebuild.
#[derive(Args)]
pub struct ImportAll {
    /// The invoices, plain or gzipped.
    #[arg(
        long,
        default_value = "../shared/data/online-retail/invoices-2010-12-to-2011-06.csv.gz"
    )]
    file: PathBuf,
}

impl ImportAll {
    pub fn run(&self) -> anyhow::Result<()> {
        let file = self
            .file
            .canonicalize()
            .with_context(|| format!("{} can't be found", self.file.display()))?;
        let mut test = shop_test("import::");
        test.env("TILLSTREAM_IMPORT_FILE", file);
        finish(test)
    }
}

/// Measures the shop beside the limits of what it is built on, in one run.
#[derive(Args)]
pub struct Bench {
    /// Seconds per measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u32,
    /// Clients at once.
    #[arg(long, default_value_t = 16)]
    clients: u32,
}

impl Bench {
    pub fn run(&self) -> anyhow::Result<()> {
        let mut bench = cargo();
        bench.args(["run", "--release", "--locked", "--package", "benches", "--"]);
        bench.args([
            "--seconds",
            &self.seconds.to_string(),
            "--clients",
            &self.clients.to_string(),
        ]);
        finish(bench)
    }
}

fn shop_test(name: &str) -> Command {
    let mut test = cargo();
    test.args([
        "test",
        "--release",
        "--locked",
        "--package",
        "tillstream",
        "--test",
        "shop",
        name,
    ])
    .args(["--", "--nocapture", "--test-threads=1"]);
    test
}

fn finish(mut command: Command) -> anyhow::Result<()> {
    let status = command.status().context("cargo can't be started")?;
    if !status.success() {
        bail!("{command:?} failed");
    }
    Ok(())
}
