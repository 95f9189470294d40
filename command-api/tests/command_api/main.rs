//! The command API through its real router, on a real event log and a real vault in files.

mod accounts;
mod api_keys;
mod catalogue;
mod conventions;
mod document;
mod flash_sale;
mod harness;
mod history;
mod idempotency;
mod orders;
mod passwords;
mod payments;
mod reviews;
mod uploads;
mod webhooks;
mod wishlists;
