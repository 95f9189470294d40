//! The mapping on small files with each kind of dirt, and on the real file if it's there.

use std::collections::BTreeMap;
use std::path::Path;

use events::money::Currency;

use super::*;
use crate::options::{Dataset, Format};
use crate::records::{Sale, SaleCustomer, SaleKind};
use bulk::Source;

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
/// From the crate's folder.
const REAL_FILE: &str = "../../shared/data/online-retail/invoices-2010-12-to-2011-06.csv.gz";

struct Mapped {
    survey: Survey,
    sales: Vec<Sale>,
    rejected: Vec<(u64, String, String)>,
}

fn map(source: Source) -> Mapped {
    let input = Input {
        source,
        dataset: Dataset::OnlineRetail,
        format: Format::Csv,
        currency: Currency::GBP,
    };
    let survey = input.survey().unwrap();
    let (mut sales, mut rejected, mut rows) = (Vec::new(), Vec::new(), 0);
    let mut sink = |item: Item| {
        rows += item.rows();
        match item {
            Item::Sale(sale) => sales.push(sale),
            Item::Rejected(r) => rejected.push((r.row, r.field, r.code.into_owned())),
            Item::Product(product) => panic!("a product among the sales: {product:?}"),
        }
        ControlFlow::Continue(())
    };
    input.read(&survey, &mut sink).unwrap();
    assert_eq!(rows, survey.rows, "every row is accounted for");
    Mapped {
        survey,
        sales,
        rejected,
    }
}

fn map_rows(rows: &str) -> Mapped {
    map(Source::of_bytes(format!("{HEADER}{rows}").as_bytes()))
}

#[test]
fn invoices_become_orders_and_cancellations_credit_notes() {
    let mapped = map_rows(
        "1,A,LAMP ,6,2010-12-01 08:26,2.55,17850,France\n\
         1,A,LAMP,6,2010-12-01 08:27,2.5,17850,France\n\
         C2,A,LAMP,-2,2010-12-02 09:00,2.55,,EIRE\n\
         3,A,,1,2010-12-03 09:00,0,,France\n",
    );
    let [order, note, gift] = &mapped.sales[..] else {
        panic!("{:?}", mapped.sales);
    };
    assert_eq!(order.lines.len(), 2, "two lines of one code stay two");
    assert_eq!(
        order.at.to_rfc3339(),
        "2010-12-01T08:26:00+00:00",
        "the first line's minute"
    );
    assert_eq!(
        order.customer,
        Some(SaleCustomer::Username("customer-17850".to_owned()))
    );
    assert_eq!((note.kind, note.lines[0].quantity), (SaleKind::CreditNote, 2));
    assert_eq!(note.customer, None);
    assert!(gift.lines[0].unit_price.is_zero());
    let [lamp] = &mapped.survey.products[..] else {
        panic!("{:?}", mapped.survey.products);
    };
    assert_eq!(lamp.name, "LAMP");
    assert_eq!(lamp.variants[0].quantity, Some(13));
    assert_eq!(
        lamp.variants[0].price.to_decimal(),
        "2.50",
        "the latest one above zero"
    );
    let email = mapped.survey.customers["customer-17850"].as_deref();
    assert_eq!(email, Some("customer-17850@customers.example"));
}

#[test]
fn each_rule_rejects_its_row_and_the_rest_of_the_invoice_stays() {
    let mapped = map_rows(
        "1,A,,5,2010-12-01 08:26,1.00,,France\n\
         1,B,damaged,-5,2010-12-01 08:26,0,,France\n\
         1,C,,1,2010-12-01 08:26,0.001,,France\n\
         C2,A,,3,2010-12-01 08:26,1,,France\n\
         ,A,,3,2010-12-01 08:26,1,,France\n\
         3,,,3,2010-12-01 08:26,1,,France\n\
         3,A,,0,2010-12-01 08:26,1,,France\n\
         3,A,,x,2010-12-01 08:26,1,,France\n\
         3,A,,1,1.12.2010,1,,France\n\
         3,A,,1,2010-12-01 08:26,-1,,France\n\
         3,A,,1,2010-12-01 08:26,1,,\n\
         3,A,,1\n",
    );
    let codes: Vec<(u64, &str, &str)> = mapped
        .rejected
        .iter()
        .map(|(row, field, code)| (*row, field.as_str(), code.as_str()))
        .collect();
    let expected = [
        (3, "Quantity", "negative_quantity_outside_cancellation"),
        (4, "UnitPrice", "price_decimals"),
        (5, "Quantity", "positive_quantity_in_cancellation"),
        (6, "InvoiceNo", "reference_missing"),
        (7, "StockCode", "sku_missing"),
        (8, "Quantity", "quantity_zero"),
        (9, "Quantity", "quantity_invalid"),
        (10, "InvoiceDate", "time_invalid"),
        (11, "UnitPrice", "price_negative"),
        (12, "Country", "country_missing"),
        (13, "", "column_count"),
    ];
    assert_eq!(codes, expected);
    assert_eq!(mapped.sales.len(), 1);
    assert_eq!(mapped.sales[0].lines.len(), 1);
    assert_eq!(mapped.survey.products.len(), 1, "a rejected row makes no product");
}

#[test]
fn an_invoice_of_two_countries_is_split_and_one_with_a_gap_is_not() {
    let mapped = map_rows(
        "1,A,,1,2010-12-01 08:26,1,7,United Kingdom\n\
         2,A,,1,2010-12-01 08:27,1,8,France\n\
         1,A,,2,2010-12-01 08:26,1,7,Unit\n\
         1,A,,3,2010-12-01 08:26,1,7,United Kingdom\n",
    );
    let seen: Vec<(&str, &str, usize)> = mapped
        .sales
        .iter()
        .map(|sale| (sale.reference.as_str(), sale.country.as_str(), sale.lines.len()))
        .collect();
    let expected = [("2", "France", 1), ("1", "United Kingdom", 2), ("1/2", "Unit", 1)];
    assert_eq!(seen, expected);
}

#[test]
fn codes_that_differ_in_case_are_two_products_and_the_frequent_name_wins() {
    let mapped = map_rows(
        "1,15056bl,check,1,2010-12-01 08:26,1,,France\n\
         1,15056BL,PARASOL,1,2010-12-01 08:26,1,,France\n\
         1,15056bl,PARASOL,1,2010-12-01 08:26,1,,France\n\
         1,15056bl,PARASOL,1,2010-12-01 08:26,1,,France\n\
         1,X,,1,2010-12-01 08:26,1,,France\n",
    );
    let named: Vec<(&str, &str)> = mapped
        .survey
        .products
        .iter()
        .map(|product| (product.label(), product.name.as_str()))
        .collect();
    assert_eq!(
        named,
        [("15056BL", "PARASOL"), ("15056bl", "PARASOL"), ("X", "X")]
    );
}

/// The numbers were counted with another program (Python's csv and decimal).
#[test]
fn the_real_file_maps_to_the_known_numbers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(REAL_FILE);
    if !path.exists() {
        println!("skipped: {} isn't there", path.display());
        return;
    }
    let mapped = map(Source::open(&path).unwrap());
    assert_eq!(mapped.survey.rows, 240_007);
    assert_eq!(mapped.survey.group_sizes.len(), 12_468);
    assert_eq!(mapped.survey.customers.len(), 2_974);
    assert_eq!(mapped.survey.products.len(), 3_541);
    let mut codes: BTreeMap<&str, u32> = BTreeMap::new();
    for (_, _, code) in &mapped.rejected {
        *codes.entry(code).or_default() += 1;
    }
    let expected = [
        ("negative_quantity_outside_cancellation", 737),
        ("price_decimals", 1),
    ];
    assert_eq!(codes, BTreeMap::from(expected));

    let of = |kind| mapped.sales.iter().filter(move |sale| sale.kind == kind);
    let sums = |kind| {
        of(kind)
            .flat_map(|sale| &sale.lines)
            .fold((0, 0), |(units, minor), line| {
                let quantity = i64::from(line.quantity);
                (
                    units + quantity,
                    minor + quantity * line.unit_price.amount_minor(),
                )
            })
    };
    assert_eq!(of(SaleKind::Order).count(), 9_786);
    assert_eq!(of(SaleKind::CreditNote).count(), 1_946);
    assert_eq!(sums(SaleKind::Order), (2_468_252, 470_038_211));
    assert_eq!(sums(SaleKind::CreditNote), (129_773, 42_523_818));
    let longest = mapped.sales.iter().map(|sale| sale.lines.len()).max();
    assert_eq!(longest, Some(675));
    let split: Vec<&str> = mapped
        .sales
        .iter()
        .map(|sale| sale.reference.as_str())
        .filter(|reference| reference.contains('/'))
        .collect();
    assert_eq!(split, ["558077/2"]);
    // What the products start with is what the orders take, to the unit.
    let stocked: i64 = mapped
        .survey
        .products
        .iter()
        .map(|product| i64::from(product.variants[0].quantity.unwrap()))
        .sum();
    assert_eq!(stocked, 2_468_252);
}
