//! Products from NDJSON or JSON, in the shape of the API's own body; `category` is a path such as
//! `garden/lights`. A SKU is needed everywhere: without one a second run couldn't tell what is there already.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use events::money::Currency;
use serde::Deserialize;

use super::csv::category;
use super::{Item, Product, ProductsFile, Sink, Survey, Variant};
use crate::error::BulkError;
use crate::field::{self, FieldError};
use crate::json_items::{self, for_each_item};
use crate::json_price::JsonPrice;
use crate::rejection::Rejection;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object that describes a product")]
struct ProductJson {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default, deserialize_with = "json_items::filled")]
    category: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    sku: Option<String>,
    price: Option<JsonPrice>,
    quantity: Option<i64>,
    variants: Option<Vec<VariantJson>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object that describes a variant")]
struct VariantJson {
    sku: Option<String>,
    #[serde(default)]
    options: BTreeMap<String, String>,
    price: JsonPrice,
    quantity: Option<i64>,
}

pub fn survey(input: &ProductsFile) -> Result<Survey, BulkError> {
    let mut survey = Survey::default();
    for_each_item(input.source, input.format, |row, text| {
        survey.rows += 1;
        if let Ok(product) = text.and_then(|text| product(row, text, input.currency)) {
            survey.categories.extend(product.category);
        }
        ControlFlow::Continue(())
    })?;
    Ok(survey)
}

pub fn read(input: &ProductsFile, sink: &mut Sink) -> Result<(), BulkError> {
    let mut skus = BTreeSet::new();
    for_each_item(input.source, input.format, |row, text| {
        let product = text
            .and_then(|text| product(row, text, input.currency))
            .and_then(|product| only_new_skus(row, product, &mut skus));
        sink(product.map_or_else(Item::Rejected, Item::Product))
    })
}

fn only_new_skus(row: u64, product: Product, skus: &mut BTreeSet<String>) -> Result<Product, Rejection> {
    for variant in &product.variants {
        let sku = variant.sku.as_str();
        if !skus.insert(sku.to_owned()) {
            return Err(Rejection::new(
                row,
                "sku",
                sku,
                "sku_twice",
                "it was there before in this file",
            ));
        }
    }
    Ok(product)
}

fn product(row: u64, text: &str, currency: Currency) -> Result<Product, Rejection> {
    let json: ProductJson = json_items::parse(row, text)?;
    if json.name.trim().is_empty() {
        return Err(Rejection::new(
            row,
            "name",
            &json.name,
            "name_missing",
            "a product has a name",
        ));
    }
    let category = json
        .category
        .map(|path| category(&path).map_err(|error| Rejection::of_field(row, "category", &path, error)))
        .transpose()?;
    let simple = json.sku.is_some() || json.price.is_some() || json.quantity.is_some();
    let variants = match (json.variants, json.price) {
        (Some(variants), None) if !simple => variants,
        (None, Some(price)) => vec![VariantJson {
            sku: json.sku,
            options: BTreeMap::new(),
            price,
            quantity: json.quantity,
        }],
        _ => {
            let reason = "a product has either a price (with sku and quantity), or variants";
            return Err(Rejection::new(row, "price", "", "price_or_variants", reason));
        }
    };
    if variants.is_empty() {
        let reason = "a product has at least one variant";
        return Err(Rejection::new(row, "variants", "[]", "variants_missing", reason));
    }
    let variants = variants
        .into_iter()
        .enumerate()
        .map(|(index, json)| variant(row, index, json, currency));
    Ok(Product {
        rows: vec![row],
        name: json.name,
        description: json.description,
        category,
        attributes: json.attributes,
        variants: variants.collect::<Result<_, _>>()?,
    })
}

fn variant(row: u64, index: usize, json: VariantJson, currency: Currency) -> Result<Variant, Rejection> {
    let at = |name: &str, value: &str, error: FieldError| {
        Rejection::of_field(row, &format!("variants[{index}].{name}"), value, error)
    };
    let sku = json.sku.unwrap_or_default();
    Ok(Variant {
        price: json
            .price
            .read(currency)
            .map_err(|error| at("price", json.price.text(), error))?,
        quantity: json
            .quantity
            .map(|units| field::unsigned(units).map_err(|error| at("quantity", &units.to_string(), error)))
            .transpose()?,
        options: json.options,
        sku: field::sku(&sku).map_err(|error| at("sku", &sku, error))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Format;
    use crate::source::Source;

    fn items(format: Format, text: &str) -> Vec<Item> {
        let source = Source::of_bytes(text.as_bytes());
        let input = ProductsFile {
            source: &source,
            format,
            currency: Currency::GBP,
        };
        let survey = input.survey().unwrap();
        let mut items = Vec::new();
        let mut sink = |item| {
            items.push(item);
            ControlFlow::Continue(())
        };
        input.read(&survey, &mut sink).unwrap();
        assert_eq!(items.iter().map(Item::rows).sum::<u64>(), survey.rows);
        items
    }

    #[test]
    fn the_api_s_two_shapes_are_read_alike_from_lines_and_from_an_array() {
        let simple = r#"{"name":"Mug","sku":"M1","price":2.50,"quantity":3,"category":"kitchen/mugs"}"#;
        let full = r#"{"name":"Shirt","variants":[{"sku":"S1","options":{"size":"S"},"price":"9.99","quantity":1}]}"#;
        let lines = items(Format::Ndjson, &format!("{simple}\n{full}\n"));
        let array = items(Format::Json, &format!("[{simple},{full}]"));
        assert_eq!(lines, array);
        let Item::Product(mug) = &lines[0] else {
            panic!("{lines:?}")
        };
        assert_eq!(mug.variants[0].price.to_decimal(), "2.50");
        assert_eq!(mug.category.as_ref().unwrap().key(), "kitchen/mugs");
    }

    #[test]
    fn a_wrong_product_names_its_field() {
        let lines = [
            r#"{"name":"A","price":1}"#,
            r#"{"name":"A","sku":"A","price":1.001}"#,
            r#"{"name":"A","sku":"A","price":1,"quantity":-1}"#,
            r#"{"name":"A","sku":"A","price":1,"colour":"red"}"#,
            r#"{"name":"A","sku":7,"price":1}"#,
            r#"{"name":"A","sku":"A","price":1,"variants":[]}"#,
            r#"{"name":"","sku":"A","price":1}"#,
            r#"{"name":"A","#,
            r#"{"name":"A","variants":[{"sku":"A","price":1},{"sku":"A","price":1}]}"#,
            r#"{"name":"A","name":"B","sku":"A","price":1}"#,
        ];
        let items = items(Format::Ndjson, &lines.join("\n"));
        let seen: Vec<(&str, &str)> = items
            .iter()
            .map(|item| match item {
                Item::Rejected(rejection) => (rejection.field.as_str(), rejection.code.as_ref()),
                Item::Product(product) => panic!("{product:?} was accepted"),
            })
            .collect();
        let expected = [
            ("variants[0].sku", "sku_missing"),
            ("variants[0].price", "price_decimals"),
            ("variants[0].quantity", "quantity_negative"),
            ("colour", "field_invalid"),
            ("sku", "field_invalid"),
            ("price", "price_or_variants"),
            ("name", "name_missing"),
            ("", "json_malformed"),
            ("sku", "sku_twice"),
            ("name", "field_twice"),
        ];
        assert_eq!(seen, expected);
        let reason = |item: &Item| match item {
            Item::Rejected(rejection) => rejection.reason.clone(),
            Item::Product(_) => String::new(),
        };
        assert_eq!(
            reason(&items[4]),
            "invalid type: integer `7`, expected a string",
            "in nobody's language but the sender's"
        );
    }
}
