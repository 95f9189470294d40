//! Every movement of every wallet, with the balance after it.

use chrono::{DateTime, Utc};
use events::envelope::Position;
use events::ids::{AccountId, OrderId, PaymentId, RefundId, WithdrawalId};
use events::money::Money;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

/// Why a wallet's balance changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum MovementReason {
    Deposit(PaymentId),
    Refund(RefundId),
    Purchase(OrderId),
    /// What the owner sold, less the shop's fee.
    Sale(OrderId),
    /// A sale was taken back.
    SaleReversed(OrderId),
    /// The shop put in what was missing for a sale taken back.
    DebtIncurred(OrderId),
    /// Paid back out of a sale.
    DebtRepaid(OrderId),
    Withdrawal(WithdrawalId),
    /// The bank didn't take it, and the money is back.
    WithdrawalFailed(WithdrawalId),
}

/// A row of `wallet_entries`, and its document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletEntry {
    pub account: AccountId,
    pub position: Position,
    pub at: DateTime<Utc>,
    /// Positive came in, negative went out.
    pub amount: Money,
    pub balance: Money,
    pub reason: MovementReason,
}

impl Record for WalletEntry {
    type Key = (AccountId, Position);

    const TABLE: Table = Table {
        name: "wallet_entries",
        columns: &[
            text("account"),
            int("position"),
            text("currency"),
            int("amount_minor"),
            int("balance_minor"),
            // A `WalletEntry`.
            text("doc"),
        ],
        key: 2,
        indexes: &[],
    };

    fn key(&self) -> Self::Key {
        (self.account, self.position)
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.account)
            .count(self.position)
            .shown(self.amount.currency())
            .int(self.amount.amount_minor())
            .int(self.balance.amount_minor())
            .json(self);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        record::json(row, "doc")
    }
}
