//! Refunds and payouts in the provider's books, for the comparison with ours.

use chrono::{DateTime, Utc};
use events::money::Money;
use uuid::Uuid;

/// A refund that was made, or is being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRefund {
    /// The provider's name for the refund.
    pub provider_reference: String,
    /// Absent on refunds that this shop did not ask for.
    pub refund_id: Option<Uuid>,
    pub payment_id: Option<Uuid>,
    pub amount: Money,
    /// Whether it is done, and not merely accepted.
    pub is_settled: bool,
    pub created: DateTime<Utc>,
}

/// A payout that was made, or is being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderPayout {
    /// The provider's name for the payout.
    pub provider_reference: String,
    /// Absent on payouts that this shop did not ask for, such as those to its own bank.
    pub withdrawal_id: Option<Uuid>,
    pub account_id: Option<Uuid>,
    pub amount: Money,
    /// Whether it is done, and not merely accepted.
    pub is_settled: bool,
    pub created: DateTime<Utc>,
}
