//! Products into NDJSON, a JSON array or CSV, one after the other. The same products give the same bytes.

use std::collections::BTreeSet;

use super::{ExportedProduct, ExportedVariant};
use crate::csv_table::OPTION_PREFIX;
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

/// A product with an option for which the header has no column: it came after the header was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the header has no column for the option {option:?}")]
pub struct UnknownOption {
    option: String,
}

/// See the module. It writes into buffers that it's given; where those go is the caller's.
#[derive(Debug, Clone)]
pub struct ProductWriter {
    format: Format,
    /// Of all products, since a CSV's header names them all.
    options: Vec<String>,
    is_empty: bool,
}

impl ProductWriter {
    /// `options` are the names of all options that occur; only CSV needs them.
    pub fn new(format: Format, options: BTreeSet<String>) -> Self {
        Self {
            format,
            options: options.into_iter().collect(),
            is_empty: true,
        }
    }

    /// The options that a product has.
    pub fn options_of(product: &ExportedProduct) -> impl Iterator<Item = String> {
        let options = product.variants.iter().flat_map(|variant| variant.options.keys());
        options.map(|name| name.trim().to_owned())
    }

    /// What comes before the first product.
    pub fn begin(&self, out: &mut Vec<u8>) {
        match self.format {
            Format::Csv => {
                let options = self.options.iter().map(|name| format!("{OPTION_PREFIX}{name}"));
                let columns = COLUMNS.into_iter().map(ToOwned::to_owned).chain(options);
                write_row(out, columns);
            }
            Format::Json | Format::Ndjson => {}
        }
    }

    pub fn write(&mut self, product: &ExportedProduct, out: &mut Vec<u8>) -> Result<(), UnknownOption> {
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

    fn write_rows(&self, product: &ExportedProduct, out: &mut Vec<u8>) -> Result<(), UnknownOption> {
        let unknown = Self::options_of(product).find(|name| self.options.binary_search(name).is_err());
        if let Some(option) = unknown {
            return Err(UnknownOption { option });
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
            let options = self.options.iter().map(|name| text(option(variant, name)));
            write_row(out, fields.into_iter().chain(options));
        }
        Ok(())
    }
}

/// A variant's option by the name that its column has.
fn option<'v>(variant: &'v ExportedVariant, column: &str) -> &'v str {
    let mut options = variant.options.iter();
    let found = options.find(|(name, _)| name.trim() == column);
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
