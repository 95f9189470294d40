//! The demonstration that what is written is read to the same, in every format.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use events::ids::Sku;
use events::money::{Currency, Money};
use proptest::prelude::*;

use super::{ExportedProduct, ExportedVariant, Item, Product, ProductWriter, ProductsFile};
use crate::format::Format;
use crate::source::Source;

/// Texts with all that is special to CSV, JSON, spreadsheets or line ends, in any place.
const TEXT: &str = "[a-z'\"=+@,;:/\\\\ \r\n\t\u{0}\u{feff}é茶🫖-]{0,12}";
const WORD: &str = "['=+@a-z\"é茶-]{1,6}";

fn variant() -> impl Strategy<Value = ExportedVariant> {
    let options = proptest::collection::btree_map("[a-z]{1,3}", WORD, 0..3);
    let price = (0..1_000_000_i64, any::<bool>());
    (WORD, options, price, 0..100_000_u64).prop_map(|(sku, options, (minor, is_pounds), quantity)| {
        let currency = if is_pounds {
            Currency::GBP
        } else {
            "JPY".parse().unwrap()
        };
        ExportedVariant {
            sku: Sku::new(sku).unwrap(),
            options,
            price: Money::new(minor, currency),
            quantity,
        }
    })
}

fn product() -> impl Strategy<Value = ExportedProduct> {
    let category = proptest::option::of("[a-z0-9]{1,3}(/[a-z0-9]{1,3}){0,2}");
    let name = TEXT.prop_filter("a product has a name", |name| !name.trim().is_empty());
    let attributes = proptest::collection::btree_map("[a-z]{1,3}", WORD, 0..3);
    let variants = proptest::collection::vec(variant(), 1..4);
    let parts = (name, TEXT, category, attributes, variants);
    parts.prop_map(
        |(name, description, category, attributes, variants)| ExportedProduct {
            name,
            description,
            category,
            attributes,
            variants,
        },
    )
}

/// As the export has them: each SKU once, in their order.
fn canonical(products: Vec<ExportedProduct>) -> Vec<ExportedProduct> {
    let mut skus = BTreeSet::new();
    let mut products: Vec<_> = products
        .into_iter()
        .filter_map(|mut product| {
            product
                .variants
                .retain(|variant| skus.insert(variant.sku.clone()));
            product.variants.sort_by(|a, b| a.sku.cmp(&b.sku));
            (!product.variants.is_empty()).then_some(product)
        })
        .collect();
    products.sort_by(|a, b| a.variants[0].sku.cmp(&b.variants[0].sku));
    products
}

fn write(format: Format, products: &[ExportedProduct]) -> Vec<u8> {
    let options = products.iter().flat_map(ProductWriter::columns_of).collect();
    let mut writer = ProductWriter::new(format, options);
    let mut out = Vec::new();
    writer.begin(&mut out);
    for product in products {
        writer.write(product, &mut out).unwrap();
    }
    writer.end(&mut out);
    out
}

fn read(format: Format, bytes: &[u8]) -> Vec<ExportedProduct> {
    let source = Source::of_bytes(bytes);
    let file = ProductsFile {
        source: &source,
        format,
        currency: Currency::GBP,
    };
    let survey = file.survey().unwrap();
    let mut read = Vec::new();
    let mut sink = |item| {
        match item {
            Item::Product(product) => read.push(exported(product)),
            Item::Rejected(rejection) => panic!("{rejection:?}"),
        }
        ControlFlow::Continue(())
    };
    file.read(&survey, &mut sink).unwrap();
    canonical(read)
}

fn exported(product: Product) -> ExportedProduct {
    let variants = product.variants.into_iter().map(|variant| ExportedVariant {
        sku: variant.sku,
        options: variant.options,
        price: variant.price,
        quantity: u64::from(variant.quantity.unwrap()),
    });
    ExportedProduct {
        name: product.name,
        description: product.description,
        category: product.category.map(|path| path.key()),
        attributes: product.attributes,
        variants: variants.collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn what_is_written_read_and_written_again_has_the_same_bytes(
        products in proptest::collection::vec(product(), 0..6),
    ) {
        let products = canonical(products);
        for format in [Format::Json, Format::Ndjson, Format::Csv] {
            let first = write(format, &products);
            let second = write(format, &read(format, &first));
            prop_assert_eq!(String::from_utf8(first).unwrap(), String::from_utf8(second).unwrap());
        }
        // JSON keeps every character; CSV all but the white space around a text.
        prop_assert_eq!(&read(Format::Json, &write(Format::Json, &products)), &products);
    }
}

#[test]
fn a_table_has_a_column_for_each_attribute_and_option_and_no_formula() {
    let variant = |sku: &str, options: &[(&str, &str)]| ExportedVariant {
        sku: Sku::new(sku).unwrap(),
        options: options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        price: Money::new(999, Currency::GBP),
        quantity: 3,
    };
    let shirt = ExportedProduct {
        name: "=HYPERLINK(\"x\")".to_owned(),
        description: "Soft,\nand \"warm\"".to_owned(),
        category: Some("men/shirts".to_owned()),
        attributes: BTreeMap::from([("cloth".to_owned(), "linen".to_owned())]),
        variants: vec![
            variant("-1", &[("size", "S")]),
            variant("A", &[("colour", "red")]),
        ],
    };
    let csv = String::from_utf8(write(Format::Csv, &[shirt])).unwrap();
    let expected = "product,sku,name,description,category,price,currency,quantity,attribute:cloth,option:colour,option:size\n\
        '-1,'-1,\"'=HYPERLINK(\"\"x\"\")\",\"Soft,\nand \"\"warm\"\"\",men/shirts,9.99,GBP,3,linen,,S\n\
        '-1,A,\"'=HYPERLINK(\"\"x\"\")\",\"Soft,\nand \"\"warm\"\"\",men/shirts,9.99,GBP,3,linen,red,\n";
    assert_eq!(csv, expected);
    assert_eq!(write(Format::Json, &[]), b"[]\n");
}
