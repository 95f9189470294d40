//! How large one amount may be: a price, what an order or a credit note comes to, a deposit.
//!
//! Sums of many such amounts must fit 64 bits wherever they are added up later: in reports, in wallets, in the ledger. That
//! an amount fits its own use, and isn't negative, is left to whoever has it.

use events::money::Money;

/// In minor units: ten thousand million pounds, more than anybody pays at once. Nine million such amounts still have a sum.
pub const AMOUNT_MAX_MINOR: i64 = 1_000_000_000_000;

pub(crate) fn is_too_large(amount: Money) -> bool {
    amount.amount_minor() > AMOUNT_MAX_MINOR
}
