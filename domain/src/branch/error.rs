//! Why a branch refuses.

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BranchError {
    #[error("there is no such branch")]
    NotFound,
    #[error("this branch exists already")]
    AlreadyExists,
    #[error("{field} has 1 to {max_chars} printable characters")]
    Text { field: &'static str, max_chars: usize },
    #[error("this isn't the branch's token, or no longer")]
    Token,
}

impl Refusal for BranchError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::AlreadyExists => RefusalKind::Conflict,
            Self::Text { .. } => RefusalKind::Invalid,
            Self::Token => RefusalKind::Unauthenticated,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "branch_not_found",
            Self::AlreadyExists => "branch_exists",
            Self::Text { .. } => "text_length",
            Self::Token => "token_invalid",
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::Text { field, .. } => Some((*field).to_owned()),
            _ => None,
        }
    }
}
