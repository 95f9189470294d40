//! A crowd at the last units.

use futures::future::join_all;
use serde_json::json;

use crate::harness::{Person, Shop};

const BUYERS: usize = 200;
const UNITS: usize = 50;

async fn buyers(shop: &Shop) -> Vec<Person> {
    join_all((0..BUYERS).map(|_| shop.person())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_fifty_units_are_sold_fifty_times() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (product_id, sku) = shop.product(&admin, "2.55", u32::try_from(UNITS).unwrap()).await;
    let buyers = buyers(&shop).await;
    let head = shop.head().await;
    let path = format!("/api/products/{product_id}/purchase");
    let body = json!({"payment": {"method": "card", "token": "pm_card_visa"}, "country": "UK"});
    let buy = |buyer| shop.put(&path).by(buyer).json(&body).into_future();
    let answers = join_all(buyers.iter().map(buy)).await;
    let (sold, late): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(sold.len(), UNITS);
    for answer in late {
        answer.refused(409, "out_of_stock");
    }
    let types = shop.types_after(head).await;
    for (event_type, count) in [
        ("StockReserved", UNITS),
        ("OrderPlaced", UNITS),
        ("PaymentRequested", UNITS),
    ] {
        assert_eq!(
            types.iter().filter(|found| *found == event_type).count(),
            count,
            "{event_type}"
        );
    }
    assert_eq!(types.len(), 3 * UNITS);
    let mut positions: Vec<_> = sold.iter().map(crate::harness::Answer::position).collect();
    positions.sort_unstable();
    positions.dedup();
    assert_eq!(
        positions.len(),
        UNITS,
        "two orders were answered with one position"
    );
    assert_eq!(shop.events_of(&format!("stock-{sku}")).await.len(), 2 + UNITS);
}
