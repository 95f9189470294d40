//! A flash sale: many buyers want the same few units at once. Beside it, as many orders spread over
//! many SKUs, so that the price of contention shows as a ratio.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Client, order};
use crate::process::{Shop, run};
use crate::size;

#[derive(Default)]
struct Tally {
    sold: u64,
    refused: u64,
    seconds: f64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flash_sale_sells_every_unit_once() {
    let units = size::of("TILLSTREAM_FLASH_UNITS", 100);
    let buyers = size::of("TILLSTREAM_FLASH_BUYERS", 16);
    let attempts = size::of("TILLSTREAM_FLASH_ATTEMPTS", 400);
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start(&data_dir);
    let admin = Client::admin(&shop).await;
    add_product(&admin, "HOT", units).await;
    for index in 0..units {
        add_product(&admin, &format!("COLD-{index}"), attempts).await;
    }
    let mut clients = vec![];
    for index in 0..buyers {
        clients.push(Client::buyer(&shop, &format!("buyer-{index}")).await);
    }

    let hot = storm(&clients, attempts, |_| "HOT".to_owned()).await;
    assert_eq!((hot.sold, hot.refused), (units, attempts - units));
    let cold = storm(&clients, attempts, |attempt| format!("COLD-{}", attempt % units)).await;
    assert_eq!((cold.sold, cold.refused), (attempts, 0));

    println!("one SKU with {units} units, {buyers} buyers, {attempts} attempts:");
    println!(
        "  {} sold, {} refused with 409, in {:.2} s",
        hot.sold, hot.refused, hot.seconds
    );
    let rate = |tally: &Tally| f64::from(u32::try_from(attempts).unwrap()) / tally.seconds;
    println!("  answers per second, one hot SKU: {:.0}", rate(&hot));
    println!("  answers per second, {units} SKUs, all sold: {:.0}", rate(&cold));
    let hot_again = storm_of_units(&admin, &clients, attempts).await;
    println!(
        "  orders per second, one SKU with enough units: {:.0}",
        rate(&hot_again)
    );
    println!(
        "  ratio of one SKU to {units} SKUs, all sold: {:.2}",
        rate(&hot_again) / rate(&cold)
    );
    assert!(shop.stop().success());
    run(&data_dir, &["verify"]);
}

/// All orders on one SKU that has enough, so that the rates of the two are of the same work.
async fn storm_of_units(admin: &Client, clients: &[Client], attempts: u64) -> Tally {
    add_product(admin, "HOT-ENOUGH", attempts).await;
    let tally = storm(clients, attempts, |_| "HOT-ENOUGH".to_owned()).await;
    assert_eq!((tally.sold, tally.refused), (attempts, 0));
    tally
}

async fn add_product(admin: &Client, sku: &str, quantity: u64) {
    let body = json!({"name": format!("Product {sku}"), "sku": sku, "price": "9.99", "quantity": quantity});
    admin.post("/api/products", &body).await.expect(201);
}

/// Every client orders, one after the other, until all attempts are made.
async fn storm(clients: &[Client], attempts: u64, sku: impl Fn(u64) -> String) -> Tally {
    let mut bodies: Vec<Vec<Value>> = vec![vec![]; clients.len()];
    for attempt in 0..attempts {
        let index = usize::try_from(attempt).unwrap() % clients.len();
        bodies[index].push(order(&sku(attempt), 1));
    }
    let started_at = Instant::now();
    let mut tasks = JoinSet::new();
    for (client, bodies) in clients.iter().cloned().zip(bodies) {
        tasks.spawn(async move {
            let mut tally = Tally::default();
            for body in bodies {
                let answer = client.post("/api/orders", &body).await;
                match (answer.status.as_u16(), answer.code()) {
                    (201, _) => tally.sold += 1,
                    (409, "out_of_stock") => tally.refused += 1,
                    other => panic!("{other:?}: {}", answer.body),
                }
            }
            tally
        });
    }
    let mut sum = Tally::default();
    for tally in tasks.join_all().await {
        sum.sold += tally.sold;
        sum.refused += tally.refused;
    }
    sum.seconds = started_at.elapsed().as_secs_f64();
    sum
}
