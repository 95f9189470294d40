//! What can happen to a shop of many processes, and how it is made to happen.

use std::fmt;
use std::thread::sleep;
use std::time::Duration;

use test_servers::{Cluster, RoleKind, Servers};

use crate::random::Random;

/// A dead process comes back after at most this; long enough for another to take over, short enough to meet it.
const DEAD_MAX_MS: u64 = 1_500;
/// How long a hung process hangs: twice a lease, so that another surely has taken over when it wakes.
const HUNG: Duration = Duration::from_secs(6);

/// One fault.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// `kill -9` of a process of the shop.
    RoleKilled(RoleKind, usize),
    PostgresKilled,
    NatsKilled,
    RedisKilled,
    /// Stopped gracefully, and started again.
    PostgresRestarted,
    NatsStopped(Duration),
    NatsStorageDeleted,
    RedisFlushed,
    /// Started again with nothing in it.
    RedisRestarted,
    /// SIGSTOP of whoever leads; when another has taken over, SIGCONT.
    LeaderHung(RoleKind),
    /// The leader's lease is gone from the database, as after a failover that lost the newest commits: for up to a
    /// second two processes lead.
    LeaseLost(RoleKind),
}

/// Processes of each role in the harness: two where one leads, three command APIs.
const KILLED: &[(RoleKind, usize)] = &[
    (RoleKind::CommandApi, 3),
    (RoleKind::QueryApi, 2),
    (RoleKind::Relay, 2),
    (RoleKind::Projectors, 2),
    (RoleKind::Workers, 2),
];

impl Fault {
    /// `kill -9` of anything, servers included.
    pub fn any_kill(random: &mut Random) -> Self {
        let processes: u64 = KILLED.iter().map(|(_, count)| *count as u64).sum();
        let mut chosen = random.below(processes + 3);
        for (role, count) in KILLED {
            if chosen < *count as u64 {
                return Self::RoleKilled(*role, usize::try_from(chosen).unwrap() + 1);
            }
            chosen -= *count as u64;
        }
        match chosen {
            0 => Self::PostgresKilled,
            1 => Self::NatsKilled,
            _ => Self::RedisKilled,
        }
    }

    /// What it is called in the report.
    pub fn kind(self) -> String {
        match self {
            Self::RoleKilled(role, _) => format!("kill -9 of {}", role.as_str()),
            Self::LeaderHung(role) => format!("SIGSTOP of the leading {}", role.as_str()),
            Self::LeaseLost(role) => format!("lost lease of the leading {}", role.as_str()),
            Self::PostgresKilled => "kill -9 of PostgreSQL".to_owned(),
            Self::NatsKilled => "kill -9 of NATS".to_owned(),
            Self::RedisKilled => "kill -9 of Redis".to_owned(),
            Self::PostgresRestarted => "restart of PostgreSQL".to_owned(),
            Self::NatsStopped(pause) => format!("NATS stopped for {} s", pause.as_secs()),
            Self::NatsStorageDeleted => "NATS's storage deleted".to_owned(),
            Self::RedisFlushed => "Redis flushed".to_owned(),
            Self::RedisRestarted => "Redis restarted empty".to_owned(),
        }
    }

    /// Makes it happen, and mends it: in the end every process runs again. Blocks.
    pub fn strike(self, servers: &mut Servers, cluster: &mut Cluster, random: &mut Random) {
        let dead = Duration::from_millis(random.below(DEAD_MAX_MS));
        match self {
            Self::RoleKilled(kind, number) => {
                let role = cluster.role(kind, number);
                role.kill_9().unwrap();
                sleep(dead);
                role.launch().unwrap();
            }
            Self::PostgresKilled => {
                servers.postgres.kill_9().unwrap();
                sleep(dead);
                servers.postgres.start().unwrap();
            }
            Self::NatsKilled => {
                servers.nats.kill_9().unwrap();
                sleep(dead);
                servers.nats.start().unwrap();
            }
            Self::RedisKilled => {
                servers.redis.kill_9().unwrap();
                sleep(dead);
                servers.redis.start().unwrap();
            }
            Self::PostgresRestarted => servers.postgres.restart().unwrap(),
            Self::NatsStopped(pause) => {
                servers.nats.stop().unwrap();
                sleep(pause);
                servers.nats.start().unwrap();
            }
            Self::NatsStorageDeleted => servers.nats.delete_storage().unwrap(),
            Self::RedisFlushed => servers.redis.program.flush().unwrap(),
            Self::RedisRestarted => servers.redis.restart().unwrap(),
            Self::LeaseLost(kind) => {
                let lease = match kind {
                    RoleKind::Workers => "planner",
                    kind => kind.as_str(),
                };
                let forget = format!("DELETE FROM leases.leases WHERE name = '{lease}'");
                let postgres = &servers.postgres.program;
                postgres.sql(cluster.database(), &forget).unwrap();
            }
            Self::LeaderHung(kind) => {
                let Some(number) = leader(cluster, kind) else {
                    return;
                };
                cluster.role(kind, number).sigstop().unwrap();
                sleep(HUNG);
                cluster.role(kind, number).sigcont().unwrap();
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoleKilled(_, number) => write!(f, "{} {number}", self.kind()),
            _ => f.write_str(&self.kind()),
        }
    }
}

/// The number of the process that acts for its role, as its metrics say; none while nobody does.
pub fn leader(cluster: &Cluster, kind: RoleKind) -> Option<usize> {
    let leads = |metrics: &str| {
        let mut lines = metrics
            .lines()
            .filter(|line| line.starts_with("tillstream_leader{"));
        lines.any(|line| line.ends_with(" 1"))
    };
    let mut roles = cluster.of(kind).map(|role| &role.program);
    roles
        .find(|role| role.metrics().is_ok_and(|metrics| leads(&metrics)))
        .map(|role| role.number)
}
