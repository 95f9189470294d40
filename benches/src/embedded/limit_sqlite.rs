//! The limits of an order: the rows that an order leaves in the event log, inserted and committed as durably as there,
//! straight through `SQLite`'s own library, in a process of its own.
//!
//! No HTTP, no JSON, no decision, no lookup of what was there before, no fence between processes and nothing in the
//! background.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{Args, ValueEnum};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::order_rows::OrderRows;
use crate::load::{Round, used};
use crate::process::{Process, cpu_time, end_with_starter};

/// How long a connection waits for the others' commits: longer than any round, so that none fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// What the shop's writer has: pages of the write-ahead log before they are copied back, and the page cache.
const WAL_AUTOCHECKPOINT_PAGES: u32 = 4_000;
const CACHE_KIB: i32 = 64 * 1024;

/// Before the clock runs: the statements are prepared, and the pages in the cache.
const WARM_UP_COMMITS: usize = 3;

/// How the rows get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// Each client has a connection and commits each order; who finds the database locked waits as `SQLite` does.
    OwnConnections,
    /// The same, but clients queue for a lock in memory, so that nobody sleeps while the database is free.
    TakingTurns,
    /// One connection commits as many orders at a time as there are clients, and never waits for anybody.
    Batches,
}

impl Way {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}

#[derive(Args)]
pub struct LimitSqlite {
    /// The shop's event log.
    #[arg(long)]
    log: PathBuf,
    /// Where an order's rows begin and end there.
    #[arg(long)]
    after: i64,
    #[arg(long)]
    through: i64,
    /// The database to write, made if it isn't there.
    #[arg(long)]
    database: PathBuf,
    #[arg(long)]
    clients: usize,
    #[arg(long)]
    milliseconds: u64,
    #[arg(long)]
    way: Way,
}

/// What it prints.
#[derive(Serialize, Deserialize)]
struct Printed {
    in_time: usize,
    latencies: Vec<Duration>,
    cpu: Option<Duration>,
}

/// What a round of the limit needs.
pub struct Plan<'a> {
    pub log: &'a Path,
    pub after: i64,
    pub through: i64,
    pub folder: &'a Path,
    pub clients: usize,
}

impl Plan<'_> {
    /// Runs one round in a process of its own.
    pub async fn run(&self, way: Way, length: Duration) -> anyhow::Result<Round> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("limit-sqlite")
            .arg("--log")
            .arg(self.log)
            .args([
                "--after",
                &self.after.to_string(),
                "--through",
                &self.through.to_string(),
            ])
            .arg("--database")
            .arg(self.folder.join(format!("{}.db", way.name())))
            .args([
                "--clients",
                &self.clients.to_string(),
                "--milliseconds",
                &length.as_millis().to_string(),
            ])
            .args(["--way", &way.name()]);
        let line = Process::start(command, true)?.read_until("latencies").await?;
        let printed: Printed = serde_json::from_str(&line)?;
        Ok(Round {
            length,
            in_time: printed.in_time,
            latencies: printed.latencies,
            body_bytes: 0,
            server_cpu: printed.cpu,
            client_cpu: None,
        })
    }
}

impl LimitSqlite {
    /// Measures, and prints what came out as a line of JSON.
    pub fn run(&self) -> anyhow::Result<()> {
        end_with_starter();
        let rows = OrderRows::read(&self.log, self.after, self.through)?;
        if !self.database.exists() {
            rows.create_tables(&self.open()?)?;
        }
        let orders = Orders {
            rows,
            next: AtomicU64::new(first_number()?),
        };
        println!("{}", serde_json::to_string(&self.measure(&orders)?)?);
        Ok(())
    }

    fn measure(&self, orders: &Orders) -> anyhow::Result<Printed> {
        let (writers, batch) = match self.way {
            Way::OwnConnections | Way::TakingTurns => (self.clients, 1),
            Way::Batches => (1, self.clients),
        };
        let turn = (self.way == Way::TakingTurns).then(|| Mutex::new(()));
        let connections = (0..writers)
            .map(|_| self.open())
            .collect::<anyhow::Result<Vec<_>>>()?;
        let length = Duration::from_millis(self.milliseconds);
        let started = &Barrier::new(writers + 1);
        thread::scope(|scope| {
            let writers: Vec<_> = connections
                .into_iter()
                .map(|connection| Writer {
                    connection,
                    orders,
                    batch,
                    turn: turn.as_ref(),
                })
                .map(|writer| scope.spawn(move || writer.run(started, length)))
                .collect();
            let before = cpu_time(std::process::id());
            started.wait();
            let mut printed = Printed {
                in_time: 0,
                latencies: vec![],
                cpu: None,
            };
            for writer in writers {
                let written = writer.join().map_err(|_| anyhow::anyhow!("a writer panicked"))?;
                let (in_time, latencies) = written.context("a writer failed")?;
                printed.in_time += in_time;
                printed.latencies.extend(latencies);
            }
            printed.cpu = used(before, cpu_time(std::process::id()));
            Ok(printed)
        })
    }

    fn open(&self) -> anyhow::Result<Connection> {
        let connection = Connection::open(&self.database)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", WAL_AUTOCHECKPOINT_PAGES)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        Ok(connection)
    }
}

/// Orders without end.
struct Orders {
    rows: OrderRows,
    next: AtomicU64,
}

/// The time in microseconds: a later round's orders have higher numbers than all before.
fn first_number() -> anyhow::Result<u64> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    // Ten hexadecimal digits, which is two weeks.
    Ok(u64::try_from(now.as_micros())? & 0xff_ffff_ffff)
}

struct Writer<'a> {
    connection: Connection,
    orders: &'a Orders,
    batch: usize,
    turn: Option<&'a Mutex<()>>,
}

impl Writer<'_> {
    /// How many orders were committed in time, and how long each took.
    fn run(self, started: &Barrier, length: Duration) -> rusqlite::Result<(usize, Vec<Duration>)> {
        let warm_up = (0..WARM_UP_COMMITS).try_for_each(|_| self.commit());
        // Also after a failure, since the others wait.
        started.wait();
        warm_up?;
        let started_at = Instant::now();
        let (mut in_time, mut latencies) = (0, vec![]);
        while started_at.elapsed() < length {
            let began_at = Instant::now();
            self.commit()?;
            latencies.extend(std::iter::repeat_n(began_at.elapsed(), self.batch));
            if started_at.elapsed() <= length {
                in_time = latencies.len();
            }
        }
        Ok((in_time, latencies))
    }

    fn commit(&self) -> rusqlite::Result<()> {
        let _turn = self
            .turn
            .map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner));
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for _ in 0..self.batch {
            self.orders
                .rows
                .insert(&self.connection, self.orders.next.fetch_add(1, Ordering::Relaxed))?;
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}
