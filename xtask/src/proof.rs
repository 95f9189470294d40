//! The long runs: tests of the suite at their full size, and the benchmark. All in release mode.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use clap::Args;

use crate::install::{self, BESIDE, SERVERS};
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

/// Kills, hangs and wipes everything that the distributed form is made of, servers included, under load, and compares
/// what is there with an outside journal of what clients were answered.
#[derive(Args)]
pub struct Faults {
    /// How many processes are killed, beside the faults that strike once each.
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// How long NATS is stopped, in seconds.
    #[arg(long, default_value_t = 60)]
    nats_stopped_s: u32,
    /// The seed of what is killed, and when; a run prints its own.
    #[arg(long)]
    seed: Option<u64>,
    /// Plant the three bugs instead, one after the other: each must be found.
    #[arg(long)]
    plant: bool,
}

impl Faults {
    pub fn run(&self) -> anyhow::Result<()> {
        install::install(&[SERVERS])?;
        let name = if self.plant {
            "distributed::faults::a_missing"
        } else {
            "distributed::faults::nothing_is_lost"
        };
        let mut test = shop_test_with(&["--features", "planted-bugs"], name);
        test.arg("--ignored")
            .env("TILLSTREAM_FAULTS_KILLS", self.kills.to_string())
            .env(
                "TILLSTREAM_FAULTS_NATS_STOPPED_S",
                self.nats_stopped_s.to_string(),
            );
        if let Some(seed) = self.seed {
            test.env("TILLSTREAM_FAULTS_SEED", seed.to_string());
        }
        finish(test)
    }
}

/// Lets clients do everything at random, and holds what comes of it against a model of their own: no 5xx, no invariant
/// broken, the log and the read models agree, the memory stays level.
#[derive(Args)]
pub struct RandomClients {
    /// Clients at once.
    #[arg(long, default_value_t = 64)]
    clients: u32,
    /// How long.
    #[arg(long, default_value_t = 10)]
    minutes: u32,
    /// The seed of what they do; a run prints its own.
    #[arg(long)]
    seed: Option<u64>,
    /// Against the distributed form, through its proxy.
    #[arg(long)]
    distributed: bool,
}

impl RandomClients {
    pub fn run(&self) -> anyhow::Result<()> {
        let mut test = shop_test("random_clients::");
        if self.distributed {
            install::install(&[SERVERS, BESIDE])?;
            test.arg("--ignored");
        }
        test.env("TILLSTREAM_RANDOM_CLIENTS", self.clients.to_string())
            .env("TILLSTREAM_RANDOM_SECONDS", (self.minutes * 60).to_string());
        if let Some(seed) = self.seed {
            test.env("TILLSTREAM_RANDOM_SEED", seed.to_string());
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
    /// Into the distributed form, through its proxy.
    #[arg(long)]
    distributed: bool,
    /// Into three branches of a chain, sold by several sellers; headquarters must have what they have. With
    /// `--distributed`, headquarters and a branch are a process per role each.
    #[arg(long)]
    chain: bool,
}

impl ImportAll {
    pub fn run(&self) -> anyhow::Result<()> {
        let file = self
            .file
            .canonicalize()
            .with_context(|| format!("{} can't be found", self.file.display()))?;
        let mut test = match (self.chain, self.distributed) {
            (true, _) => shop_test("systems::invoices::"),
            (false, true) => shop_test("distributed::import::"),
            (false, false) => shop_test("import::"),
        };
        // What needs servers is ignored unless it is asked for.
        if self.distributed {
            install::install(&[SERVERS, BESIDE])?;
            test.arg("--ignored");
        }
        test.env("TILLSTREAM_IMPORT_FILE", file);
        finish(test)
    }
}

/// Measures the shop beside the limits of what it is built on, in one run. `cargo xtask bench -- --help` tells what can
/// be chosen: the form, seconds per measurement, clients, a quick run.
#[derive(Args)]
pub struct Bench {
    /// Given to the benchmark as they are.
    #[arg(last = true)]
    arguments: Vec<String>,
}

impl Bench {
    pub fn run(&self) -> anyhow::Result<()> {
        install::install(&[SERVERS])?;
        let mut bench = cargo();
        bench
            .args(["run", "--release", "--locked", "--package", "benches", "--"])
            .args(&self.arguments);
        finish(bench)
    }
}

/// Tests of the whole shop in release mode, one after the other.
pub fn shop_test(name: &str) -> Command {
    shop_test_with(&[], name)
}

/// With more arguments for cargo.
fn shop_test_with(cargo_arguments: &[&str], name: &str) -> Command {
    let mut test = cargo();
    test.args(["test", "--release", "--locked", "--package", "tillstream"])
        .args(cargo_arguments)
        .args(["--test", "shop", name])
        .args(["--", "--nocapture", "--test-threads=1"]);
    test
}

pub fn finish(mut command: Command) -> anyhow::Result<()> {
    let status = command.status().context("cargo can't be started")?;
    if !status.success() {
        bail!("{command:?} failed");
    }
    Ok(())
}
