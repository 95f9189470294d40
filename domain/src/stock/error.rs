//! Why stock refuses.

use events::ids::{OrderId, Sku};

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StockError {
    #[error("there is no such SKU")]
    NotListed,
    #[error("{wanted} of {sku} were asked for, {left} are left")]
    OutOfStock { sku: Sku, wanted: u32, left: u64 },
    #[error("nothing of {sku} is reserved for order {order_id}")]
    NotReserved { sku: Sku, order_id: OrderId },
    #[error("{available} units can be taken away, and {delta} was asked")]
    BelowZero { delta: i64, available: u64 },
    #[error("at most {max} units can be held")]
    TooMuch { max: u64 },
    #[error("units of {sku} are still on the shelf of another product")]
    InUse { sku: Sku },
}

impl Refusal for StockError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotListed => RefusalKind::NotFound,
            Self::OutOfStock { .. }
            | Self::NotReserved { .. }
            | Self::BelowZero { .. }
            | Self::InUse { .. } => RefusalKind::Conflict,
            Self::TooMuch { .. } => RefusalKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotListed => "sku_not_found",
            Self::OutOfStock { .. } => "out_of_stock",
            Self::NotReserved { .. } => "not_reserved",
            Self::BelowZero { .. } => "stock_below_zero",
            Self::TooMuch { .. } => "stock_too_much",
            Self::InUse { .. } => "sku_in_use",
        }
    }

    fn field(&self) -> Option<String> {
        let field = match self {
            Self::BelowZero { .. } | Self::TooMuch { .. } => "quantity",
            Self::NotListed | Self::OutOfStock { .. } | Self::InUse { .. } => "sku",
            Self::NotReserved { .. } => return None,
        };
        Some(field.to_owned())
    }
}
