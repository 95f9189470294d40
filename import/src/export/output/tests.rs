//! What an export writes, the import reads back.

use std::ops::ControlFlow;

use events::money::Currency;
use serde_json::{Value, json};

use super::*;
use crate::categories::Categories;
use crate::export::record;
use crate::input::{Input, Item};
use crate::options::Dataset;
use crate::records::SaleCustomer;
use bulk::Source;

fn product() -> Value {
    json!({"id": "01890000-0000-7000-8000-000000000001", "seller": null, "name": "Shirt", "description": "Soft, \"warm\"\nand red",
        "category": null, "status": "active", "version": 3, "variants": [
        {"sku": "S 1", "options": {"size": "S"}, "price": {"amount": "9.99", "currency": "GBP"},
         "on_hand": 5, "reserved": 2, "available": 3},
        {"sku": "S2", "options": {"colour": "red"}, "price": {"amount": "8.00", "currency": "EUR"},
         "on_hand": 0, "reserved": 0, "available": 0}]})
}

fn order(status: &str) -> Value {
    json!({"id": "01890000-0000-7000-8000-000000000002", "status": status, "reference": null, "country": "France",
        "placed_at": "2011-01-01T10:00:00Z", "customer": "01890000-0000-7000-8000-000000000003",
        "contact": {"name": "Ann", "address": null}, "lines": [
        {"sku": "A", "quantity": 2, "returned": 0, "unit_price": {"amount": "1.50", "currency": "GBP"}}]})
}

/// Writes these, and reads them back with the import's own reading.
fn round_trip(kind: ExportKind, name: &str, items: &[Value]) -> Vec<Item> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let format = Format::of(&path).unwrap();
    let mut output = Output::create(&path, kind, format).unwrap();
    for item in items {
        if let Some(exported) = record::read(kind, item, &Categories::default()).unwrap() {
            output.write(&exported).unwrap();
        }
    }
    assert!(!path.exists(), "nothing is there before it's complete");
    output.finish().unwrap();
    let input = Input {
        source: Source::open(&path).unwrap(),
        dataset: match kind {
            ExportKind::Products => Dataset::Products,
            ExportKind::Orders => Dataset::Orders,
        },
        format,
        currency: Currency::GBP,
    };
    let survey = input.survey().unwrap();
    let mut read = Vec::new();
    let mut sink = |item| {
        read.push(item);
        ControlFlow::Continue(())
    };
    input.read(&survey, &mut sink).unwrap();
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing is left over"
    );
    read
}

#[test]
fn products_come_back_from_every_format() {
    for name in ["p.csv", "p.ndjson", "p.json", "p.csv.gz", "p.json.gz"] {
        let items = round_trip(ExportKind::Products, name, &[product()]);
        let [Item::Product(shirt)] = &items[..] else {
            panic!("{name}: {items:?}");
        };
        assert_eq!(shirt.name, "Shirt");
        assert_eq!(shirt.description, "Soft, \"warm\"\nand red");
        let quantities: Vec<_> = shirt.variants.iter().map(|variant| variant.quantity).collect();
        assert_eq!(
            quantities,
            [Some(3), Some(0)],
            "{name}: what is promised isn't for sale"
        );
        assert_eq!(shirt.variants[0].options["size"], "S");
        assert_eq!(shirt.variants[1].options.len(), 1);
        assert_eq!(shirt.variants[1].price.to_string(), "8.00 EUR");
    }
}

#[test]
fn orders_come_back_if_they_were_sold() {
    for name in ["o.csv", "o.ndjson", "o.json"] {
        let items = round_trip(
            ExportKind::Orders,
            name,
            &[order("delivered"), order("cancelled")],
        );
        let [Item::Sale(sale)] = &items[..] else {
            panic!("{name}: {items:?}");
        };
        assert_eq!(sale.reference, "01890000-0000-7000-8000-000000000002");
        let customer = "01890000-0000-7000-8000-000000000003".parse().unwrap();
        assert_eq!(sale.customer, Some(SaleCustomer::Account(customer)), "{name}");
        assert_eq!(sale.lines[0].unit_price.to_decimal(), "1.50");
        let contact = (name != "o.csv").then(|| json!({"name": "Ann"}));
        assert_eq!(sale.contact, contact, "{name}");
    }
}

#[test]
fn an_empty_export_is_an_empty_file_of_its_format() {
    for name in ["o.csv", "o.ndjson", "o.json"] {
        assert!(round_trip(ExportKind::Orders, name, &[]).is_empty(), "{name}");
    }
    assert!(round_trip(ExportKind::Products, "p.csv", &[]).is_empty());
}
