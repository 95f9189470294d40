//! The relay: publishes the log on the bus, in order, each event once.
//!
//! Its only state is the stream itself: the last sequence says where it stands. Several relays may run at once; a lease
//! that the caller holds spares them the trouble, but what keeps the order is that NATS takes a message only as the one
//! that follows the last. What the stream may be missing, readers take from the log.

mod publish;
mod run;
mod stand;
mod stats;

pub use run::{RelayDeps, run};
pub use stats::RelayStats;
