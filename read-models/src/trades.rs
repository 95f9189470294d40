//! What each person has bought and sold, in sums per currency. What isn't sold yet is the products' view's.

use events::envelope::Position;
use events::ids::AccountId;
use events::money::Currency;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

/// One side's sums. Money is in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TradeSums {
    /// Orders that were paid.
    pub orders: i64,
    /// Units in them.
    pub units: i64,
    pub amount_minor: i64,
    /// Of the units, what came back.
    pub returned_units: i64,
    /// What was taken back, as a positive number.
    pub returned_minor: i64,
}

/// A row of `trades`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trades {
    pub account: AccountId,
    pub currency: Currency,
    pub purchased: TradeSums,
    pub sold: TradeSums,
    /// What the shop has kept of what was sold, less what it gave back.
    pub fees_minor: i64,
    /// The position of the last event that changed the row.
    pub position: Position,
}

impl Trades {
    pub fn none(account: AccountId, currency: Currency) -> Self {
        Self {
            account,
            currency,
            purchased: TradeSums::default(),
            sold: TradeSums::default(),
            fees_minor: 0,
            position: 0,
        }
    }
}

impl Record for Trades {
    type Key = (AccountId, Currency);

    const TABLE: Table = Table {
        name: "trades",
        columns: &[
            text("account"),
            text("currency"),
            int("purchased_orders"),
            int("purchased_units"),
            int("purchased_minor"),
            int("purchased_returned_units"),
            int("purchased_returned_minor"),
            int("sold_orders"),
            int("sold_units"),
            int("sold_minor"),
            int("sold_returned_units"),
            int("sold_returned_minor"),
            int("fees_minor"),
            int("position"),
        ],
        key: 2,
        indexes: &[],
    };

    fn key(&self) -> Self::Key {
        (self.account, self.currency)
    }

    fn bind(&self, binds: &mut Binds) {
        binds.shown(self.account).shown(self.currency);
        for sums in [&self.purchased, &self.sold] {
            binds
                .int(sums.orders)
                .int(sums.units)
                .int(sums.amount_minor)
                .int(sums.returned_units)
                .int(sums.returned_minor);
        }
        binds.int(self.fees_minor).count(self.position);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            account: record::shown(row, "account")?,
            currency: record::shown(row, "currency")?,
            purchased: TradeSums {
                orders: row.try_get("purchased_orders")?,
                units: row.try_get("purchased_units")?,
                amount_minor: row.try_get("purchased_minor")?,
                returned_units: row.try_get("purchased_returned_units")?,
                returned_minor: row.try_get("purchased_returned_minor")?,
            },
            sold: TradeSums {
                orders: row.try_get("sold_orders")?,
                units: row.try_get("sold_units")?,
                amount_minor: row.try_get("sold_minor")?,
                returned_units: row.try_get("sold_returned_units")?,
                returned_minor: row.try_get("sold_returned_minor")?,
            },
            fees_minor: row.try_get("fees_minor")?,
            position: record::count(row, "position")?,
        })
    }
}
