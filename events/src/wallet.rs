//! Facts about wallets. The movements' other sides stand in the journal entry that each carries,
//! or, where the event says so, in the payment's event of the same append.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{AccountId, OrderId, PaymentId, RefundId, WithdrawalId};
use crate::ledger::JournalEntry;
use crate::money::Money;
use crate::order::SoldLine;

/// Why money came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum CreditReason {
    Deposit(PaymentId),
    Refund(RefundId),
}

/// Money came in. The journal entry stands in the payment's event of the same append.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WalletCredited {
    pub account_id: AccountId,
    pub amount: Money,
    pub reason: CreditReason,
    pub credited_at: DateTime<Utc>,
}

/// An order was paid from it. The journal entry stands in the payment's event of the same append.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WalletDebited {
    pub account_id: AccountId,
    pub amount: Money,
    pub order_id: OrderId,
    pub debited_at: DateTime<Utc>,
}

/// The owner sold something. The journal entry stands in the payment's event of the same append.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaleCredited {
    pub account_id: AccountId,
    pub order_id: OrderId,
    pub lines: Vec<SoldLine>,
    /// What the lines come to.
    pub gross: Money,
    /// In basis points.
    pub fee_bps: u32,
    /// What the shop keeps of `gross`.
    pub fee: Money,
    /// What came in: `gross` less `fee`.
    pub amount: Money,
}

/// A sale was taken back, whole or in part. The journal entry stands in the payment's event of the same append.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaleReversed {
    pub account_id: AccountId,
    pub order_id: OrderId,
    pub refund_id: RefundId,
    /// What came back; nothing where only money did.
    pub lines: Vec<SoldLine>,
    /// The seller's part of the refund.
    pub gross: Money,
    /// What the shop gives back of its fee.
    pub fee: Money,
    /// What went out: `gross` less `fee`.
    pub amount: Money,
}

/// A sale is taken back whose money has left the wallet: the shop puts it in, and the owner owes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SellerDebtIncurred {
    pub account_id: AccountId,
    pub order_id: OrderId,
    pub amount: Money,
    pub entry: JournalEntry,
}

/// Out of a sale the owner pays what they owe, as far as it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SellerDebtRepaid {
    pub account_id: AccountId,
    pub order_id: OrderId,
    pub amount: Money,
    pub entry: JournalEntry,
}

/// Money left the wallet on its way to the person's bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WithdrawalRequested {
    pub account_id: AccountId,
    pub withdrawal_id: WithdrawalId,
    pub amount: Money,
    /// The provider's token for the person's bank account.
    pub destination: String,
    pub entry: JournalEntry,
    pub requested_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WithdrawalSettled {
    pub account_id: AccountId,
    pub withdrawal_id: WithdrawalId,
    pub amount: Money,
    pub provider_reference: String,
    pub entry: JournalEntry,
}

/// The bank didn't take it: the money is back in the wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WithdrawalFailed {
    pub account_id: AccountId,
    pub withdrawal_id: WithdrawalId,
    pub amount: Money,
    pub code: String,
    pub message: String,
    pub entry: JournalEntry,
    pub failed_at: DateTime<Utc>,
}

events! {
    /// What happens to a wallet.
    WalletEvent {
        WalletCredited = 1,
        WalletDebited = 1,
        SaleCredited = 1,
        SaleReversed = 1,
        SellerDebtIncurred = 1,
        SellerDebtRepaid = 1,
        WithdrawalRequested = 1,
        WithdrawalSettled = 1,
        WithdrawalFailed = 1,
    }
}
