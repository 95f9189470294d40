//! Why a credit note refuses.

use events::money::{Money, MoneyError};

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreditNoteError {
    #[error("this credit note has been issued already")]
    AlreadyIssued,
    #[error("a credit note has 1 to {max} lines")]
    LineCount { max: usize },
    #[error("a quantity is at least 1")]
    Quantity,
    #[error("the lines come to {counted}, not to {stated}")]
    Total { stated: Money, counted: Money },
    #[error("{total} is more than a credit note can come to")]
    TooLarge { total: Money },
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Refusal for CreditNoteError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyIssued => RefusalKind::Conflict,
            Self::LineCount { .. }
            | Self::Quantity
            | Self::Total { .. }
            | Self::TooLarge { .. }
            | Self::Money(_) => RefusalKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyIssued => "credit_note_exists",
            Self::LineCount { .. } => "credit_note_line_count",
            Self::Quantity => "quantity_invalid",
            Self::Total { .. } => "credit_note_total_wrong",
            Self::TooLarge { .. } => "amount_too_large",
            Self::Money(_) => "amount_invalid",
        }
    }

    fn field(&self) -> Option<String> {
        (!matches!(self, Self::AlreadyIssued)).then(|| "lines".to_owned())
    }
}
