//! Customers and carts in sums, per day, week, month and year: who bought for the first time, who came back, how many
//! carts were begun and what became of them. Kept beside `customers`.
//!
//! A week's customers aren't the sum of its days', since who bought on two of them is one customer; hence a row for each
//! length of period.

use sqlx::Row;
use sqlx::any::AnyRow;

use crate::periods::Period;
use crate::record::{Binds, Key, Record, RowError};
use crate::sums::Sum;
use crate::table::{Table, int, text};

impl Key for Period {
    fn bind(&self, binds: &mut Binds) {
        binds.text(self.column());
    }
}

/// A row of `customer_figures`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerFigures {
    pub period: Period,
    /// Bought in the period and never before it.
    pub new_customers: i64,
    /// Bought in the period and before it.
    pub returning_customers: i64,
    /// Something was put into an empty cart.
    pub carts_begun: i64,
    /// Carts that became an order in the period.
    pub carts_ordered: i64,
    /// Of the carts begun in the period, those that became an order, whenever.
    pub carts_converted: i64,
}

impl CustomerFigures {
    fn figures(&mut self) -> [&mut i64; 5] {
        [
            &mut self.new_customers,
            &mut self.returning_customers,
            &mut self.carts_begun,
            &mut self.carts_ordered,
            &mut self.carts_converted,
        ]
    }
}

impl Sum for CustomerFigures {
    fn none(period: Period) -> Self {
        Self {
            period,
            new_customers: 0,
            returning_customers: 0,
            carts_begun: 0,
            carts_ordered: 0,
            carts_converted: 0,
        }
    }

    fn add(&mut self, other: &Self, sign: i64) {
        let mut other = other.clone();
        for (figure, more) in self.figures().into_iter().zip(other.figures()) {
            *figure = figure.wrapping_add(more.wrapping_mul(sign));
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::none(self.period)
    }
}

impl Record for CustomerFigures {
    type Key = Period;

    const TABLE: Table = Table {
        name: "customer_figures",
        columns: &[
            // Such as `month:2011-03-01`.
            text("period"),
            int("new_customers"),
            int("returning_customers"),
            int("carts_begun"),
            int("carts_ordered"),
            int("carts_converted"),
        ],
        key: 1,
        indexes: &[],
    };

    fn key(&self) -> Period {
        self.period
    }

    fn bind(&self, binds: &mut Binds) {
        self.period.bind(binds);
        binds
            .int(self.new_customers)
            .int(self.returning_customers)
            .int(self.carts_begun)
            .int(self.carts_ordered)
            .int(self.carts_converted);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        let period: &str = row.try_get("period")?;
        let known = Period::from_column(period).ok_or_else(|| RowError::Value {
            column: "period",
            reason: format!("{period:?} is none"),
        });
        Ok(Self {
            period: known?,
            new_customers: row.try_get("new_customers")?,
            returning_customers: row.try_get("returning_customers")?,
            carts_begun: row.try_get("carts_begun")?,
            carts_ordered: row.try_get("carts_ordered")?,
            carts_converted: row.try_get("carts_converted")?,
        })
    }
}
