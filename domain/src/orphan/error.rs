//! Why an orphan refuses.

use events::orphan::OrphanKind;

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrphanError {
    #[error("there is no such orphan")]
    NotFound,
    #[error("a {kind} can't be given back; acknowledge it")]
    NotRefundable { kind: OrphanKind },
    #[error("it has been acknowledged")]
    Acknowledged,
    #[error("it has been given back, or is about to be")]
    Refunded,
    #[error("a reason has 1 to {max_chars} printable characters")]
    Reason { max_chars: usize },
}

impl Refusal for OrphanError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::NotRefundable { .. } | Self::Acknowledged | Self::Refunded => RefusalKind::Conflict,
            Self::Reason { .. } => RefusalKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "orphan_not_found",
            Self::NotRefundable { .. } => "orphan_not_refundable",
            Self::Acknowledged => "orphan_acknowledged",
            Self::Refunded => "orphan_refunded",
            Self::Reason { .. } => "reason_invalid",
        }
    }

    fn field(&self) -> Option<String> {
        matches!(self, Self::Reason { .. }).then(|| "reason".to_owned())
    }
}
