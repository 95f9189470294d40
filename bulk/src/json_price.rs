//! An amount in JSON, as the API takes it: an object with its currency, or a bare decimal. A bare number is
//! read from its text, so no float comes between.

use std::borrow::Cow;

use events::money::{Currency, Money};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::field::{self, FieldError};

/// The raw text of an amount.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct JsonPrice(Box<RawValue>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithCurrency {
    amount: Box<RawValue>,
    currency: Option<String>,
}

impl JsonPrice {
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The amount in its own currency, or in `default`.
    pub fn read(&self, default: Currency) -> Result<Money, FieldError> {
        if !self.0.get().starts_with('{') {
            return field::price(&decimal(&self.0)?, default);
        }
        let full: WithCurrency = serde_json::from_str(self.0.get())
            .map_err(|error| FieldError::new("price_invalid", error.to_string()))?;
        let currency = field::currency(full.currency.as_deref().unwrap_or(""), default)?;
        field::price(&decimal(&full.amount)?, currency)
    }
}

fn decimal(raw: &RawValue) -> Result<Cow<'_, str>, FieldError> {
    if !raw.get().starts_with('"') {
        return Ok(Cow::Borrowed(raw.get()));
    }
    serde_json::from_str(raw.get())
        .map(Cow::Owned)
        .map_err(|error| FieldError::new("price_invalid", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Money, &'static str> {
        let price: JsonPrice = serde_json::from_str(text).unwrap();
        price.read(Currency::GBP).map_err(|error| error.code)
    }

    #[test]
    fn every_shape_that_the_api_takes_is_read_exactly() {
        let pence = |amount| Ok(Money::new(amount, Currency::GBP));
        assert_eq!(read("99.99"), pence(9999));
        assert_eq!(read("\"99.9\""), pence(9990));
        assert_eq!(read("90071992547409.93"), pence(9_007_199_254_740_993));
        assert_eq!(read(r#"{"amount":"1","currency":"GBP"}"#), pence(100));
        assert_eq!(read(r#"{"amount":1.5}"#), pence(150));
        let yen = Money::new(500, "JPY".parse().unwrap());
        assert_eq!(read(r#"{"amount":"500","currency":"JPY"}"#), Ok(yen));
        for wrong in ["1e2", "null", "true", r#"{"value":1}"#, "[1]"] {
            assert_eq!(read(wrong), Err("price_invalid"), "{wrong}");
        }
        assert_eq!(read("1.001"), Err("price_decimals"));
        assert_eq!(read("-1"), Err("price_negative"));
    }
}
