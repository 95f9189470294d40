//! How many items there are in each state: of the shop as a whole, and of each seller. Kept beside the products' rows.

use events::ids::AccountId;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::products::{Product, ProductStatus};
use crate::record::{self, Binds, Key, Record, RowError};
use crate::sales_figures::Scope;
use crate::sums::Sum;
use crate::table::{Table, int, text};

impl Key for Scope {
    fn bind(&self, binds: &mut Binds) {
        binds.shown(self);
    }
}

/// A row of `item_counts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemCounts {
    pub scope: Scope,
    /// On sale with units to buy.
    pub on_sale: i64,
    /// On sale, and every unit is sold or promised.
    pub sold_out: i64,
    /// Taken off sale by their owner.
    pub archived: i64,
    pub removed: i64,
}

impl ItemCounts {
    /// What a product adds to the counts of everything and of its seller.
    pub fn of(product: &Product) -> Vec<Self> {
        let document = &product.document;
        let mut one = Self::none(Scope::Shop);
        match document.status {
            ProductStatus::Announced => return Vec::new(),
            ProductStatus::Active if document.variants.iter().any(|variant| variant.available > 0) => {
                one.on_sale = 1;
            }
            ProductStatus::Active => one.sold_out = 1,
            ProductStatus::Archived => one.archived = 1,
            ProductStatus::Removed => one.removed = 1,
        }
        let of_seller = |seller: AccountId| Self {
            scope: Scope::Seller(seller),
            ..one.clone()
        };
        let mut counts = Vec::from_iter(document.seller.map(of_seller));
        counts.push(one);
        counts
    }

    fn counts(&mut self) -> [&mut i64; 4] {
        [
            &mut self.on_sale,
            &mut self.sold_out,
            &mut self.archived,
            &mut self.removed,
        ]
    }
}

impl Sum for ItemCounts {
    fn none(scope: Scope) -> Self {
        Self {
            scope,
            on_sale: 0,
            sold_out: 0,
            archived: 0,
            removed: 0,
        }
    }

    fn add(&mut self, other: &Self, sign: i64) {
        let mut other = other.clone();
        for (count, more) in self.counts().into_iter().zip(other.counts()) {
            *count = count.wrapping_add(more.wrapping_mul(sign));
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::none(self.scope)
    }
}

impl Record for ItemCounts {
    type Key = Scope;

    const TABLE: Table = Table {
        name: "item_counts",
        columns: &[
            // `shop` or `seller:…`.
            text("scope"),
            int("on_sale"),
            int("sold_out"),
            int("archived"),
            int("removed"),
        ],
        key: 1,
        indexes: &[],
    };

    fn key(&self) -> Scope {
        self.scope
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.scope)
            .int(self.on_sale)
            .int(self.sold_out)
            .int(self.archived)
            .int(self.removed);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            scope: record::shown(row, "scope")?,
            on_sale: row.try_get("on_sale")?,
            sold_out: row.try_get("sold_out")?,
            archived: row.try_get("archived")?,
            removed: row.try_get("removed")?,
        })
    }
}
