//! Why an account refuses.

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    #[error("there is no such account")]
    NotFound,
    #[error("this account is registered already")]
    AlreadyRegistered,
    #[error("an account has at least one role")]
    NoRole,
    #[error("the token is wrong, used or expired; ask for a new one")]
    ResetTokenInvalid,
    #[error("the token is wrong, used or expired; ask for a new one")]
    VerificationTokenInvalid,
}

impl Refusal for AccountError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::AlreadyRegistered => RefusalKind::Conflict,
            Self::NoRole | Self::ResetTokenInvalid | Self::VerificationTokenInvalid => RefusalKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "account_not_found",
            Self::AlreadyRegistered => "account_exists",
            Self::NoRole => "role_missing",
            Self::ResetTokenInvalid => "reset_token_invalid",
            Self::VerificationTokenInvalid => "verification_token_invalid",
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::NoRole => Some("roles".to_owned()),
            Self::ResetTokenInvalid | Self::VerificationTokenInvalid => Some("token".to_owned()),
            Self::NotFound | Self::AlreadyRegistered => None,
        }
    }
}
