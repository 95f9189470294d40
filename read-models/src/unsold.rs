//! What each seller offers and hasn't sold, in sums per currency. Kept beside the products' rows and in their
//! transaction: whose a product is stands there, and not in the events of its stock.

use std::collections::BTreeMap;

use events::ids::AccountId;
use events::money::Currency;
use sqlx::AnyConnection;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::products::{Product, ProductStatus};
use crate::record::{self, Binds, Change, Record, RowError};
use crate::store::{self, StoreError};
use crate::table::{Of, Table, int, text};

/// A row of `unsold`; there is none where a seller offers nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsold {
    pub seller: AccountId,
    pub currency: Currency,
    /// Products on sale with units to buy.
    pub products: i64,
    pub units: i64,
    /// What the units would come to, in minor units. A price times a stock can be more than 64 bits hold.
    pub value_minor: i128,
}

impl Unsold {
    fn none((seller, currency): (AccountId, Currency)) -> Self {
        Self {
            seller,
            currency,
            products: 0,
            units: 0,
            value_minor: 0,
        }
    }

    /// What one product adds to its seller's sums; nothing if it is the shop's own, off sale or sold out.
    fn of(product: &Product) -> Option<Self> {
        let document = &product.document;
        let seller = document.seller?;
        if document.status != ProductStatus::Active {
            return None;
        }
        let currency = document.variants.first()?.price.currency();
        let mut unsold = Self::none((seller, currency));
        for variant in &document.variants {
            unsold.units += variant.available;
            unsold.value_minor += i128::from(variant.price.amount_minor()) * i128::from(variant.available);
        }
        unsold.products = i64::from(unsold.units > 0);
        (unsold.units > 0).then_some(unsold)
    }

    fn add(&mut self, other: &Self, sign: i64) {
        self.products += sign * other.products;
        self.units += sign * other.units;
        self.value_minor += i128::from(sign) * other.value_minor;
    }

    fn is_nothing(&self) -> bool {
        self.products == 0 && self.units == 0 && self.value_minor == 0
    }
}

/// Brings the sums up to date with these changes of products.
pub async fn save(
    conn: &mut AnyConnection,
    generation: u64,
    changes: &[Change<Product>],
) -> Result<(), StoreError> {
    let mut moved = BTreeMap::<_, Unsold>::new();
    for Change { old, new } in changes {
        let before = old.as_ref().and_then(Unsold::of);
        let after = new.as_ref().and_then(Unsold::of);
        for (sums, sign) in [(before, -1), (after, 1)] {
            let Some(sums) = sums else { continue };
            let key = sums.key();
            moved
                .entry(key)
                .or_insert_with(|| Unsold::none(key))
                .add(&sums, sign);
        }
    }
    moved.retain(|_, change| !change.is_nothing());
    if moved.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = moved.keys().copied().collect();
    let mut rows = store::load::<Unsold>(conn, Of::Generation(generation), &keys).await?;
    let (mut kept, mut gone) = (vec![], vec![]);
    for (key, change) in moved {
        let mut row = rows.remove(&key).unwrap_or_else(|| Unsold::none(key));
        row.add(&change, 1);
        if row.is_nothing() {
            gone.push(key);
        } else {
            kept.push(row);
        }
    }
    store::delete::<Unsold>(conn, generation, &gone).await?;
    store::upsert(conn, generation, &kept).await
}

impl Record for Unsold {
    type Key = (AccountId, Currency);

    const TABLE: Table = Table {
        name: "unsold",
        columns: &[
            text("seller"),
            text("currency"),
            int("products"),
            int("units"),
            // A decimal number.
            text("value_minor"),
        ],
        key: 2,
        indexes: &[],
    };

    fn key(&self) -> Self::Key {
        (self.seller, self.currency)
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.seller)
            .shown(self.currency)
            .int(self.products)
            .int(self.units)
            .shown(self.value_minor);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            seller: record::shown(row, "seller")?,
            currency: record::shown(row, "currency")?,
            products: row.try_get("products")?,
            units: row.try_get("units")?,
            value_minor: record::shown(row, "value_minor")?,
        })
    }
}
