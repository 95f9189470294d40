//! Reading single fields, with the code and the reason for each way in which one can be wrong.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use events::ids::Sku;
use events::money::{Currency, Money, MoneyError};

/// Why a field is wrong: a stable code, and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub code: &'static str,
    pub reason: String,
}

impl FieldError {
    pub fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

/// Times without a zone that are understood, as UTC.
const NAIVE_TIMES: [&str; 4] = [
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S",
];

pub fn sku(text: &str) -> Result<Sku, FieldError> {
    if text.is_empty() {
        return Err(FieldError::new("sku_missing", "a SKU is needed to tell it apart"));
    }
    Sku::new(text).map_err(|error| FieldError::new("sku_invalid", error.to_string()))
}

/// An amount, not below zero, in this currency.
pub fn price(text: &str, currency: Currency) -> Result<Money, FieldError> {
    let price = Money::parse(text, currency).map_err(|error| wrong_price(text, currency, &error))?;
    if price.is_negative() {
        return Err(FieldError::new("price_negative", "a price isn't below zero"));
    }
    Ok(price)
}

fn wrong_price(text: &str, currency: Currency, error: &MoneyError) -> FieldError {
    let decimals = currency.decimals();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let too_fine = text
        .strip_prefix('-')
        .unwrap_or(text)
        .split_once('.')
        .is_some_and(|(whole, fraction)| {
            digits(whole) && digits(fraction) && fraction.len() > decimals as usize
        });
    if too_fine {
        let reason = format!("an amount of {currency} has at most {decimals} decimals, and none is rounded");
        return FieldError::new("price_decimals", reason);
    }
    FieldError::new("price_invalid", error.to_string())
}

/// The currency that a row names, or else the import's.
pub fn currency(text: &str, default: Currency) -> Result<Currency, FieldError> {
    if text.is_empty() {
        return Ok(default);
    }
    text.parse()
        .map_err(|error: MoneyError| FieldError::new("currency_invalid", error.to_string()))
}

/// A whole number, with a sign if need be.
pub fn integer(text: &str) -> Result<i64, FieldError> {
    text.parse()
        .map_err(|_| FieldError::new("quantity_invalid", "a quantity is a whole number"))
}

/// Units of a sale: at least one.
pub fn sold_quantity(text: &str) -> Result<u32, FieldError> {
    match stocked_quantity(text)? {
        0 => Err(FieldError::new("quantity_zero", "a line sells at least one unit")),
        quantity => Ok(quantity),
    }
}

/// Units on a shelf: none or more.
pub fn stocked_quantity(text: &str) -> Result<u32, FieldError> {
    unsigned(integer(text)?)
}

/// A quantity in the API's range.
pub fn unsigned(quantity: i64) -> Result<u32, FieldError> {
    if quantity < 0 {
        return Err(FieldError::new(
            "quantity_negative",
            "a quantity isn't below zero",
        ));
    }
    u32::try_from(quantity)
        .map_err(|_| FieldError::new("quantity_invalid", format!("a quantity is at most {}", u32::MAX)))
}

/// RFC 3339; or a date with or without a time, which is then in UTC.
pub fn time(text: &str) -> Result<DateTime<Utc>, FieldError> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.with_timezone(&Utc));
    }
    let naive = |format: &&str| NaiveDateTime::parse_from_str(text, format).ok();
    let midnight = || {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()?
            .and_hms_opt(0, 0, 0)
    };
    NAIVE_TIMES
        .iter()
        .find_map(naive)
        .or_else(midnight)
        .map(|time| time.and_utc())
        .ok_or_else(|| FieldError::new("time_invalid", "a time is such as 2010-12-01T08:26:00Z"))
}

/// Text that has to be there.
pub fn present(text: &str, code: &'static str, reason: &str) -> Result<String, FieldError> {
    if text.is_empty() {
        return Err(FieldError::new(code, reason));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_being_wrong_has_its_code() {
        let code = |result: Result<Money, FieldError>| result.map_or_else(|error| error.code, |_| "");
        assert_eq!(code(price("2.55", Currency::GBP)), "");
        assert_eq!(code(price("0.001", Currency::GBP)), "price_decimals");
        assert_eq!(code(price("1e3", Currency::GBP)), "price_invalid");
        assert_eq!(code(price("", Currency::GBP)), "price_invalid");
        assert_eq!(code(price("-1", Currency::GBP)), "price_negative");
        assert_eq!(sku("").unwrap_err().code, "sku_missing");
        assert_eq!(sku("a/b").unwrap_err().code, "sku_invalid");
        assert_eq!(sold_quantity("0").unwrap_err().code, "quantity_zero");
        assert_eq!(sold_quantity("-3").unwrap_err().code, "quantity_negative");
        assert_eq!(sold_quantity("4294967296").unwrap_err().code, "quantity_invalid");
        assert_eq!(sold_quantity("1.5").unwrap_err().code, "quantity_invalid");
        assert_eq!(
            currency("gbp", Currency::GBP).unwrap_err().code,
            "currency_invalid"
        );
        assert_eq!(currency("", Currency::GBP), Ok(Currency::GBP));
    }

    #[test]
    fn times_are_utc_unless_they_say_otherwise() {
        let expected: DateTime<Utc> = "2010-12-01T08:26:00Z".parse().unwrap();
        for text in [
            "2010-12-01 08:26",
            "2010-12-01T08:26:00",
            "2010-12-01T09:26:00+01:00",
        ] {
            assert_eq!(time(text), Ok(expected), "{text}");
        }
        assert_eq!(
            time("2010-12-01").unwrap().to_rfc3339(),
            "2010-12-01T00:00:00+00:00"
        );
        assert_eq!(time("12/1/2010 8:26").unwrap_err().code, "time_invalid");
    }
}
