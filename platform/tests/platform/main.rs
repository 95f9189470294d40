//! The adapters, on real storage.

mod backup;
mod backup_blobs;
mod blobs;
mod bus;
mod call_log;
mod corner;
mod event_log;
mod feed;
mod lease;
mod log_room;
mod nats_server;
mod proxy;
mod sqlite;
mod vault;
