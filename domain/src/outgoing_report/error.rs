//! Why a branch's own report refuses.

use chrono::NaiveDate;

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingReportError {
    #[error("{day} is still to come")]
    Future { day: NaiveDate },
    #[error("nothing has been prepared for this day")]
    NotPrepared,
}

impl Refusal for OutgoingReportError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Future { .. } => RefusalKind::Invalid,
            Self::NotPrepared => RefusalKind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Future { .. } => "day_in_future",
            Self::NotPrepared => "report_not_prepared",
        }
    }

    fn field(&self) -> Option<String> {
        matches!(self, Self::Future { .. }).then(|| "day".to_owned())
    }
}
