//! Amounts as Stripe counts them: minor units, with the exceptions that its documentation lists.

use events::money::{Currency, Money, MoneyError};

/// Counted by Stripe with two decimals, though the ISO 4217 minor unit has none.
const TWO_DECIMALS_AT_STRIPE: [&str; 2] = ["ISK", "UGX"];
/// Counted by Stripe without decimals, though ISO 4217 gives them two.
const NO_DECIMALS_AT_STRIPE: [&str; 1] = ["MGA"];
/// The factor between the two ways to count.
const CENTS: i64 = 100;
/// Stripe rounds three decimals to two: the last digit must be zero.
const LAST_OF_THREE: i64 = 10;

/// `None` if the amount is not above zero or Stripe cannot express it.
pub(super) fn to_stripe(money: Money) -> Option<i64> {
    let (minor, currency) = (money.amount_minor(), money.currency());
    let code = currency.code();
    if minor < 1 {
        None
    } else if TWO_DECIMALS_AT_STRIPE.contains(&code) {
        minor.checked_mul(CENTS)
    } else if NO_DECIMALS_AT_STRIPE.contains(&code) {
        (minor % CENTS == 0).then_some(minor / CENTS)
    } else {
        (currency.decimals() < 3 || minor % LAST_OF_THREE == 0).then_some(minor)
    }
}

/// The reverse of [`to_stripe`], from a lower-case code; also for zero.
pub(super) fn from_stripe(amount: i64, code: &str) -> Result<Money, MoneyError> {
    let currency: Currency = code.to_ascii_uppercase().parse()?;
    let code = currency.code();
    let minor = if TWO_DECIMALS_AT_STRIPE.contains(&code) {
        amount / CENTS
    } else if NO_DECIMALS_AT_STRIPE.contains(&code) {
        amount.checked_mul(CENTS).ok_or(MoneyError::Overflow)?
    } else {
        amount
    };
    Ok(Money::new(minor, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, code.parse().unwrap())
    }

    #[test]
    fn amounts_go_to_stripe_and_back() {
        for (minor, code, at_stripe) in [
            (1250, "GBP", 1250),
            (500, "JPY", 500),
            (500, "ISK", 50_000),
            (700, "MGA", 7),
            (1230, "KWD", 1230),
        ] {
            assert_eq!(to_stripe(money(minor, code)), Some(at_stripe), "{code}");
            assert_eq!(
                from_stripe(at_stripe, &code.to_lowercase()).unwrap(),
                money(minor, code)
            );
        }
    }

    #[test]
    fn what_stripe_cannot_express_is_refused() {
        for (minor, code) in [
            (0, "GBP"),
            (-1, "GBP"),
            (i64::MAX, "ISK"),
            (701, "MGA"),
            (1234, "KWD"),
        ] {
            assert_eq!(to_stripe(money(minor, code)), None, "{minor} {code}");
        }
    }
}
