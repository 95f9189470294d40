//! `kill -9` at random moments under load. Beside the shop a journal keeps what clients were answered;
//! whatever was answered must be there, once, whatever died afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Client, order};
use crate::process::{Shop, run};
use crate::random::Random;
use crate::size;

/// Buyers at once.
const BUYERS: u64 = 8;
/// SKUs that they buy from; few, so that they meet.
const SKUS: u64 = 5;
/// A kill comes at most this long after the start; long enough for payments and emails to be under way.
const LIFE_MAX_MS: u64 = 700;

/// One command, and what became of it.
struct Entry {
    body: Value,
    /// The order, once that was answered.
    order_id: Option<String>,
    /// Refused, so that no order may come of it.
    refused: bool,
}

/// What one buyer sent, by idempotency key.
type Journal = BTreeMap<String, Entry>;

struct Buyer {
    client: Client,
    name: String,
    journal: Journal,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_there_once_whatever_dies() {
    let kills = size::of("TILLSTREAM_CRASH_KILLS", 5);
    let clock = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    let seed = size::of(
        "TILLSTREAM_CRASH_SEED",
        u64::try_from(clock & 0xFFFF_FFFF).unwrap(),
    );
    println!("{kills} kills, seed {seed}");
    let mut random = Random::new(seed);
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");

    let mut shop = Shop::start(&data_dir);
    let mut buyers = open(&shop).await;
    let mut starts = vec![];
    for kill in 0..kills {
        let stopping = Arc::new(AtomicBool::new(false));
        let mut load = JoinSet::new();
        for buyer in buyers.drain(..) {
            load.spawn(shopping(buyer, kill, random.next(), Arc::clone(&stopping)));
        }
        tokio::time::sleep(Duration::from_millis(random.below(LIFE_MAX_MS))).await;
        stopping.store(true, Ordering::Relaxed);
        shop.kill();
        buyers = load.join_all().await;
        shop = Shop::start(&data_dir);
        starts.push(shop.start_time);
        for buyer in &mut buyers {
            buyer.client = buyer.client.moved_to(&shop);
            log_in_again(&shop, buyer).await;
            settle_unknowns(buyer).await;
        }
    }
    let orders = check(&shop, &buyers).await;
    assert!(!shop.log().contains("panicked"), "{}", shop.log());
    assert!(shop.stop().success());
    let verified = run(&data_dir, &["verify", "--views"]);
    starts.sort();
    let slowest = starts.last().unwrap();
    println!("{orders} orders over {kills} kills, every one there once; {verified}");
    println!(
        "restart after a kill: median {:?}, slowest {slowest:?}",
        starts[starts.len() / 2]
    );
}

async fn open(shop: &Shop) -> Vec<Buyer> {
    let admin = Client::admin(shop).await;
    for index in 0..SKUS {
        let sku = format!("CRASH-{index}");
        let body = json!({"name": sku, "sku": sku, "price": "3.33", "quantity": 1_000_000});
        admin.post("/api/products", &body).await.expect(201);
    }
    let mut buyers = vec![];
    for index in 0..BUYERS {
        let name = format!("buyer-{index}");
        let client = Client::buyer(shop, &name).await;
        buyers.push(Buyer {
            client,
            name,
            journal: Journal::new(),
        });
    }
    buyers
}

/// Orders without pause until the shop dies under it.
async fn shopping(mut buyer: Buyer, round: u64, seed: u64, stopping: Arc<AtomicBool>) -> Buyer {
    let mut random = Random::new(seed);
    for index in 0.. {
        if stopping.load(Ordering::Relaxed) {
            break;
        }
        let sku = format!("CRASH-{}", random.below(SKUS));
        let mut body = order(&sku, 1 + u32::try_from(random.below(3)).unwrap());
        if random.below(8) == 0 {
            body["payment"]["token"] = json!("pm_card_chargeDeclined");
        }
        let key = format!("{round}-{index}");
        let entry = send(&buyer.client, &key, body).await;
        let died = entry.order_id.is_none() && !entry.refused;
        buyer.journal.insert(key, entry);
        if died {
            break;
        }
    }
    buyer
}

async fn send(client: &Client, key: &str, body: Value) -> Entry {
    let request = client
        .request(Method::POST, "/api/orders")
        .header("idempotency-key", key)
        .json(&body);
    let Ok(answer) = request.answer().await else {
        return Entry {
            body,
            order_id: None,
            refused: false,
        };
    };
    match answer.status.as_u16() {
        201 => {
            let order_id = answer.body["order_id"].as_str().unwrap().to_owned();
            Entry {
                body,
                order_id: Some(order_id),
                refused: false,
            }
        }
        // Shutting down or torn down while answering: nothing is known, as with a broken connection.
        502 | 503 => Entry {
            body,
            order_id: None,
            refused: false,
        },
        _ => panic!("an order was answered {}: {}", answer.status, answer.body),
    }
}

async fn log_in_again(shop: &Shop, buyer: &mut Buyer) {
    buyer.client = Client::new(shop).login(&buyer.name, "a password of a test").await;
}

/// What had no answer is sent again with its key, as a careful client does.
async fn settle_unknowns(buyer: &mut Buyer) {
    for (key, entry) in &mut buyer.journal {
        if entry.order_id.is_none() && !entry.refused {
            *entry = send(&buyer.client, key, entry.body.clone()).await;
            assert!(
                entry.order_id.is_some(),
                "{key} has no answer from a shop that runs"
            );
        }
    }
}

/// The shop's orders are the journal's, no more and no fewer, each settled or declined in the end.
async fn check(shop: &Shop, buyers: &[Buyer]) -> usize {
    let mut count = 0;
    for buyer in buyers {
        let answered: BTreeSet<_> = buyer
            .journal
            .values()
            .filter_map(|entry| entry.order_id.clone())
            .collect();
        assert_eq!(
            answered.len(),
            buyer.journal.len(),
            "two keys were answered with one order"
        );
        let settled = |page: &Value| {
            let payments = page["items"].as_array();
            payments.is_some_and(|payments| payments.iter().all(|payment| payment["status"] != "processing"))
        };
        buyer.client.wait_for("/api/payments?limit=100", settled).await;
        let stored = buyer.client.all("/api/orders").await;
        let stored: Vec<_> = stored
            .iter()
            .map(|order| order["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            stored.len(),
            answered.len(),
            "{} of {} orders",
            stored.len(),
            answered.len()
        );
        assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), answered);
        count += answered.len();
    }
    wait_for_emails(shop, count).await;
    count
}

/// One confirmation per order: the mailbox's files are named by the message.
async fn wait_for_emails(shop: &Shop, orders: usize) {
    let folder = shop.data_dir.join("mailbox");
    let confirmations = || {
        let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
        // A kill in the middle of writing leaves a hidden file under another name, which is no email.
        names
            .filter(|name| name.starts_with("order-confirmation."))
            .count()
    };
    let waited_since = std::time::Instant::now();
    while confirmations() < orders {
        assert!(
            waited_since.elapsed() < Duration::from_mins(1),
            "{} of {orders} emails",
            confirmations()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(confirmations(), orders);
}
