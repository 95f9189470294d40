//! What tests run against: private servers (`PostgreSQL`, NATS, Redis), the shop's distributed form on top of them, and a
//! proxy in front; all of them real, started for one run and thrown away after it.
//!
//! `cargo xtask test` starts [`Servers`] and tells their addresses in the environment. A test that needs one is
//! `#[ignore]`d with the reason [`NEEDS_SERVERS`], so that plain `cargo test` runs without any; it takes a corner of its
//! own ([`new_database`], [`new_name`]), so that tests can run at the same time.
//!
//! A fault harness starts [`Servers`] and a [`Cluster`] itself, and kills, stops and suspends what it likes. What the shop
//! promises meanwhile is the business of the tests.

mod cluster;
#[cfg(feature = "databases")]
mod corner;
mod daemon;
mod environment;
mod error;
mod folder;
mod nats;
mod port;
mod postgres;
mod process;
mod programs;
mod proxy;
mod redis;
mod role;
#[cfg(feature = "s3")]
mod s3;
mod servers;
mod wire;

pub use cluster::{Cluster, ClusterSettings, ClusterSize};
#[cfg(feature = "databases")]
pub use corner::{NATS, NEEDS_SERVERS, POSTGRES, REDIS, nats, new_database, new_name, redis};
pub use daemon::{Daemon, Program};
pub use error::Error;
pub use folder::Folder;
pub use nats::Nats;
pub use postgres::{Durability, Postgres};
pub use process::{LAG_VARIABLE, Recipe, forget_settings};
pub use programs::{find, installed};
pub use proxy::{HaProxy, Nginx};
pub use redis::Redis;
pub use role::{Role, RoleKind};
#[cfg(feature = "s3")]
pub use s3::{S3, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY};
pub use servers::Servers;
