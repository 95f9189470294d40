//! Why a wallet refuses.

use events::money::{Money, MoneyError};

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    #[error("an amount is above zero, {amount} isn't")]
    NotPositive { amount: Money },
    #[error("{wanted} is more than the wallet's {balance}")]
    NotCovered { wanted: Money, balance: Money },
    #[error("the destination has 1 to {max_chars} printable characters")]
    Destination { max_chars: usize },
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Refusal for WalletError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotCovered { .. } => RefusalKind::Conflict,
            Self::NotPositive { .. } | Self::Destination { .. } | Self::Money(_) => RefusalKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotCovered { .. } => "wallet_not_covered",
            Self::Destination { .. } => "destination_invalid",
            Self::NotPositive { .. } | Self::Money(_) => "amount_invalid",
        }
    }

    fn field(&self) -> Option<String> {
        let field = match self {
            Self::Destination { .. } => "destination",
            Self::NotCovered { .. } | Self::NotPositive { .. } | Self::Money(_) => "amount",
        };
        Some(field.to_owned())
    }
}
