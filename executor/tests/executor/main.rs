//! The executor on a real event log in `SQLite`: what it promises when commands repeat, race, fail
//! and are abandoned, within one process and between two.

mod abandoned;
mod idempotency;
mod pending;
mod positions;
mod processes;
mod rush;
mod shop;
