//! The facts: every event that Tillstream ever records, and the small values they are made of.
//!
//! This crate decides nothing and reaches nothing: no SQL, no clock, no network. It is the
//! contract between the side that writes the log and everything that reads it, so a change here
//! is a change of the stored data; the schemas in `events/schemas` guard it.

pub mod account;
pub mod api_key;
pub mod branch;
pub mod cart;
pub mod category;
pub mod chain;
pub mod credit_note;
pub mod envelope;
pub mod guest_cart;
pub mod ids;
pub mod image;
pub mod ledger;
pub mod money;
pub mod order;
pub mod order_mail;
pub mod orphan;
pub mod payment;
pub mod product;
pub mod review;
pub mod sealed;
pub mod session;
pub mod stock;
pub mod upcast;
pub mod wallet;
pub mod wishlist;

mod event;

pub use event::{DecodeError, Encoded, Event};
