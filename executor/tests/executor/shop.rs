//! A shop on a log of its own, with as many executors as a test wants; each has its own handle of the
//! file and its own memory, as processes have.

use chrono::{DateTime, Duration, Utc};
use domain::catalogue::{self, AddProduct, ChangeStock, EditProduct, NewVariant, StockChange};
use domain::checkout::{self, Basket, PlaceOrder, PlacedOrder};
use domain::product::Product;
use domain::stock::Stock;
use domain::{Authority, Decision, UnitOfWork};
use events::Event;
use events::envelope::{Actor, RecordedEvent};
use events::ids::{AccountId, AttemptId, OrderId, PaymentId, ProductId, Sku};
use events::money::{Currency, Money};
use events::order::OrderEvent;
use events::payment::PaymentMethod;
use events::product::Variant;
use events::sealed::Sealed;
use events::stock::StockEvent;
use executor::{Accepted, CommandContext, ExecuteError, Executor};
use platform::event_log::{EventLog, IdempotencyKey, LogOptions};
use tempfile::TempDir;
use uuid::Uuid;

pub struct Shop {
    folder: TempDir,
}

impl Shop {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// An executor as another process would have it.
    pub async fn executor(&self) -> Executor {
        let file = self.folder.path().join("log.sqlite");
        Executor::new(EventLog::open_sqlite(&file, LogOptions::default()).await.unwrap())
    }
}

pub fn now() -> DateTime<Utc> {
    "2026-03-01T09:00:00Z".parse().unwrap()
}

pub fn context() -> CommandContext {
    CommandContext::new(Actor::System, now(), Uuid::now_v7())
}

/// A context with an idempotency key; the fingerprint stands for the request's body.
pub fn keyed(key: &str, fingerprint: &str) -> CommandContext {
    let idempotency = IdempotencyKey {
        scope: "customer".to_owned(),
        key: key.to_owned(),
        fingerprint: fingerprint.to_owned(),
    };
    CommandContext {
        idempotency: Some(idempotency),
        ..context()
    }
}

pub fn sku(text: &str) -> Sku {
    Sku::new(text).unwrap()
}

pub fn pence(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

pub fn new_variant(text: &str, price_minor: i64, quantity: u32) -> NewVariant {
    let variant = Variant {
        sku: sku(text),
        options: [].into(),
        price: pence(price_minor),
    };
    NewVariant { variant, quantity }
}

/// Puts a product of one SKU on sale.
pub async fn list(executor: &Executor, text: &str, price_minor: i64, quantity: u32) -> ProductId {
    try_list(executor, text, price_minor, quantity).await.unwrap()
}

pub async fn try_list(
    executor: &Executor,
    text: &str,
    price_minor: i64,
    quantity: u32,
) -> Result<ProductId, ExecuteError> {
    let product_id = ProductId::generate();
    let add = AddProduct {
        product_id,
        seller: None,
        name: text.to_owned(),
        description: String::new(),
        category: None,
        variants: vec![new_variant(text, price_minor, quantity)],
        one_of_a_kind: false,
        at: now(),
    };
    let added = executor
        .execute(&context(), |work| catalogue::add_product(work, &add))
        .await;
    added.map(|_| product_id)
}

/// An order of some customer for one SKU, by card.
pub fn order(text: &str, quantity: u32) -> PlaceOrder {
    PlaceOrder {
        order_id: OrderId::generate(),
        payment_id: PaymentId::generate(),
        attempt_id: AttemptId::generate(),
        customer: AccountId::generate(),
        basket: Basket::Lines(vec![(sku(text), quantity)]),
        contact: Sealed("sealed".to_owned()),
        country: "United Kingdom".to_owned(),
        method: PaymentMethod::Card {
            token: "tok_visa".to_owned(),
        },
        at: now(),
        expires_at: now() + Duration::minutes(30),
        fee_bps: 500,
    }
}

pub async fn buy(
    executor: &Executor,
    text: &str,
    quantity: u32,
) -> Result<Accepted<PlacedOrder>, ExecuteError> {
    let command = order(text, quantity);
    executor
        .execute(&context(), |work| checkout::place_order(work, &command))
        .await
}

pub async fn receive(executor: &Executor, product_id: ProductId, text: &str, quantity: u32) {
    let change = ChangeStock {
        product_id,
        sku: sku(text),
        by: Authority::Staff,
        change: StockChange::Receive(quantity),
        reason: "delivery".to_owned(),
    };
    executor
        .execute(&context(), |work| catalogue::change_stock(work, &change))
        .await
        .unwrap();
}

pub fn price_change(product_id: ProductId, text: &str, price_minor: i64) -> EditProduct {
    EditProduct {
        product_id,
        by: Authority::Staff,
        expected_version: None,
        name: None,
        description: None,
        category: None,
        prices: [(sku(text), pence(price_minor))].into(),
        add: vec![],
        remove: vec![],
        listed: None,
    }
}

pub async fn set_price(executor: &Executor, product_id: ProductId, text: &str, price_minor: i64) {
    let edit = price_change(product_id, text, price_minor);
    executor
        .execute(&context(), |work| catalogue::edit_product(work, &edit))
        .await
        .unwrap();
}

/// Units that are on the shelf, and of these the ones that nobody was promised.
pub async fn shelf(executor: &Executor, text: &str) -> (u64, u64) {
    let look = |work: &mut UnitOfWork| -> Decision<(u64, u64)> {
        let stock = work.read::<Stock>(sku(text))?;
        Ok((stock.on_hand(), stock.available()))
    };
    executor.inspect(&context(), look).await.unwrap().value
}

pub async fn price(executor: &Executor, product_id: ProductId, text: &str) -> Option<Money> {
    let look = |work: &mut UnitOfWork| Ok(work.read::<Product>(product_id)?.price(&sku(text)));
    executor.inspect(&context(), look).await.unwrap().value
}

/// Everything in the log, which is checked to be without gaps: in its positions, and in each stream's versions.
pub async fn recorded(executor: &Executor) -> Vec<RecordedEvent> {
    let mut all: Vec<RecordedEvent> = vec![];
    loop {
        let after = all.last().map_or(0, |event| event.position);
        let page = executor.log().read(after, EventLog::READ_LIMIT).await.unwrap();
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let mut versions = std::collections::HashMap::new();
    for (index, event) in all.iter().enumerate() {
        assert_eq!(event.position, index as u64 + 1, "a gap in the log");
        let version = versions.entry(&event.stream).or_insert(0);
        *version += 1;
        assert_eq!(event.version, *version, "a gap in {}", event.stream);
    }
    all
}

/// How many units the log says were promised, and how many orders were placed.
pub async fn sold(executor: &Executor) -> (u32, usize) {
    let (mut units, mut orders) = (0, 0);
    for event in recorded(executor).await {
        match Event::decode(&event).unwrap() {
            Event::Stock(StockEvent::StockReserved(reserved)) => units += reserved.quantity,
            Event::Order(OrderEvent::OrderPlaced(_)) => orders += 1,
            _ => {}
        }
    }
    (units, orders)
}
