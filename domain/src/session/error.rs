//! Why a session refuses.

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    #[error("this session has begun already")]
    AlreadyStarted,
    #[error("this session is over; log in again")]
    Over,
}

impl Refusal for SessionError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyStarted => RefusalKind::Conflict,
            Self::Over => RefusalKind::Unauthenticated,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyStarted => "session_exists",
            Self::Over => "session_over",
        }
    }
}
