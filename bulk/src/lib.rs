//! Bulk data as files have it: products in CSV, NDJSON and JSON, read row by row and written so that they are read again
//! to the same; and the tables and fields that every such file is made of.
//!
//! `tillstream import` and `POST /api/products/batch` read with it, `GET /api/products/export` and `tillstream export`
//! write with it. What becomes of the rows is theirs.

pub mod csv_table;
mod error;
pub mod field;
mod format;
pub mod grouping;
mod guard;
pub mod json_items;
pub mod json_price;
pub mod products;
mod rejection;
mod source;

pub use error::BulkError;
pub use format::Format;
pub use products::{
    CategoryPath, ExportedProduct, ExportedVariant, Product, ProductWriter, ProductsFile, Variant,
};
pub use rejection::Rejection;
pub use source::{STANDARD_STREAM, Source};
