//! Products: their rows in a file, read in two passes, and their way back into one.
//!
//! The survey comes first; it finds how many rows there are, which of them belong together, and the categories that they
//! name. Then the reading yields the products in the file's order. Neither holds more in memory than the groups that are
//! open at a time.

mod category_path;
mod csv;
mod json;
mod product;
#[cfg(test)]
mod round_trip;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use events::money::Currency;

use crate::error::BulkError;
use crate::format::Format;
use crate::rejection::Rejection;
use crate::source::Source;

pub use category_path::CategoryPath;
pub use csv::{same_or_first, spoiled};
pub use product::{ExportedProduct, ExportedVariant, Product, Variant};
pub use writer::{ProductWriter, UnknownColumn};

/// What a reading yields.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Product(Product),
    Rejected(Rejection),
}

impl Item {
    /// How many of the file's rows it accounts for: all of them together are all of the file's.
    pub fn rows(&self) -> u64 {
        match self {
            Self::Product(product) => product.rows.len() as u64,
            Self::Rejected(_) => 1,
        }
    }
}

/// Where a reading puts what it yields; `Break` ends it.
pub type Sink<'a> = dyn FnMut(Item) -> ControlFlow<()> + 'a;

/// What the first reading finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Rows with data. In JSON a product is one row.
    pub rows: u64,
    /// How many rows share a key, by key: a product is complete when all of them were seen, adjacent or not.
    pub group_sizes: BTreeMap<String, u32>,
    pub categories: BTreeSet<CategoryPath>,
}

/// A file of products.
#[derive(Debug, Clone, Copy)]
pub struct ProductsFile<'s> {
    pub source: &'s Source,
    pub format: Format,
    /// Of prices that come without one.
    pub currency: Currency,
}

impl ProductsFile<'_> {
    /// The first reading.
    pub fn survey(&self) -> Result<Survey, BulkError> {
        match self.format {
            Format::Csv => csv::survey(self),
            Format::Ndjson | Format::Json => json::survey(self),
        }
    }

    /// The second reading, given what the first one found.
    pub fn read(&self, survey: &Survey, sink: &mut Sink) -> Result<(), BulkError> {
        match self.format {
            Format::Csv => csv::read(self, survey, sink),
            Format::Ndjson | Format::Json => json::read(self, sink),
        }
    }
}

/// Puts one item after the other; `Break` when the sink has had enough.
fn put_all(items: impl IntoIterator<Item = Item>, sink: &mut Sink) -> ControlFlow<()> {
    items.into_iter().try_for_each(sink)
}
