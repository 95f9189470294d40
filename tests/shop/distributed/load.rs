//! Buyers who order without pause, and an outside journal of what they were answered. Whatever was answered must be there,
//! once, whatever died meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::careful::{Doors, PASSWORD};
use crate::client::order;
use crate::random::Random;

/// Buyers at once.
const BUYERS: u64 = 8;
/// SKUs that they buy from; few, so that they and the processes meet.
const SKUS: u64 = 5;
/// The SKU of which there isn't enough.
const SCARCE: &str = "SCARCE";
/// How many there are of it.
const SCARCE_UNITS: u64 = 10;
/// One order in so many is sent a second time after it was answered.
const REPEATED: u64 = 5;
/// One order in so many is for what is scarce.
const SCARCE_SHARE: u64 = 10;
/// One card in so many is declined.
const DECLINED: u64 = 8;
/// How long charges and emails may take to come to an end once all is well.
const SETTLING_MAX: Duration = Duration::from_mins(3);

/// What one buyer was answered: the order by idempotency key; none for one that was refused.
type Journal = BTreeMap<String, Option<String>>;

struct Buyer {
    name: String,
    token: String,
    journal: Journal,
    /// What was wrong with an answer.
    wrong: Vec<String>,
    /// The newest position that was answered.
    position: u64,
}

/// A load that is running.
pub struct Load {
    doors: Doors,
    stopping: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    buyers: JoinSet<Buyer>,
}

/// What came of it.
pub struct Outcome {
    doors: Doors,
    buyers: Vec<Buyer>,
}

impl Load {
    /// Fills the shelves and lets the buyers in.
    pub async fn start(doors: Doors, admin: (&str, &str), seed: u64) -> Self {
        let token = doors.login(admin.0, admin.1).await;
        for index in 0..SKUS {
            stock(&doors, &token, &format!("SKU-{index}"), 1_000_000).await;
        }
        stock(&doors, &token, SCARCE, SCARCE_UNITS).await;
        let mut load = Self {
            doors,
            stopping: Arc::default(),
            answered: Arc::default(),
            buyers: JoinSet::new(),
        };
        for index in 0..BUYERS {
            let name = format!("buyer-{index}");
            load.doors.register(&name).await;
            let token = load.doors.login(&name, PASSWORD).await;
            let buyer = Buyer {
                name,
                token,
                journal: Journal::new(),
                wrong: vec![],
                position: 0,
            };
            let (stopping, answered) = (Arc::clone(&load.stopping), Arc::clone(&load.answered));
            load.buyers
                .spawn(buyer.shop(load.doors.clone(), seed + index, stopping, answered));
        }
        load
    }

    /// How many orders have been answered so far.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Lets every buyer finish the order that they are at.
    pub async fn stop(self) -> Outcome {
        self.stopping.store(true, Ordering::Relaxed);
        Outcome {
            doors: self.doors,
            buyers: self.buyers.join_all().await,
        }
    }
}

async fn stock(doors: &Doors, token: &str, sku: &str, quantity: u64) {
    let body = json!({"name": sku, "sku": sku, "price": "3.33", "quantity": quantity});
    let key = format!("stock-{sku}");
    doors
        .command(Some(token), "/api/products", &key, &body)
        .await
        .expect(201);
}

impl Buyer {
    async fn shop(
        mut self,
        doors: Doors,
        seed: u64,
        stopping: Arc<AtomicBool>,
        answered: Arc<AtomicU64>,
    ) -> Self {
        let mut random = Random::new(seed);
        let mut number = 0;
        while !stopping.load(Ordering::Relaxed) {
            let key = format!("{}-{number}", self.name);
            number += 1;
            let scarce = random.below(SCARCE_SHARE) == 0;
            let sku = if scarce {
                SCARCE.to_owned()
            } else {
                format!("SKU-{}", random.below(SKUS))
            };
            let mut body = order(&sku, 1);
            // What is scarce is paid for, so that none of it comes back.
            if !scarce && random.below(DECLINED) == 0 {
                body["payment"]["token"] = json!("pm_card_chargeDeclined");
            }
            let first = self.order(&doors, &key, &body).await;
            if random.below(REPEATED) == 0 {
                let again = self.order(&doors, &key, &body).await;
                if first.is_some() && first != again {
                    self.wrong.push(format!(
                        "{key} was answered with {first:?} and then with {again:?}"
                    ));
                }
            }
            self.journal.insert(key, first);
            answered.fetch_add(1, Ordering::Relaxed);
        }
        self
    }

    /// The order, unless it was refused since there is no more.
    async fn order(&mut self, doors: &Doors, key: &str, body: &Value) -> Option<String> {
        let answer = loop {
            let answer = doors.command(Some(&self.token), "/api/orders", key, body).await;
            if answer.status != 401 {
                break answer;
            }
            self.token = doors.login(&self.name, PASSWORD).await; // tokens live for minutes
        };
        match answer.status.as_u16() {
            201 => {
                self.position = self.position.max(answer.position());
                Some(answer.body["order_id"].as_str().unwrap().to_owned())
            }
            409 if answer.code() == "out_of_stock" => None,
            _ => {
                self.wrong
                    .push(format!("{key} was answered {}: {}", answer.status, answer.body));
                None
            }
        }
    }
}

impl Outcome {
    /// How many orders were accepted.
    pub fn accepted(&self) -> usize {
        self.buyers.iter().map(|buyer| buyer.accepted().len()).sum()
    }

    /// Everything that doesn't agree with what was answered. `others` have ordered so many besides.
    pub async fn violations(&mut self, mailbox: &Path, others: usize) -> Vec<String> {
        let mut wrong = vec![];
        let mut scarce = 0;
        for buyer in &mut self.buyers {
            buyer.token = self.doors.login(&buyer.name, PASSWORD).await;
            wrong.append(&mut buyer.wrong);
            wrong.extend(buyer.unsettled(&self.doors).await);
            let stored = self.doors.all(&buyer.token, "/api/orders", buyer.position).await;
            scarce += stored
                .iter()
                .filter(|order| order["lines"][0]["sku"] == SCARCE)
                .count();
            let ids: Vec<_> = stored
                .iter()
                .map(|order| order["id"].as_str().unwrap().to_owned())
                .collect();
            let (stored, accepted) = (ids.iter().cloned().collect::<BTreeSet<_>>(), buyer.accepted());
            for lost in accepted.difference(&stored) {
                wrong.push(format!(
                    "{}'s order {lost} was answered and isn't there",
                    buyer.name
                ));
            }
            for surplus in stored.difference(&accepted) {
                wrong.push(format!(
                    "{}'s order {surplus} is there and was never answered",
                    buyer.name
                ));
            }
            if stored.len() < ids.len() {
                wrong.push(format!("an order of {} is listed twice", buyer.name));
            }
        }
        if scarce as u64 > SCARCE_UNITS {
            wrong.push(format!("{scarce} units of {SCARCE_UNITS} were sold"));
        }
        wrong.extend(wrong_emails(mailbox, self.accepted() + others).await);
        wrong
    }
}

impl Buyer {
    fn accepted(&self) -> BTreeSet<String> {
        self.journal.values().flatten().cloned().collect()
    }

    /// Payments that don't come to an end.
    async fn unsettled(&self, doors: &Doors) -> Option<String> {
        let began = Instant::now();
        loop {
            let payments = doors.all(&self.token, "/api/payments", self.position).await;
            let open = payments
                .iter()
                .filter(|payment| payment["status"] == "processing")
                .count();
            if open == 0 {
                return None;
            }
            if began.elapsed() > SETTLING_MAX {
                return Some(format!("{open} payments of {} never came to an end", self.name));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// One confirmation per order: a message's file is named by its `Message-ID`, so a repeat replaces it.
async fn wrong_emails(mailbox: &Path, orders: usize) -> Option<String> {
    let confirmations = || {
        let files = std::fs::read_dir(mailbox).into_iter().flatten().flatten();
        let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
        names
            .filter(|name| name.starts_with("order-confirmation."))
            .count()
    };
    let began = Instant::now();
    while confirmations() < orders && began.elapsed() < SETTLING_MAX {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let found = confirmations();
    (found != orders).then(|| format!("{found} confirmations were sent for {orders} orders"))
}
