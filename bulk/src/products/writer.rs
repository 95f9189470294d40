//! Products into NDJSON, a JSON array or CSV, one after the other. The same products give the same bytes.

use std::collections::BTreeSet;

use super::{ExportedProduct, ExportedVariant};
use crate::csv_table::{ATTRIBUTE_PREFIX, OPTION_PREFIX};
use crate::format::Format;
use crate::guard::guarded;

const COLUMNS: [&str; 8] = [
    "product",
    "sku",
    "name",
    "description",
    "category",
    "price",
    "currency",
    "quantity",
];

/// A product with an option or attribute for which the header has no column: it came after the header was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the header has no column {column:?}")]
pub struct UnknownColumn {
    column: String,
}

/// See the module. It writes into buffers that it's given; where those go is the caller's.
#[derive(Debug, Clone)]
pub struct ProductWriter {
    format: Format,
    /// Of the attributes and options of all products, in their order, since a CSV's header names them all.
    columns: Vec<String>,
    is_empty: bool,
}

impl ProductWriter {
    /// `columns` are the [`columns_of`](Self::columns_of) all products; only CSV needs them.
    pub fn new(format: Format, columns: BTreeSet<String>) -> Self {
        Self {
            format,
            columns: columns.into_iter().collect(),
            is_empty: true,
        }
    }

    /// The columns that a product's attributes and options need.
    pub fn columns_of(product: &ExportedProduct) -> impl Iterator<Item = String> {
        let attributes = product.attributes.keys();
        let attributes = attributes.map(|name| format!("{ATTRIBUTE_PREFIX}{}", name.trim()));
        let options = product.variants.iter().flat_map(|variant| variant.options.keys());
        attributes.chain(options.map(|name| format!("{OPTION_PREFIX}{}", name.trim())))
    }

    /// What comes before the first product.
    pub fn begin(&self, out: &mut Vec<u8>) {
        match self.format {
            Format::Csv => {
                let columns = COLUMNS.into_iter().map(ToOwned::to_owned);
                write_row(out, columns.chain(self.columns.iter().cloned()));
            }
            Format::Json | Format::Ndjson => {}
        }
    }

    pub fn write(&mut self, product: &ExportedProduct, out: &mut Vec<u8>) -> Result<(), UnknownColumn> {
        match self.format {
            Format::Csv => self.write_rows(product, out)?,
            Format::Json => {
                out.extend_from_slice(if self.is_empty { b"[\n" } else { b",\n" });
                write_json(product, out);
            }
            Format::Ndjson => {
                write_json(product, out);
                out.push(b'\n');
            }
        }
        self.is_empty = false;
        Ok(())
    }

    /// What comes after the last product.
    pub fn end(&self, out: &mut Vec<u8>) {
        if self.format == Format::Json {
            out.extend_from_slice(if self.is_empty { b"[]\n" } else { b"\n]\n" });
        }
    }

    fn write_rows(&self, product: &ExportedProduct, out: &mut Vec<u8>) -> Result<(), UnknownColumn> {
        let unknown = Self::columns_of(product).find(|column| self.columns.binary_search(column).is_err());
        if let Some(column) = unknown {
            return Err(UnknownColumn { column });
        }
        let text = |text: &str| guarded(text.trim()).into_owned();
        let key = product
            .variants
            .first()
            .map_or("", |variant| variant.sku.as_str());
        for variant in &product.variants {
            let fields = [
                text(key),
                text(variant.sku.as_str()),
                text(&product.name),
                text(&product.description),
                text(product.category.as_deref().unwrap_or("")),
                variant.price.to_decimal(),
                variant.price.currency().code().to_owned(),
                variant.quantity.to_string(),
            ];
            let others = self.columns.iter();
            let others = others.map(|column| text(cell(product, variant, column)));
            write_row(out, fields.into_iter().chain(others));
        }
        Ok(())
    }
}

/// A product's attribute or a variant's option by the name of its column.
fn cell<'p>(product: &'p ExportedProduct, variant: &'p ExportedVariant, column: &str) -> &'p str {
    let (texts, wanted) = match column.strip_prefix(OPTION_PREFIX) {
        Some(option) => (&variant.options, option),
        None => (
            &product.attributes,
            column.strip_prefix(ATTRIBUTE_PREFIX).unwrap_or(column),
        ),
    };
    let found = texts.iter().find(|(name, _)| name.trim() == wanted);
    found.map_or("", |(_, value)| value)
}

/// # Panics
/// Never: a buffer in memory takes every write, and texts always have a JSON form.
fn write_json(product: &ExportedProduct, out: &mut Vec<u8>) {
    serde_json::to_writer(out, product).expect("a plain struct has a JSON form");
}

/// # Panics
/// Never: a buffer in memory takes every write.
fn write_row(out: &mut Vec<u8>, fields: impl Iterator<Item = String>) {
    let mut row = csv::Writer::from_writer(out);
    row.write_record(fields).expect("a buffer takes every write");
    row.flush().expect("a buffer takes every write");
}
