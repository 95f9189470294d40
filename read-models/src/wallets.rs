//! What each wallet holds, per currency.

use events::envelope::Position;
use events::ids::AccountId;
use events::money::{Currency, Money};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

/// A row of `wallets`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    pub account: AccountId,
    pub balance: Money,
    /// What has left the balance and not yet arrived at the person's bank.
    pub pending_withdrawals: Money,
    /// The position of the last event that changed the row.
    pub position: Position,
}

impl Wallet {
    pub fn empty(account: AccountId, currency: Currency) -> Self {
        Self {
            account,
            balance: Money::zero(currency),
            pending_withdrawals: Money::zero(currency),
            position: 0,
        }
    }
}

impl Record for Wallet {
    type Key = (AccountId, Currency);

    const TABLE: Table = Table {
        name: "wallets",
        columns: &[
            text("account"),
            text("currency"),
            int("balance_minor"),
            int("pending_minor"),
            int("position"),
        ],
        key: 2,
        indexes: &[],
    };

    fn key(&self) -> Self::Key {
        (self.account, self.balance.currency())
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.account)
            .shown(self.balance.currency())
            .int(self.balance.amount_minor())
            .int(self.pending_withdrawals.amount_minor())
            .count(self.position);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        let currency = record::shown(row, "currency")?;
        Ok(Self {
            account: record::shown(row, "account")?,
            balance: Money::new(row.try_get("balance_minor")?, currency),
            pending_withdrawals: Money::new(row.try_get("pending_minor")?, currency),
            position: record::count(row, "position")?,
        })
    }
}
