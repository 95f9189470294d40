//! A payment provider for trying things out: a real HTTP server that speaks Stripe's `PaymentIntents` dialect
//! (form-encoded requests, JSON answers, a secret key, idempotency keys, signed webhooks) and keeps its books in a
//! `SQLite` file, so that charges outlive a `kill -9` of the shop. The shop pays here by default, and the Stripe
//! adapter is proven against it.
//!
//! No money moves, no card number is ever seen, and nothing here knows an order: what to charge, when to ask again
//! and what an unanswered request means is left to the caller.

mod audit;
mod background;
mod error;
mod execution;
mod form;
mod methods;
mod objects;
mod operations;
mod routes;
mod server;
mod settings;
mod store;
mod webhooks;

pub use audit::{ChargeRecord, audit, charges_per_attempt, charges_per_payment};
pub use error::{SandboxError, StoreError};
pub use server::{Sandbox, start};
pub use settings::{SandboxSettings, WebhookTarget};
