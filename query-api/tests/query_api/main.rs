//! The query API through its real router, on a real log, real views and a real vault in files.

mod access;
mod answer;
mod api_keys;
mod carts;
mod catalogue;
mod categories;
mod conventions;
mod dashboard;
mod database;
mod document;
mod exports;
mod orders;
mod paging;
mod people;
mod reviews;
mod sales;
mod search;
mod shared_cache;
mod shop;
mod story;
mod wallets;
mod wishlists;
