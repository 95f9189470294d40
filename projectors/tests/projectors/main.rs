//! The projectors on a real event log and real views, in `SQLite` files and in `PostgreSQL`.

mod analytics;
mod catalogue;
mod chain;
mod database;
mod faults;
mod following;
mod money;
mod opinions;
mod reading;
mod rebuilding;
mod sameness;
mod selling;
mod sharing;
mod shop;
mod story;
