//! The read models: what each view's rows hold, the tables they stand in, and the SQL that loads
//! and saves them, shared by the one who writes (`projectors`) and the one who reads (`query-api`).
//!
//! A view's rows are derived from the log and from nothing else. How an event changes a row is
//! `projectors`' business, how a row becomes an answer is `query-api`'s.
//!
//! Everything is plain SQL over sqlx's `Any` driver, in the dialect that `SQLite` and Postgres share;
//! what they can't share stands in `dialect`.

pub mod accounts;
pub mod api_keys;
pub mod branches;
pub mod cache;
pub mod carts;
pub mod categories;
pub mod category_counts;
pub mod customer_figures;
pub mod customers;
pub mod daily_report_parts;
pub mod daily_reports;
pub mod dialect;
pub mod digest;
pub mod facet_counts;
pub mod generation;
pub mod guest_carts;
pub mod images;
pub mod item_counts;
pub mod order_history;
pub mod orders;
pub mod orphans;
pub mod payments;
pub mod periods;
pub mod positions;
pub mod price_bands;
pub mod product_history;
pub mod products;
pub mod query;
pub mod ratings;
pub mod record;
pub mod reviews;
pub mod sales;
pub mod sales_figures;
pub mod sales_records;
pub mod spelling;
pub mod store;
pub mod sums;
pub mod table;
pub mod trade_entries;
pub mod trades;
pub mod unsold;
pub mod variant_options;
pub mod view_name;
pub mod vocabulary;
pub mod wallet_entries;
pub mod wallets;
pub mod wishlists;

mod views;

pub use positions::Positions;
pub use record::{Key, NoEntries, Record};
pub use view_name::ViewName;
pub use views::{POSTGRES_SCHEMA, Views, ViewsError};
