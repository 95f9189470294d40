//! Facts about payments: what was asked of the provider, and what became of it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{AccountId, AttemptId, OrderId, PaymentId, RefundId};
use crate::ledger::JournalEntry;
use crate::money::Money;
use crate::order::SoldLine;

/// What the money is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Purpose {
    Order(OrderId),
    /// Into the wallet of this account.
    Deposit(AccountId),
}

/// How it is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum PaymentMethod {
    /// By the provider, which alone knows the card behind the token.
    Card { token: String },
    /// Out of the customer's own wallet, at once.
    Wallet,
    /// Settled elsewhere, as the staff who record it say.
    External { reference: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRequested {
    pub payment_id: PaymentId,
    pub purpose: Purpose,
    pub customer: Option<AccountId>,
    pub amount: Money,
    pub method: PaymentMethod,
    /// The attempt to make now; missing where the provider isn't needed.
    pub attempt_id: Option<AttemptId>,
    pub requested_at: DateTime<Utc>,
}

/// The customer asks to try again, perhaps with another card.
/// What one seller has in an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SellerShare {
    pub seller: AccountId,
    pub lines: Vec<SoldLine>,
    /// What the lines come to, before the fee.
    pub amount: Money,
}

/// The order holds lines of sellers: on these terms they are paid when the payment settles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaleAgreed {
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    /// The shop's part of each share, in basis points.
    pub fee_bps: u32,
    /// Each seller once.
    pub shares: Vec<SellerShare>,
}

/// Sellers bear part of a refund, which is settled in the same append.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaleTakenBack {
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    pub refund_id: RefundId,
    /// Each seller's part of the refund, with the goods that came back, if any did.
    pub shares: Vec<SellerShare>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRetried {
    pub payment_id: PaymentId,
    pub purpose: Purpose,
    pub customer: Option<AccountId>,
    pub amount: Money,
    pub method: PaymentMethod,
    pub attempt_id: AttemptId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentSettled {
    pub payment_id: PaymentId,
    pub purpose: Purpose,
    pub customer: Option<AccountId>,
    pub amount: Money,
    pub attempt_id: Option<AttemptId>,
    /// The provider's name for the charge, or what staff noted.
    pub provider_reference: Option<String>,
    pub entry: JournalEntry,
    pub settled_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentDeclined {
    pub payment_id: PaymentId,
    pub purpose: Purpose,
    pub customer: Option<AccountId>,
    pub attempt_id: AttemptId,
    /// The provider's code, such as `card_declined`.
    pub code: String,
    pub message: String,
}

/// It is no longer wanted. Should the attempt in flight settle all the same, it is refunded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentCancelled {
    pub payment_id: PaymentId,
    pub purpose: Purpose,
    pub customer: Option<AccountId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefundRequested {
    pub payment_id: PaymentId,
    pub purpose: Purpose,
    pub customer: Option<AccountId>,
    pub refund_id: RefundId,
    pub amount: Money,
    /// Which charge to give back from; missing where the provider isn't needed.
    pub provider_reference: Option<String>,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefundSettled {
    pub payment_id: PaymentId,
    pub purpose: Purpose,
    pub customer: Option<AccountId>,
    pub refund_id: RefundId,
    pub amount: Money,
    pub provider_reference: Option<String>,
    pub entry: JournalEntry,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefundFailed {
    pub payment_id: PaymentId,
    pub purpose: Purpose,
    pub customer: Option<AccountId>,
    pub refund_id: RefundId,
    pub code: String,
    pub message: String,
}

events! {
    /// What happens to a payment.
    PaymentEvent {
        PaymentRequested = 1,
        SaleAgreed = 1,
        SaleTakenBack = 1,
        PaymentRetried = 1,
        PaymentSettled = 1,
        PaymentDeclined = 1,
        PaymentCancelled = 1,
        RefundRequested = 1,
        RefundSettled = 1,
        RefundFailed = 1,
    }
}
