//! Why an order refuses.

use chrono::{DateTime, Utc};
use events::ids::Sku;
use events::money::{Money, MoneyError};

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    #[error("there is no such order")]
    NotFound,
    #[error("this order has been placed already")]
    AlreadyPlaced,
    #[error("an order has 1 to {max} lines")]
    LineCount { max: usize },
    #[error("a quantity is at least 1")]
    Quantity,
    #[error("the lines come to {counted}, not to {stated}")]
    Total { stated: Money, counted: Money },
    #[error("{total} is more than an order can come to")]
    TooLarge { total: Money },
    #[error("an order that is {status} can't be {wanted}")]
    WrongStatus {
        wanted: &'static str,
        status: &'static str,
    },
    #[error("{wanted} of {sku} can't come back, only {returnable} can")]
    NotBought { sku: Sku, wanted: u32, returnable: u32 },
    #[error("{sku} is the buyer's own")]
    OwnItem { sku: Sku },
    #[error("{sku} is its buyer's no more, or is for sale again")]
    MovedOn { sku: Sku },
    #[error("{sku} isn't sold")]
    NotForSale { sku: Sku },
    #[error("this order expired at {at}")]
    Expired { at: DateTime<Utc> },
    #[error("the country has 1 to {max_chars} printable characters")]
    Country { max_chars: usize },
    #[error("a sale of the past lies in the past")]
    NotPast,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Refusal for OrderError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::AlreadyPlaced
            | Self::WrongStatus { .. }
            | Self::NotBought { .. }
            | Self::NotForSale { .. }
            | Self::OwnItem { .. }
            | Self::MovedOn { .. }
            | Self::Expired { .. } => RefusalKind::Conflict,
            Self::LineCount { .. }
            | Self::Quantity
            | Self::Total { .. }
            | Self::TooLarge { .. }
            | Self::Country { .. }
            | Self::NotPast
            | Self::Money(_) => RefusalKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "order_not_found",
            Self::AlreadyPlaced => "order_exists",
            Self::LineCount { .. } => "order_line_count",
            Self::Quantity => "quantity_invalid",
            Self::Total { .. } => "order_total_wrong",
            Self::TooLarge { .. } => "amount_too_large",
            Self::WrongStatus { .. } => "order_status",
            Self::NotBought { .. } => "return_exceeds_order",
            Self::NotForSale { .. } => "not_for_sale",
            Self::OwnItem { .. } => "own_item",
            Self::MovedOn { .. } => "item_moved_on",
            Self::Expired { .. } => "order_expired",
            Self::Country { .. } => "country_invalid",
            Self::NotPast => "placed_at_not_past",
            Self::Money(_) => "amount_invalid",
        }
    }

    fn field(&self) -> Option<String> {
        let field = match self {
            Self::LineCount { .. }
            | Self::Total { .. }
            | Self::TooLarge { .. }
            | Self::NotBought { .. }
            | Self::Money(_) => "lines",
            Self::Quantity => "quantity",
            Self::NotForSale { .. } | Self::OwnItem { .. } | Self::MovedOn { .. } => "sku",
            Self::Country { .. } => "country",
            Self::NotPast => "placed_at",
            Self::NotFound | Self::AlreadyPlaced | Self::WrongStatus { .. } | Self::Expired { .. } => {
                return None;
            }
        };
        Some(field.to_owned())
    }
}
