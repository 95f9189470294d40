//! The decisions: what a command may do, given what has happened so far.
//!
//! Pure: no SQL, no clock, no network. Times and ids arrive in the commands, prices come from the
//! product's own events. An aggregate decides for one stream; a use case (`checkout`,
//! `cancellation`, …) decides over several at once, and what it decides is appended in one step.
//! Loading, committing and retrying are the executor's.

pub mod account;
pub mod api_key;
pub mod branch;
pub mod cart;
pub mod category;
pub mod credit_note;
pub mod daily_report;
pub mod guest_cart;
pub mod order;
pub mod order_mail;
pub mod orphan;
pub mod outgoing_report;
pub mod payment;
pub mod product;
pub mod review;
pub mod session;
pub mod stock;
pub mod supply;
pub mod wallet;
pub mod wishlist;

pub mod accounts;
pub mod amount;
pub mod api_keys;
pub mod branches;
pub mod cancellation;
pub mod catalogue;
pub mod checkout;
pub mod email_verification;
pub mod fulfilment;
pub mod guest_carts;
pub mod history;
pub mod images;
pub(crate) mod marketplace;
pub mod merchandise;
pub mod orphans;
pub mod reviews;
pub mod settlement;
pub mod supplied_tree;
pub mod supplies;
pub mod upload;
pub mod wallets;
pub mod wishlists;

#[cfg(feature = "planted-bugs")]
pub mod planted;

mod authority;
#[cfg(test)]
mod given;
mod part;
mod refusal;
pub mod text;
mod unit_of_work;

pub use authority::Authority;
pub use part::Part;
pub use refusal::{DomainError, Refusal, RefusalKind};
pub use unit_of_work::{
    Decided, Decision, Entity, Fold, Halt, Known, Missing, Snapshot, State, UnitOfWork, Written,
};
