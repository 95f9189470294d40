//! Parts that the bodies of several commands share.

use std::collections::BTreeMap;

use domain::catalogue::NewVariant;
use events::ids::{ProductId, ReviewId, Sku};
use events::money::Currency;
use events::order::Contact;
use events::payment::PaymentMethod;
use events::product::Variant;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use web::Problem;
use web::money::MoneyDto;

use crate::validation::{ADDRESS_MAX_CHARS, Checks, NAME_MAX_CHARS, NOTE_MAX_CHARS};

/// Hexadecimal digits of a product's id that a generated SKU has: those of its 62 random bits.
const SKU_DIGITS: usize = 16;

/// How it is paid.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum PaymentBody {
    /// By card; the token is what the payment provider's form gave the client.
    Card {
        #[schema(example = "pm_card_visa")]
        token: String,
    },
    /// Out of the customer's wallet, at once.
    Wallet {},
}

impl From<PaymentBody> for PaymentMethod {
    fn from(body: PaymentBody) -> Self {
        match body {
            PaymentBody::Card { token } => Self::Card { token },
            PaymentBody::Wallet {} => Self::Wallet,
        }
    }
}

/// Whom and where to send it.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactBody {
    name: Option<String>,
    address: Option<String>,
    /// The account's own, if missing.
    email: Option<String>,
}

impl ContactBody {
    pub fn check(self, checks: &mut Checks) -> Contact {
        Contact {
            email: self.email.map(|email| checks.email("contact.email", &email)),
            name: checks.line("contact.name", &self.name.unwrap_or_default(), 2 * NAME_MAX_CHARS),
            address: checks.text(
                "contact.address",
                &self.address.unwrap_or_default(),
                ADDRESS_MAX_CHARS,
            ),
        }
    }
}

/// One form in which a product is sold.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantBody {
    /// Made up, if missing.
    #[schema(value_type = Option<String>)]
    pub sku: Option<Sku>,
    /// Such as `size: M`.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    pub price: MoneyDto,
    /// Units on the shelf from the start.
    #[serde(default)]
    pub quantity: u32,
}

/// Variants as the domain has them; those without a SKU get one that `seed` makes unique. `price_field`
/// names the price of the variant of this index, should it be at fault.
pub fn check_variants(
    checks: &mut Checks,
    price_field: impl Fn(usize) -> String,
    variants: Vec<VariantBody>,
    seed: Uuid,
    currency: Currency,
) -> Vec<NewVariant> {
    let check = |(index, body): (usize, VariantBody)| {
        let price = checks.money(&price_field(index), body.price, currency);
        NewVariant {
            variant: Variant {
                sku: body.sku.unwrap_or_else(|| generated_sku(seed, index)),
                options: body.options,
                price,
            },
            quantity: body.quantity,
        }
    };
    variants.into_iter().enumerate().map(check).collect()
}

/// The same for the same seed and index.
pub fn generated_sku(seed: Uuid, index: usize) -> Sku {
    let digits = seed.simple().to_string().to_uppercase();
    let text = format!("{}-{}", &digits[digits.len() - SKU_DIGITS..], index + 1);
    Sku::new(text).unwrap_or_default() // proof: hexadecimal digits, a dash and a number make a SKU
}

/// A SKU and how many of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuantityBody {
    #[schema(value_type = String)]
    pub sku: Sku,
    pub quantity: u32,
}

/// Why staff do something.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    reason: String,
}

impl ReasonBody {
    pub fn check(self) -> Result<String, Problem> {
        let mut checks = Checks::default();
        let reason = checks.text("reason", &self.reason, NOTE_MAX_CHARS);
        checks.done()?;
        Ok(reason)
    }
}

/// The answer of a command about a product.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ProductAnswer {
    #[schema(value_type = Uuid)]
    pub product_id: ProductId,
}

/// The answer of a command about a review.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ReviewAnswer {
    #[schema(value_type = Uuid)]
    pub review_id: ReviewId,
}

/// Reads a field that, unlike a missing one, may be `null`: `Some(None)`.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_skus_differ_by_seed_and_index() {
        let (one, other) = (ProductId::generate().0, ProductId::generate().0);
        assert_eq!(generated_sku(one, 0), generated_sku(one, 0));
        assert_ne!(generated_sku(one, 0), generated_sku(one, 1));
        assert_ne!(generated_sku(one, 0), generated_sku(other, 0));
        assert_ne!(generated_sku(one, 0).as_str(), "");
    }

    #[test]
    fn a_payment_has_a_method_and_nothing_that_is_unknown() {
        let read = serde_json::from_str::<PaymentBody>;
        assert!(matches!(
            read(r#"{"method":"wallet"}"#),
            Ok(PaymentBody::Wallet {})
        ));
        assert!(matches!(
            read(r#"{"method":"card","token":"x"}"#),
            Ok(PaymentBody::Card { .. })
        ));
        for wrong in [
            "{}",
            r#"{"method":"cash"}"#,
            r#"{"method":"card"}"#,
            r#"{"method":"wallet","token":"x"}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
