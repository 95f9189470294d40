//! Identifiers. Each is a type of its own, so that an order's id can't be passed for a payment's.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new `UUIDv7` from the system's clock; for the edges, never for a decision.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            /// The nil id: what an aggregate holds before its first event.
            fn default() -> Self {
                Self(Uuid::nil())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

uuid_ids! {
    /// A person, or a system, that acts in the shop.
    AccountId;
    /// One login on one device: the family of refresh tokens that descend from it.
    SessionId;
    /// What a program of somebody's calls with.
    ApiKeyId;
    /// A node of the category tree.
    CategoryId;
    /// A product with its variants.
    ProductId;
    /// An image of a product.
    ImageId;
    /// A customer's order.
    OrderId;
    /// The payment of one order or one deposit, over all of its attempts.
    PaymentId;
    /// One try to charge; also the idempotency key at the provider.
    AttemptId;
    /// One refund of a part or all of a payment; also the idempotency key at the provider.
    RefundId;
    /// One payout from a wallet; also the idempotency key at the provider.
    WithdrawalId;
    /// One person's review of one product.
    ReviewId;
    /// The cart of somebody who isn't logged in.
    GuestCartId;
    /// A shop of the chain, as headquarters knows it.
    BranchId;
    /// One movement of money at the payment provider that the log doesn't account for.
    OrphanId;
    /// A credit for goods that came back without a known order.
    CreditNoteId;
    /// One fact in the log.
    EventId;
}

/// A stock keeping unit: 1 to 64 printable characters; spaces only within, and no `/`.
///
/// Case matters: real catalogues hold codes that differ in nothing else.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, Default)]
#[serde(try_from = "String", into = "String")]
pub struct Sku(String);

/// Why a text is no SKU.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkuError {
    #[error("a SKU has 1 to {max} characters, this has {found}", max = Sku::MAX_CHARS)]
    Length { found: usize },
    #[error(
        "a SKU has no control character, no '/', and no white space but spaces within; this has {found:?}"
    )]
    Character { found: char },
}

impl Sku {
    /// Long enough for every scheme in use, short enough for a label and an index.
    pub const MAX_CHARS: usize = 64;

    pub fn new(text: impl Into<String>) -> Result<Self, SkuError> {
        let text = text.into();
        let found = text.chars().count();
        if found == 0 || found > Self::MAX_CHARS {
            return Err(SkuError::Length { found });
        }
        let space_at_an_end = text.starts_with(' ') || text.ends_with(' ');
        let wrong = |c: &char| match c {
            ' ' => space_at_an_end,
            c => c.is_whitespace() || c.is_control() || *c == '/',
        };
        match text.chars().find(wrong) {
            Some(found) => Err(SkuError::Character { found }),
            None => Ok(Self(text)),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Sku {
    type Error = SkuError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Sku> for String {
    fn from(sku: Sku) -> Self {
        sku.0
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sku({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_keeps_its_case_and_refuses_what_breaks_a_url() {
        assert_eq!(Sku::new("85123A").unwrap().as_str(), "85123A");
        assert_ne!(Sku::new("15056BL"), Sku::new("15056bl"));
        assert_eq!(Sku::new(""), Err(SkuError::Length { found: 0 }));
        assert!(Sku::new("BANK CHARGES").is_ok());
        assert_eq!(Sku::new("a "), Err(SkuError::Character { found: ' ' }));
        assert_eq!(Sku::new("a\tb"), Err(SkuError::Character { found: '\t' }));
        assert_eq!(Sku::new("a/b"), Err(SkuError::Character { found: '/' }));
        assert_eq!(Sku::new("x".repeat(65)), Err(SkuError::Length { found: 65 }));
    }
}
