//! The adapters, on real storage.

mod event_log;
mod sqlite;
mod vault;
