//! The products that the invoices are about, drawn from their lines.

use std::collections::BTreeMap;

use events::ids::Sku;
use events::money::{Currency, Money};

use super::line::InvoiceLine;
use crate::records::{Product, SaleKind, Variant};

/// What is known of each stock code so far.
#[derive(Debug, Default)]
pub struct Catalogue(BTreeMap<Sku, Entry>);

#[derive(Debug, Default)]
struct Entry {
    /// How often each description comes, and the place where it came first.
    names: BTreeMap<String, (u32, u64)>,
    /// The last one above zero of a sale; else of a cancellation.
    sold_at: Option<Money>,
    credited_at: Option<Money>,
    units_sold: u64,
}

impl Catalogue {
    /// Takes a line that will be recorded.
    pub fn add(&mut self, line: &InvoiceLine) {
        let entry = self.0.entry(line.sku.clone()).or_default();
        if !line.description.is_empty() {
            let (times, _) = entry
                .names
                .entry(line.description.clone())
                .or_insert((0, line.row));
            *times += 1;
        }
        let charged = line.unit_price.is_positive().then_some(line.unit_price);
        match line.kind {
            SaleKind::Order => {
                entry.sold_at = charged.or(entry.sold_at);
                entry.units_sold += u64::from(line.quantity);
            }
            SaleKind::CreditNote => entry.credited_at = charged.or(entry.credited_at),
        }
    }

    /// One product per stock code, in the order of the codes: named by its most frequent description (the
    /// first of them, if several are), at its latest price above zero, with the units that its sales need.
    pub fn into_products(self, currency: Currency) -> Vec<Product> {
        let product = |(sku, entry): (Sku, Entry)| Product {
            rows: Vec::new(),
            name: entry.name().unwrap_or_else(|| sku.as_str().to_owned()),
            description: String::new(),
            category: None,
            attributes: BTreeMap::new(),
            variants: vec![Variant {
                price: entry
                    .sold_at
                    .or(entry.credited_at)
                    .unwrap_or(Money::zero(currency)),
                // More than the API can take would be refused there, order by order, with a reason.
                quantity: Some(u32::try_from(entry.units_sold).unwrap_or(u32::MAX)),
                options: BTreeMap::new(),
                sku,
            }],
        };
        self.0.into_iter().map(product).collect()
    }
}

impl Entry {
    fn name(&self) -> Option<String> {
        self.names
            .iter()
            .max_by_key(|(_, (times, first_row))| (*times, u64::MAX - first_row))
            .map(|(name, _)| name.clone())
    }
}
