//! The command API through its real router, on a real event log and a real vault in files.

mod accounts;
mod api_keys;
mod categories;
mod chain;
mod chain_upkeep;
mod client_limits;
mod conventions;
mod document;
mod email_verification;
mod flash_sale;
mod guest_carts;
mod harness;
mod history;
mod idempotency;
mod images;
mod orders;
mod orphans;
mod passwords;
mod payments;
mod products;
mod reviews;
mod shelves;
mod uploads;
mod webhooks;
mod wishlists;
