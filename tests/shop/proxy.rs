//! The shop behind a real proxy, with the configuration that `deploy/` ships: a process that dies or is stopped under load is
//! nothing that a client sees.
//!
//! Clients here never send anything twice. What is lost on the way to a process that dies, the proxy sends again: reads,
//! and commands with an idempotency key. A command without one that may have arrived is answered 502, as nobody can
//! know what became of it; so clients here use keys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use test_servers::{
    Cluster, ClusterSettings, ClusterSize, Daemon, Durability, Error, Folder, Program, RoleKind, Servers,
};
use tokio::task::{JoinSet, block_in_place};

use crate::client::{Answer, answer, order};

/// Two of each API: one dies, the other answers.
const SIZE: ClusterSize = ClusterSize {
    command_apis: 2,
    query_apis: 2,
    ..ClusterSize::ONE_OF_EACH
};
/// Clients that order, and as many that look around.
const CLIENTS: usize = 4;
/// Orders and reads, each, that must be answered in every phase of the test.
const ANSWERS: u64 = 40;
/// What the clients buy.
const SKU: &str = "ENDLESS";
/// Longer than any wait on the slowest machine; what runs into it has failed.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs servers: cargo xtask test"]
async fn behind_haproxy_no_request_fails_while_processes_die_and_stop() {
    no_request_fails(Cluster::haproxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs servers: cargo xtask test"]
async fn behind_nginx_no_request_fails_while_processes_die_and_stop() {
    no_request_fails(Cluster::nginx).await;
}

async fn no_request_fails<P: Program>(proxy: impl FnOnce(&Cluster) -> Result<Daemon<P>, Error>) {
    let folder = Folder::temporary().unwrap();
    let servers = block_in_place(|| Servers::start(Folder::temporary().unwrap(), Durability::None)).unwrap();
    let settings = ClusterSettings::new(env!("CARGO_BIN_EXE_tillstream"), folder.path(), SIZE)
        .with("TILLSTREAM_DEMO", "false")
        .behind_proxy();
    let mut cluster = block_in_place(|| Cluster::start(&servers, settings)).unwrap();
    let proxy = block_in_place(|| proxy(&cluster)).unwrap();
    let load = Load::start(&cluster).await;
    load.goes_on().await;

    for kind in [RoleKind::CommandApi, RoleKind::QueryApi] {
        block_in_place(|| cluster.role(kind, 1).kill_9()).unwrap();
        load.goes_on().await;
        block_in_place(|| cluster.role(kind, 1).start()).unwrap();
        answers_clients(cluster.role(kind, 1)).await;

        block_in_place(|| cluster.role(kind, 2).stop()).unwrap();
        load.goes_on().await;
        block_in_place(|| cluster.role(kind, 2).start()).unwrap();
        answers_clients(cluster.role(kind, 2)).await;
    }

    load.finish().await;
    block_in_place(|| drop(proxy));
    block_in_place(|| cluster.stop()).unwrap();
    block_in_place(|| servers.stop()).unwrap();
}

/// Waits until the proxy sends it something: a process that was started again has counted nothing but checks.
async fn answers_clients(role: &Daemon<test_servers::Role>) {
    let began = Instant::now();
    let has_answered = || {
        role.program
            .metrics()
            .is_ok_and(|metrics| metrics.contains("route=\"/api/"))
    };
    while !block_in_place(has_answered) {
        assert!(
            began.elapsed() < PATIENCE,
            "the proxy sends nothing to {}",
            role.program.name()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Clients at work.
struct Load {
    shop: Shop,
    buyers: JoinSet<Buyer>,
    readers: JoinSet<()>,
}

/// The shop as they see it, and what they have seen. Cheap to clone.
#[derive(Clone)]
struct Shop {
    http: Client,
    url: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    stopping: AtomicBool,
    orders: AtomicU64,
    reads: AtomicU64,
    failures: std::sync::Mutex<Vec<String>>,
}

/// A client who orders, and the orders by idempotency key.
struct Buyer {
    name: String,
    token: String,
    placed: BTreeMap<String, String>,
    position: u64,
}

impl Load {
    async fn start(cluster: &Cluster) -> Self {
        let shop = Shop {
            http: Client::builder().timeout(PATIENCE).build().unwrap(),
            url: cluster.public_url(),
            seen: Arc::default(),
        };
        shop.fill_the_shelf(cluster).await;
        let (mut buyers, mut readers) = (JoinSet::new(), JoinSet::new());
        for number in 0..CLIENTS {
            let buyer = Buyer::register(&shop, format!("buyer-{number}")).await;
            buyers.spawn(buyer.buy(shop.clone()));
            readers.spawn(shop.clone().look_around());
        }
        Self {
            shop,
            buyers,
            readers,
        }
    }

    /// Waits until some more requests have been answered.
    async fn goes_on(&self) {
        let seen = &self.shop.seen;
        let counts = || [&seen.orders, &seen.reads].map(|count| count.load(Ordering::Relaxed));
        let (before, began) = (counts(), Instant::now());
        while counts()
            .iter()
            .zip(before)
            .any(|(now, before)| *now < before + ANSWERS)
        {
            seen.assert_no_failures();
            assert!(began.elapsed() < PATIENCE, "nothing goes on");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Lets everybody finish; every order is there, once.
    async fn finish(self) {
        self.shop.seen.stopping.store(true, Ordering::Relaxed);
        self.readers.join_all().await;
        let buyers = self.buyers.join_all().await;
        self.shop.seen.assert_no_failures();
        for buyer in &buyers {
            let placed: BTreeSet<String> = buyer.placed.values().cloned().collect();
            assert_eq!(placed.len(), buyer.placed.len(), "two keys, one order");
            let there = buyer.orders(&self.shop).await;
            assert_eq!(
                there.len(),
                placed.len(),
                "{} has more orders than answers",
                buyer.name
            );
            assert_eq!(there.into_iter().collect::<BTreeSet<_>>(), placed);
        }
    }
}

impl Seen {
    #[track_caller]
    fn assert_no_failures(&self) {
        let failures = self.failures.lock().unwrap().clone();
        assert!(
            failures.is_empty(),
            "{} requests failed:\n{}",
            failures.len(),
            failures.join("\n")
        );
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

impl Shop {
    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.url))
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.url)).json(body)
    }

    /// Sends it, once; anything but this status is a failure, which ends the load.
    async fn send(&self, what: &str, request: RequestBuilder, wanted: u16) -> Option<Answer> {
        let failure = match answer(request).await {
            Ok(answer) if answer.status == wanted => return Some(answer),
            Ok(answer) => format!("{what}: {} {}", answer.status, answer.body),
            Err(error) => format!("{what}: {error:?}"),
        };
        self.seen.failures.lock().unwrap().push(failure);
        None
    }

    async fn login(&self, username: &str, password: &str) -> String {
        let login = json!({"login": username, "password": password});
        let tokens = answer(self.post("/api/auth/login", &login))
            .await
            .unwrap()
            .expect(200);
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    /// With more than the clients can buy.
    async fn fill_the_shelf(&self, cluster: &Cluster) {
        let file = std::fs::read(cluster.data_dir().join("credentials.json")).unwrap();
        let credentials: Value = serde_json::from_slice(&file).unwrap();
        let [username, password] =
            ["username", "password"].map(|field| credentials["admin"][field].as_str().unwrap());
        let token = self.login(username, password).await;
        let product = json!({"name": "An endless thing", "sku": SKU, "price": "3.33", "quantity": 1_000_000});
        let request = self.post("/api/products", &product).bearer_auth(token);
        answer(request).await.unwrap().expect(201);
    }

    async fn look_around(self) {
        while !self.seen.is_stopping() {
            let found = self.get("/api/products?q=endless");
            if self.send("a search", found, 200).await.is_none() {
                return;
            }
            self.seen.reads.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Buyer {
    async fn register(shop: &Shop, name: String) -> Self {
        let password = "a password of a test";
        let person = json!({"username": name, "email": format!("{name}@example.com"), "password": password});
        answer(shop.post("/api/auth/register", &person))
            .await
            .unwrap()
            .expect(201);
        let token = shop.login(&name, password).await;
        Self {
            name,
            token,
            placed: BTreeMap::new(),
            position: 0,
        }
    }

    /// Orders, and reads what was ordered, until told to stop or a request fails.
    async fn buy(mut self, shop: Shop) -> Self {
        while !shop.seen.is_stopping() {
            let key = format!("{}-{}", self.name, self.placed.len());
            let request = shop.post("/api/orders", &order(SKU, 1));
            let request = request.bearer_auth(&self.token).header("idempotency-key", &key);
            let Some(placed) = shop.send(&key, request, 201).await else {
                return self;
            };
            let id = placed.body["order_id"].as_str().unwrap().to_owned();
            self.position = placed.position();
            let request = shop.get(&format!("/api/orders/{id}")).bearer_auth(&self.token);
            let request = request.header("tillstream-min-position", self.position);
            if shop.send("one's own order", request, 200).await.is_none() {
                return self;
            }
            self.placed.insert(key, id);
            shop.seen.orders.fetch_add(1, Ordering::Relaxed);
        }
        self
    }

    /// The ids of all orders that are there.
    async fn orders(&self, shop: &Shop) -> Vec<String> {
        let (mut orders, mut cursor) = (vec![], String::new());
        loop {
            let request = shop
                .get(&format!("/api/orders?limit=100{cursor}"))
                .bearer_auth(&self.token);
            let request = request.header("tillstream-min-position", self.position);
            let page = answer(request).await.unwrap().expect(200);
            let ids = page["items"].as_array().unwrap().iter();
            orders.extend(ids.map(|order| order["id"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return orders,
            }
        }
    }
}
