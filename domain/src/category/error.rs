//! Why a category refuses.

use events::ids::CategoryId;

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CategoryError {
    #[error("there is no such category")]
    NotFound,
    #[error("this category exists already")]
    AlreadyExists,
    #[error("a category's name has 1 to {max_chars} printable characters")]
    Name { max_chars: usize },
    #[error("a slug has 1 to 100 lower-case letters, digits and dashes, and no dash at its ends")]
    Slug,
    #[error("there is no open category {parent}")]
    ParentNotFound { parent: CategoryId },
    #[error("a category can't be moved into itself or below itself")]
    Circle,
    #[error("the tree is at most {max_depth} levels deep")]
    TooDeep { max_depth: usize },
}

impl Refusal for CategoryError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::AlreadyExists => RefusalKind::Conflict,
            Self::Name { .. }
            | Self::Slug
            | Self::ParentNotFound { .. }
            | Self::Circle
            | Self::TooDeep { .. } => RefusalKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "category_not_found",
            Self::AlreadyExists => "category_exists",
            Self::Name { .. } => "category_name_invalid",
            Self::Slug => "category_slug_invalid",
            Self::ParentNotFound { .. } => "category_parent_not_found",
            Self::Circle => "category_circle",
            Self::TooDeep { .. } => "category_too_deep",
        }
    }

    fn field(&self) -> Option<String> {
        let field = match self {
            Self::Name { .. } => "name",
            Self::Slug => "slug",
            Self::ParentNotFound { .. } | Self::Circle | Self::TooDeep { .. } => "parent",
            Self::NotFound | Self::AlreadyExists => return None,
        };
        Some(field.to_owned())
    }
}
