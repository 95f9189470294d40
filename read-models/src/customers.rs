//! What each customer means to the reports: on which days they bought, when they began carts, and what became of these.
//! The sums over them are `customer_figures`, kept beside these rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use events::ids::{AccountId, Sku};
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::customer_figures::CustomerFigures;
use crate::periods::{Period, Unit};
use crate::record::{self, Binds, Change, Record, RowError};
use crate::store::StoreError;
use crate::sums::{self, Sum};
use crate::table::{Table, text};

/// The lengths of period that are counted: of all time every customer would be new.
const UNITS: [Unit; 4] = [Unit::Day, Unit::Week, Unit::Month, Unit::Year];

/// A customer's carts of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CartsOfDay {
    pub begun: i64,
    pub ordered: i64,
    /// Of those begun on this day, those that became an order.
    pub converted: i64,
}

/// A row of `customers`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Customer {
    #[serde(skip)]
    pub account: AccountId,
    /// The days, in UTC, on which an order of theirs was paid.
    pub bought: BTreeSet<NaiveDate>,
    /// What is in the cart now.
    pub in_cart: BTreeSet<Sku>,
    /// The day on which the cart was begun; missing while it is empty.
    pub cart_begun: Option<NaiveDate>,
    pub carts: BTreeMap<NaiveDate, CartsOfDay>,
}

impl Customer {
    pub fn new(account: AccountId) -> Self {
        Self {
            account,
            ..Self::default()
        }
    }

    /// What this adds to the sums.
    fn figures(&self) -> Vec<CustomerFigures> {
        let mut figures = Vec::new();
        if let Some(first) = self.bought.first() {
            for unit in UNITS {
                let beginning = Period::of(unit, *first);
                let periods: BTreeSet<_> = self.bought.iter().map(|day| Period::of(unit, *day)).collect();
                figures.extend(periods.into_iter().map(|period| {
                    let is_new = period == beginning;
                    CustomerFigures {
                        new_customers: i64::from(is_new),
                        returning_customers: i64::from(!is_new),
                        ..CustomerFigures::none(period)
                    }
                }));
            }
        }
        for (day, carts) in &self.carts {
            figures.extend(UNITS.map(|unit| CustomerFigures {
                carts_begun: carts.begun,
                carts_ordered: carts.ordered,
                carts_converted: carts.converted,
                ..CustomerFigures::none(Period::of(unit, *day))
            }));
        }
        figures
    }
}

impl Record for Customer {
    type Key = AccountId;

    const TABLE: Table = Table {
        name: "customers",
        columns: &[
            text("account"),
            // A `Customer`.
            text("doc"),
        ],
        key: 1,
        indexes: &[],
    };

    fn key(&self) -> AccountId {
        self.account
    }

    fn bind(&self, binds: &mut Binds) {
        binds.shown(self.account).json(self);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            account: record::shown(row, "account")?,
            ..record::json(row, "doc")?
        })
    }

    async fn save_beside(
        conn: &mut AnyConnection,
        generation: u64,
        changes: &[Change<Self>],
    ) -> Result<(), StoreError> {
        sums::save(conn, generation, changes, Self::figures).await
    }
}
