//! The shop's own sales report, from the query API.

use events::money::Currency;
use serde_json::Value;

use super::decimal::Decimal;
use super::totals::{Group, Grouped, Totals};
use crate::client::Client;
use crate::error::ImportError;

const PATH: &str = "/api/analytics/sales";

/// The first and the last day, such as 2010-12-01, both counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub from: String,
    pub to: String,
    pub currency: Currency,
}

/// What the shop reports: all of it, and by day, country or SKU.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SalesReport {
    pub total: Totals,
    pub grouped: Grouped,
}

/// The report's sums over the span, and by day, country or SKU.
pub async fn fetch(client: &Client, span: &Span, group: Group) -> Result<SalesReport, ImportError> {
    let query = [
        ("group", group.name().to_owned()),
        ("from", span.from.clone()),
        ("to", span.to.clone()),
        ("currency", span.currency.to_string()),
    ];
    let answer = client.get(PATH, &query).await?;
    read(&answer, span.currency)
}

fn read(answer: &Value, currency: Currency) -> Result<SalesReport, ImportError> {
    let wrong = |reason: String| ImportError::Answer {
        doing: format!("GET {PATH}"),
        reason,
    };
    let items = answer["items"]
        .as_array()
        .ok_or_else(|| wrong("it has no items".to_owned()))?;
    let item = |item: &Value| {
        let key = item["key"]
            .as_str()
            .ok_or_else(|| wrong(format!("an item has no key: {item}")))?;
        let totals = totals(item, currency).map_err(&wrong)?;
        Ok::<_, ImportError>((key.to_owned(), totals))
    };
    Ok(SalesReport {
        total: totals(&answer["total"], currency).map_err(&wrong)?,
        grouped: items.iter().map(item).collect::<Result<_, _>>()?,
    })
}

fn totals(item: &Value, currency: Currency) -> Result<Totals, String> {
    let count = |name: &str| {
        item[name]
            .as_i64()
            .map(i128::from)
            .ok_or_else(|| format!("{name} is no whole number in {item}"))
    };
    let amount = |name: &str| {
        let money = &item[name];
        let right_currency = money["currency"].as_str() == Some(currency.code());
        money["amount"]
            .as_str()
            .filter(|_| right_currency)
            .and_then(Decimal::parse)
            .map(Decimal::millionths)
            .ok_or_else(|| format!("{name} is no amount of {currency} in {item}"))
    };
    Ok(Totals {
        revenue: amount("revenue")?,
        units: count("units")?,
        orders: count("orders")?,
        cancelled_amount: amount("cancelled_amount")?,
        cancelled_units: count("cancelled_units")?,
        cancellations: count("cancellations")?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_report_is_read_to_the_penny_and_a_wrong_one_refused() {
        let item = json!({"key": "France", "orders": 2, "units": 5,
            "revenue": {"amount": "7.10", "currency": "GBP"}, "cancellations": 1, "cancelled_units": 1,
            "cancelled_amount": {"amount": "0.05", "currency": "GBP"}});
        let read_item = |item: Value| read(&json!({"total": item, "items": [item]}), Currency::GBP);
        let totals = read_item(item.clone()).unwrap().grouped["France"];
        assert_eq!((totals.revenue, totals.cancelled_amount), (7_100_000, 50_000));
        for (name, wrong) in [("key", json!(1)), ("units", json!(1.5)), ("revenue", json!(7.1))] {
            let mut broken = item.clone();
            broken[name] = wrong;
            assert!(
                matches!(read_item(broken), Err(ImportError::Answer { .. })),
                "{name}"
            );
        }
        let mut euros = item;
        euros["revenue"]["currency"] = json!("EUR");
        assert!(
            read_item(euros)
                .unwrap_err()
                .to_string()
                .contains("no amount of GBP")
        );
        assert!(read(&json!([]), Currency::GBP).is_err());
    }
}
