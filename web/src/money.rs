//! Money as requests and answers write it.
//!
//! An answer always has `{"amount": "99.99", "currency": "GBP"}`. A request may also send the bare
//! amount, `99.99` or `"99.99"`, which then is in the shop's currency.

use std::borrow::Cow;
use std::fmt;

use events::money::{Currency, Money, MoneyError};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// A decimal of up to this many digits goes through a JSON number (a 64-bit float, in most
/// programs) and comes out as it went in; a longer one may not, and must be sent as a string.
const EXACT_FLOAT_DIGITS: usize = 15;

/// Money in an answer, or an amount in a request, perhaps without its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyDto {
    amount: String,
    currency: Option<Currency>,
}

impl MoneyDto {
    /// The amount as money, in `shop_currency` if it was sent bare.
    pub fn into_money(self, shop_currency: Currency) -> Result<Money, MoneyError> {
        Money::parse(&self.amount, self.currency.unwrap_or(shop_currency))
    }
}

impl From<Money> for MoneyDto {
    fn from(money: Money) -> Self {
        Self {
            amount: money.to_decimal(),
            currency: Some(money.currency()),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Full<'a> {
    #[serde(deserialize_with = "bare_amount")]
    amount: Cow<'a, str>,
    currency: Option<Currency>,
}

fn bare_amount<'de, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'a, str>, D::Error> {
    deserializer.deserialize_any(AmountVisitor).map(Cow::Owned)
}

impl Serialize for MoneyDto {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let full = Full {
            amount: Cow::Borrowed(&self.amount),
            currency: self.currency,
        };
        full.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MoneyDto {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MoneyVisitor)
    }
}

/// Reads the amount alone.
struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount such as \"99.99\" or 99.99")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<String, E> {
        // The shortest decimal that means this float is the one that was written, if that had no
        // more digits than a float can hold.
        let text = number.to_string();
        let digits = text.trim_start_matches(['-', '0', '.']);
        if digits.bytes().filter(u8::is_ascii_digit).count() > EXACT_FLOAT_DIGITS {
            return Err(E::custom(format_args!(
                "a JSON number holds {EXACT_FLOAT_DIGITS} digits exactly; send this amount as a string"
            )));
        }
        Ok(text)
    }
}

/// Reads a bare amount, or an object with amount and currency.
struct MoneyVisitor;

impl MoneyVisitor {
    fn bare<E>(amount: Result<String, E>) -> Result<MoneyDto, E> {
        amount.map(|amount| MoneyDto {
            amount,
            currency: None,
        })
    }
}

impl<'de> Visitor<'de> for MoneyVisitor {
    type Value = MoneyDto;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount such as \"99.99\", or {\"amount\": \"99.99\", \"currency\": \"GBP\"}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<MoneyDto, E> {
        Self::bare(AmountVisitor.visit_str(text))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<MoneyDto, E> {
        Self::bare(AmountVisitor.visit_u64(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<MoneyDto, E> {
        Self::bare(AmountVisitor.visit_i64(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<MoneyDto, E> {
        Self::bare(AmountVisitor.visit_f64(number))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MoneyDto, A::Error> {
        let full = Full::deserialize(MapAccessDeserializer::new(map))?;
        Ok(MoneyDto {
            amount: full.amount.into_owned(),
            currency: full.currency,
        })
    }
}

impl PartialSchema for MoneyDto {
    fn schema() -> RefOr<Schema> {
        let text = |description: &str, example: &str| {
            ObjectBuilder::new()
                .schema_type(SchemaType::new(Type::String))
                .description(Some(description))
                .examples([example])
        };
        let full = ObjectBuilder::new()
            .property(
                "amount",
                text("A decimal with the currency's own number of decimals.", "99.99"),
            )
            .property(
                "currency",
                text("ISO 4217; in a request, the shop's own if missing.", "GBP"),
            )
            .required("amount");
        let number = ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Number))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
            .description(Some("In a request: an amount in the shop's currency."));
        let schema = OneOfBuilder::new()
            .item(full)
            .item(text("In a request: an amount in the shop's currency.", "99.99"))
            .item(number)
            .description(Some("Money. Answers always have the first form."));
        RefOr::T(Schema::OneOf(schema.build()))
    }
}

impl ToSchema for MoneyDto {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Money")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Money, String> {
        let dto: MoneyDto = serde_json::from_str(json).map_err(|error| error.to_string())?;
        dto.into_money(Currency::GBP).map_err(|error| error.to_string())
    }

    #[test]
    fn a_bare_amount_is_in_the_shops_currency() {
        for (json, minor) in [
            ("99.99", 9999),
            ("\"99.99\"", 9999),
            ("7", 700),
            ("0.29", 29),
            ("1.10", 110),
            ("-0.05", -5),
            (r#"{"amount": "2.50"}"#, 250),
            (r#"{"amount": 2.5, "currency": "GBP"}"#, 250),
        ] {
            assert_eq!(read(json), Ok(Money::new(minor, Currency::GBP)), "{json}");
        }
        let yen = Money::new(500, "JPY".parse().unwrap());
        assert_eq!(read(r#"{"amount": "500", "currency": "JPY"}"#), Ok(yen));
    }

    #[test]
    fn every_price_survives_the_way_through_a_number() {
        for minor in (0..2_000_000_i64)
            .step_by(7)
            .chain([99_999_999_999_999, 12_345_678_901_234])
        {
            let money = Money::new(minor, Currency::GBP);
            assert_eq!(read(&money.to_decimal()), Ok(money));
        }
    }

    #[test]
    fn what_would_have_to_be_rounded_is_refused() {
        for wrong in [
            "0.001",
            "0.30000000000000004",
            "12345678901234567.89",
            "1e300",
            "\"1e2\"",
            "\"\"",
            "true",
            "null",
            "[1]",
            r#"{"amount": "1", "currency": "gbp"}"#,
            r#"{"amount": "1", "curency": "GBP"}"#,
            r#"{"currency": "GBP"}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong} was read as {:?}", read(wrong));
        }
    }

    #[test]
    fn an_answer_has_amount_and_currency() {
        let json = serde_json::to_string(&MoneyDto::from(Money::new(-5, Currency::GBP))).unwrap();
        assert_eq!(json, r#"{"amount":"-0.05","currency":"GBP"}"#);
    }
}
