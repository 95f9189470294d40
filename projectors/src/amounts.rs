//! Sums of money in views, which never fail.

use events::money::Money;

/// `a + b`. The aggregates have checked every amount and its currency before it became a fact, so a sum
/// that can't be had is beyond repair here; the view then keeps what it had.
pub fn plus(a: Money, b: Money) -> Money {
    a.checked_add(b).unwrap_or(a)
}

/// `a - b`, as [`plus`].
pub fn minus(a: Money, b: Money) -> Money {
    a.checked_sub(b).unwrap_or(a)
}
