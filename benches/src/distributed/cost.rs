//! What an order costs: processor time by process, decisions made anew, transactions and write-ahead log of `PostgreSQL`.
//!
//! Counted from outside, over everything that happens meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use test_servers::{Daemon, Program, RoleKind};
use tokio::task::block_in_place;

use super::shop::Shop;
use crate::process::{cpu_time, cpu_time_with_children};

// Whoever writes takes a number, so these count the transactions that write.
const WRITTEN: &str =
    "SELECT pg_snapshot_xmax(pg_current_snapshot()), pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')";

/// What the command API tells of decisions that another process overtook.
const CONFLICTS: &str = "tillstream_command_conflicts_total";

/// Everything used up to some moment, or between two.
#[derive(Debug, Clone, Default)]
pub struct Cost {
    /// By the name of the program, of all its processes.
    cpu: BTreeMap<String, Duration>,
    transactions: u64,
    wal_bytes: u64,
    conflicts: u64,
}

impl Cost {
    pub fn until_now(shop: &Shop) -> anyhow::Result<Self> {
        let (transactions, wal_bytes) = written(shop)?;
        let mut cpu = BTreeMap::new();
        for role in &shop.cluster.roles {
            *cpu.entry(role.program.kind.as_str().to_owned()).or_default() += used_by(role);
        }
        cpu.insert("nats".to_owned(), used_by(&shop.servers.nats));
        cpu.insert("redis".to_owned(), used_by(&shop.servers.redis));
        cpu.insert("postgres".to_owned(), postgres_cpu(shop).unwrap_or_default());
        Ok(Self {
            cpu,
            transactions,
            wal_bytes,
            conflicts: conflicts(shop)?,
        })
    }

    /// Adds what was used since `before`.
    pub fn add_since(&mut self, before: &Self, shop: &Shop) -> anyhow::Result<()> {
        let now = Self::until_now(shop)?;
        for (name, used) in now.cpu {
            let earlier = before.cpu.get(&name).copied().unwrap_or_default();
            *self.cpu.entry(name).or_default() += used.saturating_sub(earlier);
        }
        self.transactions += now.transactions.saturating_sub(before.transactions);
        self.wal_bytes += now.wal_bytes.saturating_sub(before.wal_bytes);
        self.conflicts += now.conflicts.saturating_sub(before.conflicts);
        Ok(())
    }

    /// Of all processes together.
    pub fn cpu(&self) -> Duration {
        self.cpu.values().sum()
    }

    /// What writing takes for each of so many orders, readable.
    pub fn writing(&self, orders: usize) -> String {
        format!(
            "{:.2} transactions that write, {:.0} bytes of write-ahead log",
            each(self.transactions, orders),
            each(self.wal_bytes, orders)
        )
    }

    /// How often each of so many orders was decided anew since another process was faster.
    pub fn conflicts(&self, orders: usize) -> f64 {
        each(self.conflicts, orders)
    }

    /// Processor time for each of so many orders by program, the most expensive first, readable.
    pub fn cpu_by_program(&self, orders: usize) -> String {
        let used = self.cpu.iter().filter(|(_, used)| !used.is_zero());
        let mut programs: Vec<(&String, &Duration)> = used.collect();
        programs.sort_by_key(|(_, used)| std::cmp::Reverse(**used));
        let told = programs.iter().map(|(name, used)| {
            let microseconds = u64::try_from(used.as_micros()).unwrap_or(u64::MAX);
            format!("{name} {:.0}", each(microseconds, orders))
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

/// Of the server and of all that serve a connection.
pub fn postgres_cpu(shop: &Shop) -> Option<Duration> {
    cpu_time_with_children(shop.servers.postgres.id()?)
}

fn used_by<P: Program>(daemon: &Daemon<P>) -> Duration {
    daemon.id().and_then(cpu_time).unwrap_or_default()
}

/// Of all that take commands.
fn conflicts(shop: &Shop) -> anyhow::Result<u64> {
    let mut total = 0;
    for role in shop.cluster.of(RoleKind::CommandApi) {
        total += counted(&block_in_place(|| role.program.metrics())?, CONFLICTS);
    }
    Ok(total)
}

/// The sum of a counter over all its labels; 0 while it hasn't counted anything.
fn counted(metrics: &str, counter: &str) -> u64 {
    let values = metrics.lines().filter_map(|line| {
        let rest = line.strip_prefix(counter)?;
        let value = rest.starts_with([' ', '{']).then(|| rest.rsplit(' ').next())??;
        value.parse::<u64>().ok()
    });
    values.sum()
}

fn written(shop: &Shop) -> anyhow::Result<(u64, u64)> {
    let answer = shop.sql(WRITTEN)?;
    let counted = answer
        .trim()
        .split_once('|')
        .and_then(|(transactions, bytes)| Some((transactions.parse().ok()?, bytes.parse().ok()?)));
    counted.with_context(|| format!("PostgreSQL answered {answer:?} when asked what was written"))
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts 2^52 bytes or orders")]
fn each(total: u64, orders: usize) -> f64 {
    total as f64 / orders.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_told_for_each_order() {
        let milliseconds = |name: &str, time| (name.to_owned(), Duration::from_millis(time));
        let cost = Cost {
            cpu: BTreeMap::from([
                milliseconds("nats", 1),
                milliseconds("postgres", 4),
                milliseconds("redis", 0),
            ]),
            transactions: 25,
            wal_bytes: 40_000,
            conflicts: 5,
        };
        assert_eq!(
            cost.writing(10),
            "2.50 transactions that write, 4000 bytes of write-ahead log"
        );
        assert_eq!(cost.cpu_by_program(10), "postgres 400, nats 100");
        assert_eq!(cost.cpu(), Duration::from_millis(5));
        assert!((cost.conflicts(10) - 0.5).abs() < f64::EPSILON);
    }

    #[test]
    fn a_counter_is_summed_over_its_labels() {
        let metrics = "# TYPE a counter\na{b=\"c d\"} 3\na 4\na_total 9\n";
        assert_eq!(counted(metrics, "a"), 7);
        assert_eq!(counted(metrics, "b"), 0);
    }
}
