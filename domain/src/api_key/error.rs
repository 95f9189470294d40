//! Why an API key is refused.

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    #[error("there is no such API key")]
    NotFound,
    #[error("an account has at most {max} API keys; revoke one that isn't needed")]
    TooMany { max: usize },
    #[error("an API key's name has 1 to {max_chars} printable characters")]
    Name { max_chars: usize },
    #[error("an API key has at least one scope")]
    NoScope,
    #[error("an API key doesn't expire before it is issued")]
    ExpiresInThePast,
    /// Never told apart: unknown, wrong, revoked, expired, or its account is gone.
    #[error("this API key isn't good, or is good no longer")]
    NotGood,
}

impl Refusal for ApiKeyError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::TooMany { .. } => RefusalKind::Conflict,
            Self::NotGood => RefusalKind::Unauthenticated,
            Self::Name { .. } | Self::NoScope | Self::ExpiresInThePast => RefusalKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "api_key_not_found",
            Self::TooMany { .. } => "api_key_count",
            Self::Name { .. } => "api_key_name_invalid",
            Self::NoScope => "scopes_missing",
            Self::ExpiresInThePast => "expires_in_the_past",
            Self::NotGood => "api_key_invalid",
        }
    }

    fn field(&self) -> Option<String> {
        let field = match self {
            Self::Name { .. } => "name",
            Self::NoScope => "scopes",
            Self::ExpiresInThePast => "expires_at",
            Self::NotFound | Self::TooMany { .. } | Self::NotGood => return None,
        };
        Some(field.to_owned())
    }
}
