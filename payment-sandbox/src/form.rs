//! Form-encoded parameters, read strictly: every parameter must be known, given once and of the right kind, as at
//! Stripe. What they mean together is left to `operations` and `routes`.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::error::StripeError;
use crate::objects::Metadata;

/// No request of this dialect needs more.
const MAX_PARAMS: usize = 128;
/// Stripe's bounds on metadata: pairs, characters of a key, characters of a value.
const MAX_METADATA_PAIRS: usize = 50;
const MAX_METADATA_KEY_CHARS: usize = 40;
const MAX_METADATA_VALUE_CHARS: usize = 500;
/// Stripe's bound on a description.
const MAX_TEXT_CHARS: usize = 1000;
/// Stripe takes at most eight digits of minor units.
const MAX_AMOUNT: i64 = 99_999_999;

/// The parameters of one request. They are taken out one by one; [`Params::finish`] refuses what is left over.
#[derive(Debug, Default)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    pub fn parse(encoded: &[u8]) -> Result<Self, StripeError> {
        let mut params = BTreeMap::new();
        for (count, (name, value)) in form_urlencoded::parse(encoded).enumerate() {
            if count == MAX_PARAMS {
                return Err(StripeError::invalid(format!(
                    "More than {MAX_PARAMS} parameters."
                )));
            }
            if params
                .insert(name.clone().into_owned(), value.into_owned())
                .is_some()
            {
                return Err(StripeError::invalid(format!(
                    "The parameter {name} was given twice."
                )));
            }
        }
        Ok(Self(params))
    }

    /// Names the request `path` with these parameters: equal for equal requests, whatever the order.
    pub fn fingerprint(&self, path: &str) -> String {
        let mut hash = Sha256::new();
        for text in
            std::iter::once(path).chain(self.0.iter().flat_map(|(name, value)| [name.as_str(), value]))
        {
            // The length first, so that no two lists of texts run together to the same bytes.
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hex::encode(hash.finalize())
    }

    /// An empty value counts as absent, as at Stripe on creation.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    pub fn require(&mut self, name: &str) -> Result<String, StripeError> {
        self.take(name).ok_or_else(|| StripeError::missing_param(name))
    }

    pub fn take_text(&mut self, name: &str) -> Result<Option<String>, StripeError> {
        let text = self.take(name);
        if text
            .as_ref()
            .is_some_and(|text| text.chars().count() > MAX_TEXT_CHARS)
        {
            let message = format!("{name} is longer than {MAX_TEXT_CHARS} characters.");
            return Err(StripeError::invalid_param(
                "parameter_invalid_string_length",
                name,
                message,
            ));
        }
        Ok(text)
    }

    pub fn take_integer(&mut self, name: &str) -> Result<Option<i64>, StripeError> {
        let Some(text) = self.take(name) else {
            return Ok(None);
        };
        let number = text.parse().map_err(|_| {
            StripeError::invalid_param(
                "parameter_invalid_integer",
                name,
                format!("Invalid integer: {text}"),
            )
        })?;
        Ok(Some(number))
    }

    /// An amount of minor units, above zero and within Stripe's eight digits.
    pub fn take_amount(&mut self) -> Result<Option<i64>, StripeError> {
        match self.take_integer("amount")? {
            Some(amount) if amount < 1 => {
                let message = "The amount must be at least 1.";
                Err(StripeError::invalid_param(
                    "parameter_invalid_integer",
                    "amount",
                    message,
                ))
            }
            Some(amount) if amount > MAX_AMOUNT => {
                let message = format!("The amount must be no more than {MAX_AMOUNT}.");
                Err(StripeError::invalid_param("amount_too_large", "amount", message))
            }
            amount => Ok(amount),
        }
    }

    pub fn require_amount(&mut self) -> Result<i64, StripeError> {
        self.take_amount()?
            .ok_or_else(|| StripeError::missing_param("amount"))
    }

    /// Three letters, answered in lower case.
    pub fn require_currency(&mut self) -> Result<String, StripeError> {
        let currency = self.require("currency")?.to_ascii_lowercase();
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
            let message = format!("Invalid currency: {currency}");
            return Err(StripeError::invalid_param(
                "parameter_invalid_string",
                "currency",
                message,
            ));
        }
        Ok(currency)
    }

    pub fn take_bool(&mut self, name: &str) -> Result<Option<bool>, StripeError> {
        match self.take(name).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => {
                let message = format!("Invalid boolean: {other}");
                Err(StripeError::invalid_param(
                    "parameter_invalid_boolean",
                    name,
                    message,
                ))
            }
        }
    }

    /// The parameter must be absent or have the one value that the sandbox supports.
    pub fn expect(&mut self, name: &str, only: &str) -> Result<(), StripeError> {
        match self.take(name) {
            Some(other) if other != only => {
                let message = format!("The sandbox supports only {name}={only}, not {other}.");
                Err(StripeError::invalid_param(
                    "parameter_invalid_string",
                    name,
                    message,
                ))
            }
            _ => Ok(()),
        }
    }

    /// The values of `name[]` or `name[0]`, `name[1]`, …
    pub fn take_list(&mut self, name: &str) -> Vec<String> {
        self.take_indexed(name)
            .into_iter()
            .map(|(_, value)| value)
            .collect()
    }

    pub fn take_metadata(&mut self) -> Result<Metadata, StripeError> {
        let pairs = self.take_indexed("metadata");
        if pairs.len() > MAX_METADATA_PAIRS {
            return Err(StripeError::invalid(format!(
                "More than {MAX_METADATA_PAIRS} metadata pairs."
            )));
        }
        for (key, value) in &pairs {
            if key.is_empty() || key.chars().count() > MAX_METADATA_KEY_CHARS {
                let message = format!("Metadata keys have 1 to {MAX_METADATA_KEY_CHARS} characters.");
                return Err(StripeError::invalid_param(
                    "parameter_invalid_string",
                    "metadata",
                    message,
                ));
            }
            if value.chars().count() > MAX_METADATA_VALUE_CHARS {
                let message = format!("Metadata values have at most {MAX_METADATA_VALUE_CHARS} characters.");
                return Err(StripeError::invalid_param(
                    "parameter_invalid_string",
                    "metadata",
                    message,
                ));
            }
        }
        Ok(pairs.into_iter().collect())
    }

    /// Every `name[index]` with its index.
    fn take_indexed(&mut self, name: &str) -> Vec<(String, String)> {
        let mut taken = Vec::new();
        self.0.retain(|param, value| {
            let index = param
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
            if let Some(index) = index {
                taken.push((index.to_owned(), std::mem::take(value)));
            }
            index.is_none()
        });
        taken
    }

    /// Refuses parameters that nobody asked for.
    pub fn finish(self) -> Result<(), StripeError> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(param) => {
                let message = format!("Received unknown parameter: {param}");
                Err(StripeError::invalid_param("parameter_unknown", &param, message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_ignores_order_but_no_value() {
        let of = |text: &str, path| Params::parse(text.as_bytes()).unwrap().fingerprint(path);
        assert_eq!(of("a=1&b=2", "/v1/x"), of("b=2&a=1", "/v1/x"));
        assert_ne!(of("a=1&b=2", "/v1/x"), of("a=1&b=3", "/v1/x"));
        assert_ne!(of("a=1", "/v1/x"), of("a=1", "/v1/y"));
        assert_ne!(of("ab=c", "/v1/x"), of("a=bc", "/v1/x"));
    }

    #[test]
    fn metadata_is_taken_whole_and_the_rest_is_refused() {
        let mut params = Params::parse(b"metadata[a]=1&metadata%5Bb%5D=2&surprise=1").unwrap();
        let metadata = params.take_metadata().unwrap();
        assert_eq!(
            metadata.into_iter().collect::<Vec<_>>(),
            [("a".into(), "1".into()), ("b".into(), "2".into())]
        );
        let error = params.finish().unwrap_err().to_json();
        assert_eq!(error["error"]["code"], "parameter_unknown");
        assert_eq!(error["error"]["param"], "surprise");
    }

    #[test]
    fn amounts_are_whole_positive_and_bounded() {
        for (text, code) in [
            ("amount=0", "parameter_invalid_integer"),
            ("amount=-5", "parameter_invalid_integer"),
            ("amount=9.99", "parameter_invalid_integer"),
            ("amount=100000000", "amount_too_large"),
            ("", "parameter_missing"),
        ] {
            let error = Params::parse(text.as_bytes())
                .unwrap()
                .require_amount()
                .unwrap_err()
                .to_json();
            assert_eq!(error["error"]["code"], code, "{text}");
        }
        assert_eq!(
            Params::parse(b"amount=99999999")
                .unwrap()
                .require_amount()
                .unwrap(),
            99_999_999
        );
    }
}
