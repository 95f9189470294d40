//! Adapters to what is outside the process: the event log's database, personal keys, blobs, the feed of
//! events to their readers. Knows how to store and fetch, and nothing about what a shop is.

pub mod backup;
pub mod blobs;
pub mod bus;
pub mod call_log;
pub mod clock;
pub mod event_log;
pub mod feed;
pub mod lease;
#[cfg(feature = "planted-bugs")]
pub mod planted;
pub mod postgres;
pub mod sqlite;
pub mod traced;
pub mod vault;
