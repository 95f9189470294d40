//! Sales in sums: of the shop and of each seller, in all and by category, country, seller and product, per day, month, year
//! and of all time; and of each buyer, in all, per day. A sale counts on the day of its payment, a reversal on its own day.
//!
//! They are kept beside `sales_records`. Every answer reads a few of these rows, however many orders there are.

use std::fmt;
use std::str::FromStr;

use events::ids::{AccountId, CategoryId, ProductId};
use events::money::Currency;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::periods::Period;
use crate::record::{self, Binds, Key, Record, RowError};
use crate::sums::Sum;
use crate::table::{Table, int, text};

/// Whose figures they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everything that was sold.
    Shop,
    /// What this seller sold.
    Seller(AccountId),
    /// What this person bought.
    Buyer(AccountId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shop => f.write_str("shop"),
            Self::Seller(account) => write!(f, "seller:{account}"),
            Self::Buyer(account) => write!(f, "buyer:{account}"),
        }
    }
}

/// A text that names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no scope")]
pub struct ScopeError {
    text: String,
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let scope = match text.split_once(':') {
            None if text == "shop" => Some(Self::Shop),
            Some(("seller", account)) => account.parse().ok().map(Self::Seller),
            Some(("buyer", account)) => account.parse().ok().map(Self::Buyer),
            _ => None,
        };
        scope.ok_or_else(|| ScopeError {
            text: text.to_owned(),
        })
    }
}

/// By what sales are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    All,
    Category,
    Country,
    Seller,
    Product,
}

impl Dimension {
    const EVERY: [Self; 5] = [
        Self::All,
        Self::Category,
        Self::Country,
        Self::Seller,
        Self::Product,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Category => "category",
            Self::Country => "country",
            Self::Seller => "seller",
            Self::Product => "product",
        }
    }
}

/// Which part of a scope's sales: those of one value of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    pub dimension: Dimension,
    /// The country or the id. Empty for all, for no category, and for the shop's own.
    pub value: String,
}

impl Part {
    pub fn all() -> Self {
        Self {
            dimension: Dimension::All,
            value: String::new(),
        }
    }

    pub fn category(category: Option<CategoryId>) -> Self {
        Self {
            dimension: Dimension::Category,
            value: category.map(|id| id.to_string()).unwrap_or_default(),
        }
    }

    pub fn country(country: &str) -> Self {
        Self {
            dimension: Dimension::Country,
            // As a column can hold it: a row must be found under the key that it was written with.
            value: country.replace('\0', "\u{FFFD}"),
        }
    }

    pub fn seller(seller: Option<AccountId>) -> Self {
        Self {
            dimension: Dimension::Seller,
            value: seller.map(|id| id.to_string()).unwrap_or_default(),
        }
    }

    pub fn product(product: ProductId) -> Self {
        Self {
            dimension: Dimension::Product,
            value: product.to_string(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FiguresKey {
    pub scope: Scope,
    pub part: Part,
    pub currency: Currency,
    pub period: Period,
}

impl Key for FiguresKey {
    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.scope)
            .text(self.part.dimension.as_str())
            .text(&self.part.value)
            .shown(self.currency)
            .text(self.period.column());
    }
}

/// A row of `sales_figures`. Money is in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesFigures {
    pub key: FiguresKey,
    /// Orders that were paid.
    pub orders: i64,
    /// Units in them.
    pub units: i64,
    /// What they came to.
    pub gross_minor: i64,
    /// Paid orders that were cancelled, returns and credit notes.
    pub reversals: i64,
    pub returned_units: i64,
    /// What they took back, as a positive number.
    pub refunded_minor: i64,
}

impl SalesFigures {
    /// What was sold less what came back.
    pub fn net_minor(&self) -> i64 {
        self.gross_minor.wrapping_sub(self.refunded_minor)
    }

    /// Units sold less those that came back.
    pub fn net_units(&self) -> i64 {
        self.units.wrapping_sub(self.returned_units)
    }

    fn figures(&mut self) -> [&mut i64; 6] {
        [
            &mut self.orders,
            &mut self.units,
            &mut self.gross_minor,
            &mut self.reversals,
            &mut self.returned_units,
            &mut self.refunded_minor,
        ]
    }
}

impl Sum for SalesFigures {
    fn none(key: FiguresKey) -> Self {
        Self {
            key,
            orders: 0,
            units: 0,
            gross_minor: 0,
            reversals: 0,
            returned_units: 0,
            refunded_minor: 0,
        }
    }

    fn add(&mut self, other: &Self, sign: i64) {
        let mut other = other.clone();
        for (figure, more) in self.figures().into_iter().zip(other.figures()) {
            *figure = figure.wrapping_add(more.wrapping_mul(sign));
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::none(self.key.clone())
    }
}

impl Record for SalesFigures {
    type Key = FiguresKey;

    const TABLE: Table = Table {
        name: "sales_figures",
        columns: &[
            // `shop`, `seller:…` or `buyer:…`.
            text("scope"),
            // `all`, `category`, `country`, `seller` or `product`.
            text("dimension"),
            text("value"),
            text("currency"),
            // Such as `month:2011-03-01`.
            text("period"),
            int("orders"),
            int("units"),
            int("gross_minor"),
            int("reversals"),
            int("returned_units"),
            int("refunded_minor"),
            // To rank by.
            int("net_units"),
            int("net_minor"),
        ],
        // A series over time is a range of the key.
        key: 5,
        // A ranking within a period is the end of one of these.
        indexes: &[
            "scope, dimension, currency, period, net_minor, value",
            "scope, dimension, currency, period, net_units, value",
        ],
    };

    fn key(&self) -> FiguresKey {
        self.key.clone()
    }

    fn bind(&self, binds: &mut Binds) {
        self.key.bind(binds);
        binds
            .int(self.orders)
            .int(self.units)
            .int(self.gross_minor)
            .int(self.reversals)
            .int(self.returned_units)
            .int(self.refunded_minor)
            .int(self.net_units())
            .int(self.net_minor());
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        let wrong = |column, text: &str| RowError::Value {
            column,
            reason: format!("{text:?} is none"),
        };
        let dimension: &str = row.try_get("dimension")?;
        let known = Dimension::EVERY
            .into_iter()
            .find(|known| known.as_str() == dimension);
        let period: &str = row.try_get("period")?;
        Ok(Self {
            key: FiguresKey {
                scope: record::shown(row, "scope")?,
                part: Part {
                    dimension: known.ok_or_else(|| wrong("dimension", dimension))?,
                    value: row.try_get("value")?,
                },
                currency: record::shown(row, "currency")?,
                period: Period::from_column(period).ok_or_else(|| wrong("period", period))?,
            },
            orders: row.try_get("orders")?,
            units: row.try_get("units")?,
            gross_minor: row.try_get("gross_minor")?,
            reversals: row.try_get("reversals")?,
            returned_units: row.try_get("returned_units")?,
            refunded_minor: row.try_get("refunded_minor")?,
        })
    }
}
