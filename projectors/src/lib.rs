//! The projectors: they read the log's events and keep the read models up to date with them.
//!
//! How an event changes a view's row is a pure function, one file per view. The loop around them
//! (`group`, `runner`, `rebuild`) does all the reading and writing. What the rows look like and where they
//! stand is `read-models`' business. A projector has no effect but rows, so it may replay at will.

pub mod accounts;
pub mod api_keys;
pub mod branches;
pub mod carts;
pub mod categories;
pub mod customers;
pub mod daily_reports;
pub mod guest_carts;
pub mod orders;
pub mod orphans;
pub mod payments;
pub mod products;
pub mod projection;
pub mod reviews;
pub mod sales;
pub mod sales_figures;
pub mod trades;
pub mod wallets;
pub mod wishlists;

mod amounts;
mod error;
mod group;
mod images;
mod order_details;
mod order_summaries;
#[cfg(feature = "planted-bugs")]
mod planted;
mod rebuild;
mod runner;
mod stock;
mod writer;

pub use error::ProjectError;
pub use projection::Fact;
pub use rebuild::{RebuildError, RebuildProgress, rebuild};
pub use runner::{ProjectorDeps, run};
