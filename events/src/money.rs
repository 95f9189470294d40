//! Money: whole minor units and an ISO 4217 currency. Never a float.
//!
//! In JSON, in events as in answers, it is `{"amount": "99.99", "currency": "GBP"}`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why an amount can't be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("{text:?} is no currency: three capital letters of ISO 4217, such as GBP")]
    Currency { text: String },
    #[error("{text:?} is no amount: digits, and at most {decimals} of them behind the point")]
    Amount { text: String, decimals: u32 },
    #[error("{left} and {right} can't be added")]
    Mixed { left: Currency, right: Currency },
    #[error("the amount is out of range")]
    Overflow,
}

/// An ISO 4217 currency code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    pub const GBP: Self = Self(*b"GBP");

    /// The three capital letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???") // proof: only A-Z is let in by `from_str`
    }

    /// How many decimals the currency's minor unit has (ISO 4217, column "minor unit").
    pub fn decimals(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(MoneyError::Currency {
                text: text.chars().take(16).collect(),
            }),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// An amount in minor units (pence, cents) of a currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    amount_minor: i64,
    currency: Currency,
}

impl Money {
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self {
            amount_minor,
            currency,
        }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads a decimal such as `99.99`; no exponent, no thousands separator, no rounding.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let decimals = currency.decimals();
        let wrong = || MoneyError::Amount {
            text: text.chars().take(32).collect(),
            decimals,
        };
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let ends_in_point = digits.ends_with('.');
        if whole.is_empty() || ends_in_point || !all_digits(whole) || !all_digits(fraction) {
            return Err(wrong());
        }
        let padded = format!("{fraction:0<width$}", width = decimals as usize);
        if padded.len() > decimals as usize {
            return Err(wrong());
        }
        let minor: i64 = format!("{whole}{padded}")
            .parse()
            .map_err(|_| MoneyError::Overflow)?;
        Ok(Self::new(if negative { -minor } else { minor }, currency))
    }

    pub const fn amount_minor(&self) -> i64 {
        self.amount_minor
    }

    pub const fn currency(&self) -> Currency {
        self.currency
    }

    pub const fn is_zero(&self) -> bool {
        self.amount_minor == 0
    }

    pub const fn is_negative(&self) -> bool {
        self.amount_minor < 0
    }

    pub const fn is_positive(&self) -> bool {
        self.amount_minor > 0
    }

    #[must_use]
    pub const fn negated(self) -> Self {
        Self::new(-self.amount_minor, self.currency)
    }

    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed {
                left: self.currency,
                right: other.currency,
            });
        }
        let sum = self
            .amount_minor
            .checked_add(other.amount_minor)
            .ok_or(MoneyError::Overflow)?;
        Ok(Self::new(sum, self.currency))
    }

    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.checked_add(other.negated())
    }

    /// This amount `quantity` times.
    pub fn checked_mul(self, quantity: u32) -> Result<Self, MoneyError> {
        let product = self
            .amount_minor
            .checked_mul(i64::from(quantity))
            .ok_or(MoneyError::Overflow)?;
        Ok(Self::new(product, self.currency))
    }

    /// The decimal alone, such as `99.99`.
    pub fn to_decimal(&self) -> String {
        let decimals = self.currency.decimals();
        let unit = 10_u64.pow(decimals);
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let absolute = self.amount_minor.unsigned_abs();
        if decimals == 0 {
            return format!("{sign}{absolute}");
        }
        format!(
            "{sign}{}.{:0width$}",
            absolute / unit,
            absolute % unit,
            width = decimals as usize
        )
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Money as JSON has it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Money", deny_unknown_fields)]
struct MoneyJson {
    /// A decimal number in a string, with the currency's own number of decimals.
    amount: String,
    #[schemars(with = "String")]
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        MoneyJson {
            amount: self.to_decimal(),
            currency: self.currency,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = MoneyJson::deserialize(deserializer)?;
        Self::parse(&json.amount, json.currency).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Money {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        MoneyJson::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        MoneyJson::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_decimals_exactly() {
        let parse = |text| Money::parse(text, Currency::GBP);
        assert_eq!(parse("99.99"), Ok(Money::new(9999, Currency::GBP)));
        assert_eq!(parse("2.5"), Ok(Money::new(250, Currency::GBP)));
        assert_eq!(parse("-0.01"), Ok(Money::new(-1, Currency::GBP)));
        assert_eq!(parse("7").unwrap().to_decimal(), "7.00");
        for wrong in ["", ".5", "1.", "1.234", "1e3", "1,5", "--1", "+1", " 1"] {
            assert!(
                matches!(parse(wrong), Err(MoneyError::Amount { .. })),
                "{wrong:?} was accepted"
            );
        }
        assert_eq!(parse("99999999999999999999"), Err(MoneyError::Overflow));
    }

    #[test]
    fn a_currency_has_its_own_decimals() {
        let yen: Currency = "JPY".parse().unwrap();
        assert_eq!(Money::parse("500", yen).unwrap().to_decimal(), "500");
        assert!(Money::parse("5.00", yen).is_err());
        let dinar: Currency = "KWD".parse().unwrap();
        assert_eq!(Money::parse("1.5", dinar).unwrap().amount_minor(), 1500);
        assert!("gbp".parse::<Currency>().is_err());
    }

    #[test]
    fn json_is_a_decimal_string_with_its_currency() {
        let money = Money::new(-5, Currency::GBP);
        let json = serde_json::to_string(&money).unwrap();
        assert_eq!(json, r#"{"amount":"-0.05","currency":"GBP"}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
    }

    #[test]
    fn currencies_do_not_mix() {
        let pound = Money::new(1, Currency::GBP);
        let euro = Money::new(1, "EUR".parse().unwrap());
        assert!(matches!(pound.checked_add(euro), Err(MoneyError::Mixed { .. })));
        assert_eq!(
            Money::new(i64::MAX, Currency::GBP).checked_add(pound),
            Err(MoneyError::Overflow)
        );
    }
}
