//! Why a wishlist refuses.

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WishlistError {
    #[error("a wishlist holds at most {max} products")]
    Full { max: usize },
}

impl Refusal for WishlistError {
    fn kind(&self) -> RefusalKind {
        RefusalKind::Conflict
    }

    fn code(&self) -> &'static str {
        "wishlist_full"
    }
}
