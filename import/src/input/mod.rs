//! From a file's rows to records. Every file is read twice: a survey first, which finds how many rows there
//! are, which of them belong together and which customers they name; then the reading that yields the records
//! in the file's order. Neither holds more in memory than the groups that are open at a time.
//!
//! A row that's wrong is rejected with its place and a reason. Sending is left to `upload`.

pub(crate) mod online_retail;
mod orders_csv;
mod orders_json;
mod products;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use events::money::Currency;

use crate::error::ImportError;
use crate::options::{Dataset, Format};
use crate::records::{CategoryPath, Product, Sale};
use bulk::Rejection;
use bulk::Source;

/// What a reading yields.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Product(Product),
    Sale(Sale),
    Rejected(Rejection),
}

impl Item {
    /// How many of the file's rows it accounts for: all of them together are all of the file's.
    #[cfg(test)]
    pub fn rows(&self) -> u64 {
        let rows = match self {
            Self::Product(product) => product.rows.len(),
            Self::Sale(sale) => sale.lines.len(),
            Self::Rejected(_) => 1,
        };
        rows as u64
    }
}

/// Where a reading puts what it yields; `Break` ends it.
pub type Sink<'a> = dyn FnMut(Item) -> ControlFlow<()> + 'a;

/// What the first reading finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Rows with data. In JSON a sale's lines are its rows.
    pub rows: u64,
    /// How many rows share a key, by key: a group is complete when all of them were seen, adjacent or not.
    pub group_sizes: BTreeMap<String, u32>,
    /// The email of every customer that the sales name.
    pub customers: BTreeMap<String, Option<String>>,
    pub categories: BTreeSet<CategoryPath>,
    /// What the sales need and no file lists.
    pub products: Vec<Product>,
}

/// A file with what its rows mean.
#[derive(Debug)]
pub struct Input {
    pub source: Source,
    pub dataset: Dataset,
    pub format: Format,
    pub currency: Currency,
}

impl Input {
    /// The first reading.
    pub fn survey(&self) -> Result<Survey, ImportError> {
        match (self.dataset, self.format) {
            (Dataset::OnlineRetail, Format::Csv) => online_retail::survey(self),
            (Dataset::OnlineRetail, _) => Err(ImportError::FormatUnsupported {
                dataset: self.dataset,
            }),
            (Dataset::Products, _) => products::survey(self),
            (Dataset::Orders, Format::Csv) => orders_csv::survey(self),
            (Dataset::Orders, _) => orders_json::survey(self),
        }
    }

    /// The second reading, given what the first one found.
    pub fn read(&self, survey: &Survey, sink: &mut Sink) -> Result<(), ImportError> {
        match (self.dataset, self.format) {
            (Dataset::OnlineRetail, _) => online_retail::read(self, survey, sink),
            (Dataset::Products, _) => products::read(self, survey, sink),
            (Dataset::Orders, Format::Csv) => orders_csv::read(self, survey, sink),
            (Dataset::Orders, _) => orders_json::read(self, sink),
        }
    }
}

/// Puts one item after the other; `Break` when the sink has had enough.
fn put_all(items: impl IntoIterator<Item = Item>, sink: &mut Sink) -> ControlFlow<()> {
    items.into_iter().try_for_each(sink)
}
