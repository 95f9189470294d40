//! Why something that is headquarters' refuses.

use events::ids::{CategoryId, ProductId};

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SupplyError {
    #[error("the product {product_id} is headquarters', and is edited there")]
    Headquarters { product_id: ProductId },
    #[error("the category {category_id} is headquarters', and is edited there")]
    HeadquartersCategory { category_id: CategoryId },
}

impl Refusal for SupplyError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Headquarters { .. } | Self::HeadquartersCategory { .. } => RefusalKind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Headquarters { .. } => "headquarters_product",
            Self::HeadquartersCategory { .. } => "headquarters_category",
        }
    }
}
