//! Why a review refuses.

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    #[error("there is no such review")]
    NotFound,
    #[error("nobody reviews what they sell themselves")]
    OwnProduct,
    #[error("a reason has 1 to {max_chars} printable characters")]
    Reason { max_chars: usize },
}

impl Refusal for ReviewError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::OwnProduct => RefusalKind::Conflict,
            Self::Reason { .. } => RefusalKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "review_not_found",
            Self::OwnProduct => "own_product",
            Self::Reason { .. } => "reason_invalid",
        }
    }

    fn field(&self) -> Option<String> {
        matches!(self, Self::Reason { .. }).then(|| "reason".to_owned())
    }
}
