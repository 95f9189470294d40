//! Why a payment refuses.

use events::money::Money;

use crate::refusal::{Refusal, RefusalKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    #[error("there is no such payment")]
    NotFound,
    #[error("this payment has been asked for already")]
    AlreadyRequested,
    #[error("{amount} can't be the amount of this payment or refund")]
    Amount { amount: Money },
    #[error("only a declined payment can be tried again")]
    NotDeclined,
    #[error("only a settled payment can be refunded")]
    NotSettled,
    #[error("{wanted} can't be refunded, only {refundable} is left")]
    RefundTooHigh { wanted: Money, refundable: Money },
    #[error("this payment knows no such attempt")]
    UnknownAttempt,
    #[error("this payment knows no such refund")]
    UnknownRefund,
    #[error("it is paid {allowed}")]
    Method { allowed: &'static str },
    #[error("a fee has at most 10000 basis points, this one {fee_bps}")]
    Fee { fee_bps: u32 },
    #[error("the card's token has 1 to {max_chars} printable characters")]
    CardToken { max_chars: usize },
}

impl Refusal for PaymentError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound | Self::UnknownAttempt | Self::UnknownRefund => RefusalKind::NotFound,
            Self::AlreadyRequested | Self::NotDeclined | Self::NotSettled | Self::RefundTooHigh { .. } => {
                RefusalKind::Conflict
            }
            Self::Amount { .. } | Self::Fee { .. } | Self::Method { .. } | Self::CardToken { .. } => {
                RefusalKind::Invalid
            }
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "payment_not_found",
            Self::AlreadyRequested => "payment_exists",
            Self::Amount { .. } => "amount_invalid",
            Self::NotDeclined => "payment_not_declined",
            Self::NotSettled => "payment_not_settled",
            Self::RefundTooHigh { .. } => "refund_too_high",
            Self::UnknownAttempt => "attempt_not_found",
            Self::UnknownRefund => "refund_not_found",
            Self::Method { .. } => "payment_method_invalid",
            Self::CardToken { .. } => "card_token_invalid",
            Self::Fee { .. } => "fee_invalid",
        }
    }

    fn field(&self) -> Option<String> {
        let field = match self {
            Self::Amount { .. } | Self::RefundTooHigh { .. } => "amount",
            Self::Method { .. } => "payment.method",
            Self::CardToken { .. } => "payment.token",
            _ => return None,
        };
        Some(field.to_owned())
    }
}
