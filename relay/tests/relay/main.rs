//! The relay between a real log and a real NATS.

mod faults;
#[path = "../../../platform/tests/platform/log_room.rs"]
mod log_room;
#[path = "../../../platform/tests/platform/nats_server.rs"]
mod nats_server;
mod publishing;
mod road;
mod storage;
