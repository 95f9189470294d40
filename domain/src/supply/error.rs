//! Why something that is headquarters' refuses.

use events::ids::ProductId;

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SupplyError {
    #[error("the product {product_id} is headquarters', and is edited there")]
    Headquarters { product_id: ProductId },
}

impl Refusal for SupplyError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Headquarters { .. } => RefusalKind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Headquarters { .. } => "headquarters_product",
        }
    }
}
