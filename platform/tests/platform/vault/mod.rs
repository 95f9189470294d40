//! The vault, on real databases.

mod postgres;
mod sqlite;
mod suite;
