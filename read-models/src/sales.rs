//! Sales per day: in all, per country and per SKU. Reversals count on the day of the reversal.

use chrono::NaiveDate;
use events::ids::Sku;
use events::money::Currency;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Key, Record, RowError};
use crate::table::{Table, int, text};

/// What a row sums over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    All,
    Country(String),
    Product(Sku),
}

impl Dimension {
    /// As the columns `dimension` and `value` hold it.
    pub fn as_columns(&self) -> (&'static str, &str) {
        match self {
            Self::All => ("all", ""),
            Self::Country(country) => ("country", country),
            Self::Product(sku) => ("product", sku.as_str()),
        }
    }

    fn from_columns(dimension: &str, value: String) -> Option<Self> {
        match dimension {
            "all" => Some(Self::All),
            "country" => Some(Self::Country(value)),
            "product" => Sku::new(value).ok().map(Self::Product),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SalesKey {
    /// In UTC.
    pub day: NaiveDate,
    pub currency: Currency,
    pub dimension: Dimension,
}

impl Key for SalesKey {
    fn bind(&self, binds: &mut Binds) {
        let (dimension, value) = self.dimension.as_columns();
        binds
            .text(dimension)
            .text(value)
            .shown(self.currency)
            .shown(self.day);
    }
}

/// A row of `sales`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sales {
    pub key: SalesKey,
    /// Orders that were paid.
    pub orders: i64,
    /// Units in them.
    pub units: i64,
    pub revenue_minor: i64,
    /// Paid orders that were cancelled, returns and credit notes.
    pub cancellations: i64,
    pub cancelled_units: i64,
    /// What they took back, as a positive number.
    pub cancelled_minor: i64,
}

impl Sales {
    pub fn none(key: SalesKey) -> Self {
        Self {
            key,
            orders: 0,
            units: 0,
            revenue_minor: 0,
            cancellations: 0,
            cancelled_units: 0,
            cancelled_minor: 0,
        }
    }
}

impl Record for Sales {
    type Key = SalesKey;

    const TABLE: Table = Table {
        name: "sales",
        columns: &[
            // `all`, `country` or `product`.
            text("dimension"),
            // Nothing, the country, or the SKU.
            text("value"),
            text("currency"),
            // Such as 2011-06-09, in UTC.
            text("day"),
            int("orders"),
            int("units"),
            int("revenue_minor"),
            int("cancellations"),
            int("cancelled_units"),
            int("cancelled_minor"),
        ],
        key: 4,
        indexes: &["dimension, currency, day"],
    };

    fn key(&self) -> SalesKey {
        self.key.clone()
    }

    fn bind(&self, binds: &mut Binds) {
        self.key.bind(binds);
        binds
            .int(self.orders)
            .int(self.units)
            .int(self.revenue_minor)
            .int(self.cancellations)
            .int(self.cancelled_units)
            .int(self.cancelled_minor);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        let dimension: &str = row.try_get("dimension")?;
        let value: String = row.try_get("value")?;
        let dimension = Dimension::from_columns(dimension, value).ok_or_else(|| RowError::Value {
            column: "dimension",
            reason: format!("{dimension:?} is no dimension, or its value has another shape"),
        })?;
        Ok(Self {
            key: SalesKey {
                day: record::shown(row, "day")?,
                currency: record::shown(row, "currency")?,
                dimension,
            },
            orders: row.try_get("orders")?,
            units: row.try_get("units")?,
            revenue_minor: row.try_get("revenue_minor")?,
            cancellations: row.try_get("cancellations")?,
            cancelled_units: row.try_get("cancelled_units")?,
            cancelled_minor: row.try_get("cancelled_minor")?,
        })
    }
}
