//! The limit of an order: pgbench, which is `PostgreSQL`'s own, inserting and committing the rows that an order leaves in
//! the event log, on the same server.
//!
//! No HTTP, no JSON, no decision, no lookup of what was there before and nothing in the background.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use test_servers::{Recipe, find};

use super::cost::postgres_cpu;
use super::order_rows::OrderRows;
use super::script::Turns;
use super::shop::Shop;
use crate::load::{Round, used};

/// Begins the names of the files in which it writes how long each transaction took.
const LATENCIES: &str = "pgbench-latencies";

/// In which a hundred clients connect, unless the machine is busy with other things.
const CONNECT_SECONDS: u64 = 1;

/// Each twice as long as the one before: enough on a machine that does anything at all.
const TRIES: u32 = 4;

pub struct Pgbench<'a> {
    program: PathBuf,
    folder: &'a Path,
    pub rows: OrderRows,
    /// Rounds run so far: what makes the orders of one differ from those of another.
    rounds: Cell<u32>,
}

impl<'a> Pgbench<'a> {
    /// Makes its tables in the shop's database.
    pub fn prepare(shop: &Shop, folder: &'a Path, rows: OrderRows) -> anyhow::Result<Self> {
        shop.sql(&OrderRows::create_tables())?;
        Ok(Self {
            program: find("pgbench")?,
            folder,
            rows,
            rounds: Cell::new(0),
        })
    }

    /// Runs so many clients for this long, or a little longer: pgbench counts whole seconds, and those in which its
    /// clients connect, which its rate leaves out.
    pub fn run(&self, shop: &Shop, turns: Turns, clients: usize, length: Duration) -> anyhow::Result<Round> {
        let script = self.folder.join(format!("{}.pgbench", turns.name()));
        fs::write(&script, self.rows.script(turns))?;
        let mut seconds = length.as_secs() + u64::from(length.subsec_nanos() > 0) + CONNECT_SECONDS;
        for _ in 0..TRIES {
            if let Some(round) = self.run_once(shop, &script, clients, seconds)? {
                return Ok(round);
            }
            seconds *= 2;
        }
        bail!("pgbench's {clients} clients did nothing in {TRIES} runs: is the machine overloaded?")
    }

    /// None if the time was over before any client did anything.
    fn run_once(
        &self,
        shop: &Shop,
        script: &Path,
        clients: usize,
        seconds: u64,
    ) -> anyhow::Result<Option<Round>> {
        self.rounds.set(self.rounds.get() + 1);
        let url = shop.servers.postgres.program.url_of(shop.cluster.database());
        let (address, password) = address(&url)?;
        let threads = clients.min(std::thread::available_parallelism().map_or(1, usize::from));
        let recipe = Recipe::new(&self.program)
            .args(["--no-vacuum", "--protocol", "prepared", "--log"])
            .args(["--client", &clients.to_string(), "--jobs", &threads.to_string()])
            .args(["--time", &seconds.to_string()])
            .args(["--log-prefix".as_ref(), self.folder.join(LATENCIES).as_os_str()])
            .args(["--file".as_ref(), script.as_os_str()])
            .args(["--define".to_owned(), format!("round={}", self.rounds.get())])
            .args(self.rows.definitions())
            .args([address])
            .env("PGPASSWORD", password);
        let before = postgres_cpu(shop);
        let printed = tokio::task::block_in_place(|| recipe.run())?;
        let server_cpu = used(before, postgres_cpu(shop));
        let latencies = latencies(self.folder)?;
        Ok(Done::parse(&printed)?.map(|done| Round {
            length: done.length,
            in_time: done.transactions,
            latencies,
            body_bytes: 0,
            server_cpu,
            client_cpu: None,
        }))
    }
}

/// What it says it did.
#[derive(Debug, PartialEq)]
struct Done {
    transactions: usize,
    /// Without the time in which the clients connected.
    length: Duration,
}

impl Done {
    /// None if it did nothing.
    #[expect(clippy::cast_precision_loss, reason = "nobody counts 2^52 transactions")]
    fn parse(printed: &str) -> anyhow::Result<Option<Self>> {
        let after = |mark: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(mark));
            let word = line.and_then(|line| line.split_whitespace().next());
            word.with_context(|| format!("pgbench didn't tell its {mark:?}: {printed}"))
        };
        let failed = after("number of failed transactions: ")?;
        ensure!(failed == "0", "{failed} of pgbench's transactions failed");
        let transactions: usize = after("number of transactions actually processed: ")?.parse()?;
        if transactions == 0 {
            return Ok(None);
        }
        let per_second: f64 = after("tps = ")?.parse()?;
        let length = Duration::try_from_secs_f64(transactions as f64 / per_second)?;
        Ok(Some(Self { transactions, length }))
    }
}

/// Takes the files in which it told how long each transaction took.
fn latencies(folder: &Path) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = vec![];
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(LATENCIES) {
            for line in fs::read_to_string(entry.path())?.lines() {
                let microseconds = line.split(' ').nth(2).and_then(|word| word.parse().ok());
                latencies.push(Duration::from_micros(
                    microseconds.with_context(|| format!("pgbench logged {line:?}"))?,
                ));
            }
            fs::remove_file(entry.path())?;
        }
    }
    Ok(latencies)
}

/// The URL without its password, which belongs on no command line, and the password.
fn address(url: &str) -> anyhow::Result<(String, String)> {
    let parts = || {
        let (user, rest) = url.strip_prefix("postgres://")?.split_once(':')?;
        let (password, host) = rest.split_once('@')?;
        Some((format!("postgres://{user}@{host}"), password.to_owned()))
    };
    parts().context("the servers' PostgreSQL has no URL with a password")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pgbench_prints_is_understood() {
        let printed = "transaction type: x.pgbench\nnumber of transactions actually processed: 1500\n\
            number of failed transactions: 0 (0.000%)\nlatency average = 1.3 ms\ntps = 750.000000 (without initial connection time)\n";
        let done = Done::parse(printed).unwrap().unwrap();
        assert_eq!((done.transactions, done.length.as_millis()), (1_500, 2_000));
        let nothing = printed.replace("processed: 1500", "processed: 0");
        assert_eq!(Done::parse(&nothing).unwrap(), None);
        let failed = printed.replace("failed transactions: 0 ", "failed transactions: 3 ");
        let error = Done::parse(&failed).unwrap_err().to_string();
        assert!(error.contains("3 of"), "{error}");
        assert!(Done::parse("").is_err());
    }

    #[test]
    fn a_password_is_taken_out_of_an_address() {
        let (address, password) = address("postgres://me:secret@127.0.0.1:5432/shop").unwrap();
        assert_eq!(address, "postgres://me@127.0.0.1:5432/shop");
        assert_eq!(password, "secret");
    }

    #[test]
    fn latencies_are_read_from_all_files_once() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("1", "0 1 700 0 9 9\n0 2 800 0 9 9\n"),
            ("1.2", "1 1 900 0 9 9\n"),
        ] {
            fs::write(folder.path().join(format!("{LATENCIES}.{name}")), text).unwrap();
        }
        let mut read = latencies(folder.path()).unwrap();
        read.sort();
        assert_eq!(read, [700, 800, 900].map(Duration::from_micros));
        assert!(latencies(folder.path()).unwrap().is_empty());
    }
}
