//! The use cases: decisions over several aggregates, on a shop in memory. After every command the shop
//! checks what must always hold.

mod accounts;
mod at_random;
mod cancellation;
mod catalogue;
mod credit_notes;
mod email_verification;
mod guest_carts;
mod history;
mod images;
mod invariants;
mod large_order;
mod marketplace;
mod merchandise;
mod place_order;
mod refunds;
mod returns;
mod reviews;
mod settlement;
mod shop;
mod steps;
mod supplies;
mod upload;
mod wallets;
