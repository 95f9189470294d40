//! Why a cart refuses.

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CartError {
    #[error("a quantity is between 1 and {max}")]
    Quantity { max: u32 },
    #[error("a cart holds at most {max} different SKUs")]
    Full { max: usize },
    #[error("the cart is empty")]
    Empty,
    #[error("this cart is over: its owner has logged in, or its time has run out")]
    GuestCartOver,
}

impl Refusal for CartError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Quantity { .. } => RefusalKind::Invalid,
            Self::Full { .. } | Self::Empty => RefusalKind::Conflict,
            Self::GuestCartOver => RefusalKind::NotFound,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Quantity { .. } => "quantity_invalid",
            Self::Full { .. } => "cart_full",
            Self::Empty => "cart_empty",
            Self::GuestCartOver => "guest_cart_over",
        }
    }

    fn field(&self) -> Option<String> {
        matches!(self, Self::Quantity { .. }).then(|| "quantity".to_owned())
    }
}
