//! The sandbox over real HTTP, one module per habit of the provider that it imitates.

mod hanging;
mod harness;
mod idempotency;
mod payment_intents;
mod payouts;
mod refunds;
mod requests;
mod restart;
mod webhooks;
