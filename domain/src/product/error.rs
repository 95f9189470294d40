//! Why a product refuses.

use events::ids::{CategoryId, Sku};
use events::money::Money;

use super::images::ImageError;
use crate::amount::AMOUNT_MAX_MINOR;
use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProductError {
    #[error("there is no such product")]
    NotFound,
    #[error("this product exists already")]
    AlreadyExists,
    #[error("a product's name has 1 to {max_chars} printable characters")]
    Name { max_chars: usize },
    #[error("a description has at most {max_chars} printable characters")]
    Description { max_chars: usize },
    #[error("a product has 1 to {max} variants")]
    VariantCount { max: usize },
    #[error("SKU {sku} stands there twice")]
    DuplicateSku { sku: Sku },
    #[error("this product has no SKU {sku}")]
    UnknownSku { sku: Sku },
    #[error("the last variant can't be removed; remove the product")]
    LastVariant,
    #[error("a price is not negative, {price} is")]
    NegativePrice { price: Money },
    #[error("a price is at most {max}, {price} is more", max = Money::new(AMOUNT_MAX_MINOR, price.currency()))]
    PriceTooHigh { price: Money },
    #[error("all variants of a product are priced in one currency")]
    MixedCurrencies,
    #[error("a variant has at most {max} options, their names and values 1 to {max_chars} characters each")]
    Options { max: usize, max_chars: usize },
    #[error("{sku} and {other} have the same options: nobody could tell them apart")]
    DuplicateOptions { sku: Sku, other: Sku },
    #[error(
        "a product has at most {max} attributes, their names 1 to {name_max_chars} and their values 1 to {value_max_chars} \
         characters long"
    )]
    Attributes {
        max: usize,
        name_max_chars: usize,
        value_max_chars: usize,
    },
    #[error("of a one-of-a-kind there is one unit, of one variant, and it belongs to a person")]
    OneOfAKind,
    #[error("somebody is buying it at this moment")]
    BeingBought,
    #[error("SKU {sku} is sold by somebody else")]
    SoldByAnother { sku: Sku },
    #[error("SKU {sku} and SKU {other} belong to different products")]
    SeveralProducts { sku: Sku, other: Sku },
    #[error("SKU {sku} has other options, and those never change")]
    OptionsFixed { sku: Sku },
    #[error("there is no open category {category}")]
    CategoryNotFound { category: CategoryId },
    #[error(transparent)]
    Image(#[from] ImageError),
}

impl Refusal for ProductError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::AlreadyExists
            | Self::LastVariant
            | Self::BeingBought
            | Self::SoldByAnother { .. }
            | Self::SeveralProducts { .. }
            | Self::OptionsFixed { .. } => RefusalKind::Conflict,
            Self::Image(error) => error.kind(),
            _ => RefusalKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "product_not_found",
            Self::AlreadyExists => "product_exists",
            Self::Name { .. } => "product_name_invalid",
            Self::Description { .. } => "product_description_invalid",
            Self::VariantCount { .. } => "variant_count_invalid",
            Self::DuplicateSku { .. } => "sku_duplicate",
            Self::UnknownSku { .. } => "sku_not_found",
            Self::LastVariant => "last_variant",
            Self::NegativePrice { .. } => "price_negative",
            Self::PriceTooHigh { .. } => "price_too_high",
            Self::MixedCurrencies => "currency_mixed",
            Self::Options { .. } => "variant_options_invalid",
            Self::DuplicateOptions { .. } => "variant_options_duplicate",
            Self::Attributes { .. } => "product_attributes_invalid",
            Self::OneOfAKind => "one_of_a_kind",
            Self::BeingBought => "being_bought",
            Self::SoldByAnother { .. } => "sku_taken",
            Self::SeveralProducts { .. } => "product_mixed",
            Self::OptionsFixed { .. } => "options_fixed",
            Self::CategoryNotFound { .. } => "category_not_found",
            Self::Image(error) => error.code(),
        }
    }

    fn field(&self) -> Option<String> {
        let field = match self {
            Self::Name { .. } => "name",
            Self::Description { .. } => "description",
            Self::VariantCount { .. } => "variants",
            Self::DuplicateSku { .. }
            | Self::UnknownSku { .. }
            | Self::SoldByAnother { .. }
            | Self::SeveralProducts { .. } => "sku",
            Self::NegativePrice { .. } | Self::PriceTooHigh { .. } | Self::MixedCurrencies => "price",
            Self::Options { .. } | Self::OptionsFixed { .. } | Self::DuplicateOptions { .. } => "options",
            Self::Attributes { .. } => "attributes",
            Self::CategoryNotFound { .. } => "category",
            Self::OneOfAKind => "quantity",
            Self::Image(error) => return error.field(),
            Self::NotFound | Self::AlreadyExists | Self::LastVariant | Self::BeingBought => return None,
        };
        Some(field.to_owned())
    }
}
