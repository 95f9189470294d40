//! What each order and each credit note means to the reports: where its products belonged, what was paid for, what came
//! back, and on which days. The sums over them are `sales_figures`, kept beside these rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use events::ids::{AccountId, CategoryId, CreditNoteId, OrderId, ProductId};
use events::money::Currency;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use uuid::Uuid;

use crate::periods::{Period, Unit};
use crate::record::{self, Binds, Change, Key, Record, RowError};
use crate::sales_figures::{FiguresKey, Part, SalesFigures, Scope};
use crate::store::StoreError;
use crate::sums::{self, Sum};
use crate::table::{Table, text};

/// The periods that sales are compared in. Weeks are summed from their days: a row for each line's week would cost a fifth of
/// all that is written here.
const UNITS: &[Unit] = &[Unit::Day, Unit::Month, Unit::Year, Unit::All];
/// What a person bought is only ever told over time, which days do for.
const UNITS_OF_BUYER: &[Unit] = &[Unit::Day];

/// What was sold or taken back under one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SaleId {
    Order(OrderId),
    CreditNote(CreditNoteId),
}

impl SaleId {
    fn columns(self) -> (&'static str, Uuid) {
        match self {
            Self::Order(OrderId(id)) => ("order", id),
            Self::CreditNote(CreditNoteId(id)) => ("credit_note", id),
        }
    }
}

impl Key for SaleId {
    fn bind(&self, binds: &mut Binds) {
        let (kind, id) = self.columns();
        binds.text(kind).shown(id);
    }
}

/// Where a product belonged when it was sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    pub category: Option<CategoryId>,
    /// The shop itself if missing.
    pub seller: Option<AccountId>,
}

/// Units and money of one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedLine {
    pub product: ProductId,
    pub units: i64,
    pub amount_minor: i64,
}

/// A payment, or what took one back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    pub taken_back: bool,
    /// In UTC.
    pub day: NaiveDate,
    pub country: String,
    pub currency: Currency,
    pub lines: Vec<MovedLine>,
}

/// A row of `sales_records`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesRecord {
    #[serde(skip, default = "nothing")]
    pub id: SaleId,
    pub buyer: Option<AccountId>,
    /// Of the products that belong to a category or a seller.
    pub origins: BTreeMap<ProductId, Origin>,
    pub movements: Vec<Movement>,
}

/// Stands for the id until it is read from its own columns.
fn nothing() -> SaleId {
    SaleId::Order(OrderId::default())
}

impl SalesRecord {
    pub fn new(id: SaleId) -> Self {
        Self {
            id,
            buyer: None,
            origins: BTreeMap::new(),
            movements: Vec::new(),
        }
    }

    /// Notes where a product belongs; to nobody and nowhere goes without saying.
    pub fn belongs(&mut self, product: ProductId, origin: Origin) {
        if origin != Origin::default() {
            self.origins.insert(product, origin);
        }
    }

    /// What this adds to the sums.
    fn figures(&self) -> Vec<SalesFigures> {
        let movements = self.movements.iter();
        movements.flat_map(|movement| self.figures_of(movement)).collect()
    }

    fn figures_of(&self, movement: &Movement) -> Vec<SalesFigures> {
        let mut sums = BTreeMap::<(Scope, Part), (i64, i64)>::new();
        for line in &movement.lines {
            for part in self.parts_of(line, &movement.country) {
                let (units, amount) = sums.entry(part).or_default();
                *units = units.wrapping_add(line.units);
                *amount = amount.wrapping_add(line.amount_minor);
            }
        }
        let mut figures = Vec::with_capacity(sums.len() * UNITS.len());
        for ((scope, part), (units, amount_minor)) in sums {
            let periods = match scope {
                Scope::Buyer(_) => UNITS_OF_BUYER,
                Scope::Shop | Scope::Seller(_) => UNITS,
            };
            for unit in periods {
                let key = FiguresKey {
                    scope,
                    part: part.clone(),
                    currency: movement.currency,
                    period: Period::of(*unit, movement.day),
                };
                let mut sum = SalesFigures::none(key);
                if movement.taken_back {
                    (sum.reversals, sum.returned_units, sum.refunded_minor) = (1, units, amount_minor);
                } else {
                    (sum.orders, sum.units, sum.gross_minor) = (1, units, amount_minor);
                }
                figures.push(sum);
            }
        }
        figures
    }

    /// Whose sale a line is, and under which headings it counts.
    fn parts_of(&self, line: &MovedLine, country: &str) -> BTreeSet<(Scope, Part)> {
        let Origin { category, seller } = self.origins.get(&line.product).copied().unwrap_or_default();
        let sold = [
            Part::all(),
            Part::category(category),
            Part::country(country),
            Part::product(line.product),
        ];
        let mut parts = BTreeSet::from([(Scope::Shop, Part::seller(seller))]);
        parts.extend(sold.iter().cloned().map(|part| (Scope::Shop, part)));
        if let Some(seller) = seller {
            parts.extend(sold.into_iter().map(|part| (Scope::Seller(seller), part)));
        }
        if let Some(buyer) = self.buyer {
            parts.insert((Scope::Buyer(buyer), Part::all()));
        }
        parts
    }
}

impl Record for SalesRecord {
    type Key = SaleId;

    const TABLE: Table = Table {
        name: "sales_records",
        columns: &[
            // `order` or `credit_note`.
            text("kind"),
            text("id"),
            // A `SalesRecord`.
            text("doc"),
        ],
        key: 2,
        indexes: &[],
    };

    fn key(&self) -> SaleId {
        self.id
    }

    fn bind(&self, binds: &mut Binds) {
        self.id.bind(binds);
        binds.json(self);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        let kind: &str = row.try_get("kind")?;
        let id: Uuid = record::shown(row, "id")?;
        let id = match kind {
            "order" => SaleId::Order(OrderId(id)),
            "credit_note" => SaleId::CreditNote(CreditNoteId(id)),
            _ => {
                return Err(RowError::Value {
                    column: "kind",
                    reason: format!("{kind:?} is none"),
                });
            }
        };
        Ok(Self {
            id,
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
