//! Products from CSV: one row per variant. Rows with the same `product` are variants of one product; a row
//! without it is a product by itself. Columns `option:<name>` tell the variants apart, columns `attribute:<name>` say more of
//! the product.
//!
//! A product comes in whole or not at all: a wrong row takes its product's other rows with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::{CategoryPath, Item, Product, ProductsFile, Sink, Survey, Variant, put_all};
use crate::csv_table::{ATTRIBUTE_PREFIX, Columns, CsvTable, OPTION_PREFIX, Row};
use crate::error::BulkError;
use crate::field::{self, FieldError};
use crate::grouping::{self, Grouping};
use crate::rejection::Rejection;

const COLUMNS: Columns = Columns {
    required: &["sku", "name", "price"],
    optional: &["product", "description", "category", "currency", "quantity"],
    prefixes: &[ATTRIBUTE_PREFIX, OPTION_PREFIX],
};

/// A row on its own: its variant, and what it says of the product.
#[derive(Debug)]
struct VariantRow {
    line: u64,
    key: String,
    name: String,
    description: String,
    category: Option<CategoryPath>,
    attributes: BTreeMap<String, String>,
    variant: Variant,
}

/// A wrong row in a group that it spoils.
type Read = Result<VariantRow, Rejection>;

pub fn survey(input: &ProductsFile) -> Result<Survey, BulkError> {
    let mut survey = Survey::default();
    CsvTable::open(input.source, COLUMNS)?.for_each(|row| {
        survey.rows += 1;
        if let Ok(row) = row {
            let key = row.get("product");
            if !key.is_empty() {
                grouping::count(&mut survey.group_sizes, key);
            }
            survey.categories.extend(CategoryPath::parse(row.get("category")));
        }
        ControlFlow::Continue(())
    })?;
    Ok(survey)
}

pub fn read(input: &ProductsFile, survey: &Survey, sink: &mut Sink) -> Result<(), BulkError> {
    let mut grouping = Grouping::new(&survey.group_sizes);
    let mut skus = BTreeSet::new();
    CsvTable::open(input.source, COLUMNS)?.for_each(|row| {
        let row = match row {
            Ok(row) => row,
            Err(rejection) => return sink(Item::Rejected(rejection)),
        };
        let read = variant_row(&row, input, &mut skus);
        let group = match row.get("product") {
            "" => Some(vec![(row.line, read)]),
            key => grouping.add(key, (row.line, read)),
        };
        group.map_or(ControlFlow::Continue(()), |group| put_all(product(group), sink))
    })?;
    for group in grouping.into_rest() {
        if put_all(product(group), sink).is_break() {
            break;
        }
    }
    Ok(())
}

fn variant_row(row: &Row, input: &ProductsFile, skus: &mut BTreeSet<String>) -> Read {
    let at = |column: &'static str| move |error: FieldError| row.reject(column, error.code, error.reason);
    let sku = field::sku(row.get("sku")).map_err(at("sku"))?;
    if !skus.insert(sku.as_str().to_owned()) {
        return Err(row.reject("sku", "sku_twice", "an earlier row has this SKU"));
    }
    let currency = field::currency(row.get("currency"), input.currency).map_err(at("currency"))?;
    let price = field::price(row.get("price"), currency).map_err(at("price"))?;
    let quantity = match row.get("quantity") {
        "" => None,
        text => Some(field::stocked_quantity(text).map_err(at("quantity"))?),
    };
    let category = match row.get("category") {
        "" => None,
        text => Some(category(text).map_err(at("category"))?),
    };
    Ok(VariantRow {
        line: row.line,
        key: row.get("product").to_owned(),
        name: row.get("name").to_owned(),
        description: row.get("description").to_owned(),
        category,
        attributes: row.prefixed(ATTRIBUTE_PREFIX),
        variant: Variant {
            sku,
            options: row.prefixed(OPTION_PREFIX),
            price,
            quantity,
        },
    })
}

pub fn category(text: &str) -> Result<CategoryPath, FieldError> {
    CategoryPath::parse(text)
        .ok_or_else(|| FieldError::new("category_invalid", "a category is a path such as garden/lights"))
}

/// One product, or the rejections of all of its rows.
fn product(group: Vec<(u64, Read)>) -> Vec<Item> {
    let lines: Vec<u64> = group.iter().map(|(line, _)| *line).collect();
    let (rows, mut rejections): (Vec<VariantRow>, Vec<Rejection>) = split(group);
    if rejections.is_empty() {
        match join(rows) {
            Ok(product) => return vec![Item::Product(product)],
            Err(rejection) => rejections.push(*rejection),
        }
    }
    let reason = "another row of this product is wrong";
    let rejections = spoiled(lines, rejections, "product_incomplete", reason);
    rejections.into_iter().map(Item::Rejected).collect()
}

fn split<T>(group: Vec<(u64, Result<T, Rejection>)>) -> (Vec<T>, Vec<Rejection>) {
    let (mut good, mut bad) = (Vec::with_capacity(group.len()), Vec::new());
    for (_, read) in group {
        match read {
            Ok(row) => good.push(row),
            Err(rejection) => bad.push(rejection),
        }
    }
    (good, bad)
}

/// The rejections, and one for each other row of the group.
pub fn spoiled(
    lines: Vec<u64>,
    rejections: Vec<Rejection>,
    code: &'static str,
    reason: &'static str,
) -> Vec<Rejection> {
    let wrong: BTreeSet<u64> = rejections.iter().map(|rejection| rejection.row).collect();
    let others = lines.into_iter().filter(|line| !wrong.contains(line));
    let others: Vec<Rejection> = others
        .map(|line| Rejection::new(line, "", "", code, reason))
        .collect();
    rejections.into_iter().chain(others).collect()
}

/// What a later row says of the product must be nothing, or the same.
fn join(rows: Vec<VariantRow>) -> Result<Product, Box<Rejection>> {
    let mut product = Product {
        rows: Vec::with_capacity(rows.len()),
        name: String::new(),
        description: String::new(),
        category: None,
        attributes: BTreeMap::new(),
        variants: Vec::with_capacity(rows.len()),
    };
    for row in rows {
        let differs = |column: &str, value: &str| {
            let reason = format!("an earlier row of product {:?} has another {column}", row.key);
            Box::new(Rejection::new(
                row.line,
                column,
                value,
                "product_inconsistent",
                reason,
            ))
        };
        if !same_or_first(&mut product.name, &row.name) {
            return Err(differs("name", &row.name));
        }
        if !same_or_first(&mut product.description, &row.description) {
            return Err(differs("description", &row.description));
        }
        if let Some(category) = row.category {
            if product.category.as_ref().is_some_and(|known| *known != category) {
                return Err(differs("category", &category.key()));
            }
            product.category = Some(category);
        }
        for (name, value) in row.attributes {
            if product.attributes.get(&name).is_some_and(|known| *known != value) {
                return Err(differs(&format!("{ATTRIBUTE_PREFIX}{name}"), &value));
            }
            product.attributes.insert(name, value);
        }
        product.rows.push(row.line);
        product.variants.push(row.variant);
    }
    if product.name.is_empty() {
        let line = product.rows.first().copied().unwrap_or(0);
        let missing = Rejection::new(line, "name", "", "name_missing", "a product has a name");
        return Err(Box::new(missing));
    }
    Ok(product)
}

/// Takes the first value that isn't empty; false if another one comes.
pub fn same_or_first(known: &mut String, value: &str) -> bool {
    if known.is_empty() {
        value.clone_into(known);
    }
    value.is_empty() || value == known
}

#[cfg(test)]
mod tests {
    use events::money::Currency;

    use super::*;
    use crate::format::Format;
    use crate::source::Source;

    fn items(text: &str) -> Vec<Item> {
        let source = Source::of_bytes(text.as_bytes());
        let input = ProductsFile {
            source: &source,
            format: Format::Csv,
            currency: Currency::GBP,
        };
        let survey = input.survey().unwrap();
        let mut items = Vec::new();
        let mut sink = |item| {
            items.push(item);
            ControlFlow::Continue(())
        };
        input.read(&survey, &mut sink).unwrap();
        assert_eq!(
            items.iter().map(Item::rows).sum::<u64>(),
            survey.rows,
            "every row is accounted for"
        );
        items
    }

    fn rejected(items: &[Item]) -> Vec<(u64, &str, &str)> {
        items
            .iter()
            .filter_map(|item| match item {
                Item::Rejected(r) => Some((r.row, r.field.as_str(), r.code.as_ref())),
                Item::Product(_) => None,
            })
            .collect()
    }

    #[test]
    fn rows_of_one_product_become_its_variants_also_when_apart() {
        let items = items(
            "product,sku,name,category,price,currency,quantity,option:size\n\
             shirt,S1,Shirt,Men/Shirts,9.99,,5,S\n\
             ,MUG,Mug,,2.5,EUR,,\n\
             shirt,S2,,,10.99,,7,M\n",
        );
        let [Item::Product(mug), Item::Product(shirt)] = &items[..] else {
            panic!("{items:?}");
        };
        assert_eq!(mug.variants[0].price, Money::new(250, "EUR".parse().unwrap()));
        assert_eq!(mug.variants[0].quantity, None);
        assert_eq!((shirt.name.as_str(), &shirt.rows[..]), ("Shirt", &[2, 4][..]));
        assert_eq!(shirt.category.as_ref().unwrap().key(), "men/shirts");
        assert_eq!(shirt.variants[1].options["size"], "M");
        let body = shirt.body(None);
        assert_eq!(body["variants"][0]["quantity"], 5);
        assert_eq!(body["variants"][1]["price"]["amount"], "10.99");
        assert!(body.get("category").is_none());
    }

    #[test]
    fn attributes_are_the_product_s_whichever_of_its_rows_says_them() {
        let items = items(
            "product,sku,name,price,attribute:author,attribute:pages\n\
             book,B1,Book,1,Ann,\n\
             book,B2,,1,,320\n\
             tome,T1,Tome,1,Ann,\n\
             tome,T2,Tome,1,Bob,\n\
             ,M1,Mug,1,,\n",
        );
        let [Item::Product(book), .., Item::Product(mug)] = &items[..] else {
            panic!("{items:?}");
        };
        let attributes = [("author", "Ann"), ("pages", "320")];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(book.attributes, BTreeMap::from(attributes));
        assert_eq!(book.body(None)["attributes"]["pages"], "320");
        assert!(mug.attributes.is_empty());
        let expected = [
            (5, "attribute:author", "product_inconsistent"),
            (4, "", "product_incomplete"),
        ];
        assert_eq!(rejected(&items), expected);
    }

    #[test]
    fn a_wrong_row_takes_its_product_with_it_and_no_other() {
        let items = items(
            "product,sku,name,price,quantity\n\
             a,A1,A,1.00,1\n\
             a,A2,A,1.001,1\n\
             ,B1,B,1,-1\n\
             ,B1,B,1,1\n\
             c,C1,C,1,1\n\
             c,C2,D,1,1\n\
             ,E1,,1,1\n\
             ,F1,F,1,1\n",
        );
        let expected = [
            (3, "price", "price_decimals"),
            (2, "", "product_incomplete"),
            (4, "quantity", "quantity_negative"),
            (5, "sku", "sku_twice"),
            (7, "name", "product_inconsistent"),
            (6, "", "product_incomplete"),
            (8, "name", "name_missing"),
        ];
        assert_eq!(rejected(&items), expected);
        assert!(matches!(&items[7], Item::Product(product) if product.label() == "F1"));
    }

    use events::money::Money;
}
