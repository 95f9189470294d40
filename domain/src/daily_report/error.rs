//! Why a daily report is refused.

use chrono::NaiveDate;

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DailyReportError {
    #[error("revision {revision} comes too late, or with other figures than before: {newest} is the newest")]
    Outdated { revision: u64, newest: u64 },
    #[error("revisions go from 1 to {max}", max = super::REVISION_MAX)]
    Revision,
    #[error("revenue and loss are of one currency")]
    MixedCurrencies,
    #[error("{field} isn't negative")]
    Negative { field: &'static str },
    #[error("{field} is more than a day can come to")]
    TooLarge { field: &'static str },
    #[error("the categories are in the order of their slugs, none twice")]
    CategoryOrder,
    #[error("the categories' revenue, loss and units come to the day's")]
    CategorySums,
    #[error("{day} is still to come")]
    Future { day: NaiveDate },
}

impl Refusal for DailyReportError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Outdated { .. } => RefusalKind::Conflict,
            _ => RefusalKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Outdated { .. } => "report_outdated",
            Self::Revision => "revision_invalid",
            Self::MixedCurrencies => "mixed_currencies",
            Self::Negative { .. } => "negative_amount",
            Self::TooLarge { .. } => "too_large",
            Self::CategoryOrder => "category_order",
            Self::CategorySums => "category_sums",
            Self::Future { .. } => "day_in_future",
        }
    }

    fn field(&self) -> Option<String> {
        let field = match self {
            Self::Outdated { .. } => return None,
            Self::Revision => "revision",
            Self::MixedCurrencies => "loss",
            Self::Negative { field } | Self::TooLarge { field } => field,
            Self::CategoryOrder | Self::CategorySums => "categories",
            Self::Future { .. } => "day",
        };
        Some(field.to_owned())
    }
}
