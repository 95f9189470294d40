//! The projectors on a real event log and real views, in `SQLite` files.

mod catalogue;
mod faults;
mod following;
mod money;
mod rebuilding;
mod sameness;
mod selling;
mod shop;
mod story;
