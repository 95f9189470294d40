//! The query API through its real router, on a real log, real views and a real vault in files.

mod access;
mod analytics;
mod answer;
mod carts;
mod catalogue;
mod categories;
mod chain;
mod conventions;
mod dashboard;
mod database;
mod document;
mod facets;
mod guest_carts;
mod orders;
mod orphans;
mod paging;
mod people;
mod reviews;
mod sales;
mod search;
mod shared_cache;
mod shop;
mod story;
mod suggestions;
mod wallets;
mod wishlists;
