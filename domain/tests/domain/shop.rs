//! A shop in memory: streams, claims, and given/when/then over use cases. It loads what a decision
//! misses, as the executor does, and checks claims as the log does.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};
use domain::catalogue::{AddProduct, NewVariant};
use domain::checkout::{Basket, PlaceOrder, PlacedOrder};
use domain::order::Order;
use domain::payment::Payment;
use domain::settlement::SettlePayment;
use domain::stock::Stock;
use domain::wallet::Wallet;
use domain::wallets::RequestDeposit;
use domain::{
    Decision, DomainError, Entity, Halt, Known, Refusal, RefusalKind, Snapshot, UnitOfWork, catalogue,
    checkout, settlement, wallets,
};
use events::Event;
use events::envelope::StreamId;
use events::ids::{AccountId, AttemptId, OrderId, PaymentId, ProductId, RefundId, Sku};
use events::money::{Currency, Money};
use events::payment::PaymentMethod;
use events::product::Variant;
use events::sealed::Sealed;
use uuid::Uuid;

use crate::invariants;

/// How long an order waits for its payment, in minutes.
pub const EXPIRES_AFTER: i64 = 30;

pub const ANNA: AccountId = AccountId(Uuid::from_u128(0xA));
pub const BOB: AccountId = AccountId(Uuid::from_u128(0xB));

#[derive(Default)]
struct Memory(HashMap<StreamId, Snapshot>);

impl Known for Memory {
    fn snapshot(&self, stream: &StreamId) -> Option<Snapshot> {
        self.0.get(stream).cloned()
    }
}

#[derive(Default)]
pub struct Shop {
    streams: BTreeMap<StreamId, Vec<Event>>,
    memory: Memory,
    claims: BTreeMap<(&'static str, String), String>,
    /// Everything that has happened, in order.
    pub log: Vec<Event>,
    ids: u128,
}

/// Why a command changed nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    ByDomain(DomainError),
    /// The value has another owner.
    Taken(&'static str, String),
}

/// What a command came to, and the names of the events that it yielded.
#[derive(Debug)]
#[must_use]
pub struct Outcome<T> {
    pub result: Result<T, Refused>,
    pub events: Vec<Event>,
}

impl<T: std::fmt::Debug> Outcome<T> {
    /// The value of a command that must succeed.
    #[track_caller]
    pub fn ok(self) -> T {
        self.result.unwrap()
    }

    /// It yields events of these types: aggregate by aggregate, each in order.
    #[track_caller]
    pub fn then(self, event_types: &[&str]) -> T {
        let value = self.result.unwrap();
        let found: Vec<_> = self.events.iter().map(|event| event.event_type().0).collect();
        assert_eq!(found, event_types);
        value
    }

    #[track_caller]
    pub fn then_refused(self, kind: RefusalKind, code: &str, field: Option<&str>) {
        let told = |error: &DomainError| (error.kind(), error.code(), error.field());
        match &self.result {
            Err(Refused::ByDomain(error)) => {
                assert_eq!(told(error), (kind, code, field.map(str::to_owned)), "{error}");
            }
            other => panic!("not refused: {other:?}"),
        }
    }

    #[track_caller]
    pub fn then_taken(self, scope: &str, value: &str) {
        match self.result {
            Err(Refused::Taken(taken_scope, taken)) => assert_eq!((taken_scope, &*taken), (scope, value)),
            other => panic!("not taken: {other:?}"),
        }
    }
}

impl Shop {
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs one command, as the executor and the log would.
    pub fn when<T>(&mut self, decide: impl Fn(&mut UnitOfWork) -> Decision<T>) -> Outcome<T> {
        let outcome = self.run(decide);
        invariants::check(self);
        outcome
    }

    fn run<T>(&mut self, decide: impl Fn(&mut UnitOfWork) -> Decision<T>) -> Outcome<T> {
        let refused = |error| Outcome {
            result: Err(error),
            events: vec![],
        };
        loop {
            let mut work = UnitOfWork::new(&self.memory);
            match decide(&mut work) {
                Err(Halt::NotLoaded) => {
                    let missing = work.into_missing();
                    assert!(
                        !missing.is_empty(),
                        "a decision that isn't made says what it misses"
                    );
                    for one in missing {
                        let events = self.streams.get(&one.stream).cloned().unwrap_or_default();
                        let version = events.len() as u64;
                        let state = (one.fold)(None, events).expect("a stream holds its aggregate's events");
                        self.memory.0.insert(one.stream, Snapshot { state, version });
                    }
                }
                Err(Halt::Refused(error)) => return refused(Refused::ByDomain(error)),
                Ok(value) => {
                    let decided = work.into_decided();
                    if let Err(taken) = self.change_claims(&decided.claims, &decided.releases) {
                        return refused(taken);
                    }
                    let mut events = vec![];
                    for written in decided.written {
                        let stream = self.streams.entry(written.stream.clone()).or_default();
                        stream.extend(written.events.iter().cloned());
                        let version = stream.len() as u64;
                        let snapshot = Snapshot {
                            state: written.state,
                            version,
                        };
                        self.memory.0.insert(written.stream, snapshot);
                        events.extend(written.events);
                    }
                    self.log.extend(events.iter().cloned());
                    return Outcome {
                        result: Ok(value),
                        events,
                    };
                }
            }
        }
    }

    /// Gives up, then takes; all of it or nothing.
    fn change_claims(
        &mut self,
        taken: &[(&'static str, String, String)],
        released: &[(&'static str, String, String)],
    ) -> Result<(), Refused> {
        let mut claims = self.claims.clone();
        for (scope, value, owner) in released {
            let key = (*scope, value.clone());
            if claims.get(&key) == Some(owner) {
                claims.remove(&key);
            }
        }
        for (scope, value, owner) in taken {
            let holder = claims.get(&(*scope, value.clone()));
            if holder.is_some_and(|holder| holder != owner) {
                return Err(Refused::Taken(scope, value.clone()));
            }
        }
        self.claims = claims;
        let taken = taken.iter().cloned();
        self.claims
            .extend(taken.map(|(scope, value, owner)| ((scope, value), owner)));
        Ok(())
    }

    /// Forgets all aggregates, so that the next command loads them from their events.
    pub fn restart(&mut self) {
        self.memory = Memory::default();
    }

    /// An aggregate as it is now.
    pub fn look<A: Entity>(&mut self, key: impl std::fmt::Display + Copy) -> A {
        let found = self.run(|work| work.read::<A>(key)).result.unwrap();
        A::clone(&found)
    }

    pub fn claim_owner(&self, scope: &'static str, value: &str) -> Option<&str> {
        self.claims.get(&(scope, value.to_owned())).map(String::as_str)
    }

    pub fn version<A: Entity>(&self, key: impl std::fmt::Display) -> u64 {
        self.streams
            .get(&StreamId::new(A::TYPE, key))
            .map_or(0, |events| events.len() as u64)
    }

    fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(0x1000 + self.ids)
    }

    pub fn refund_id(&mut self) -> RefundId {
        RefundId(self.id())
    }

    pub fn attempt_id(&mut self) -> AttemptId {
        AttemptId(self.id())
    }

    /// A new id of whatever type.
    pub fn new_id<I: From<Id>>(&mut self) -> I {
        Id(self.id()).into()
    }

    // Given.

    /// A product of one SKU, the shop's own.
    pub fn sells(&mut self, text: &str, price_minor: i64, quantity: u32) -> ProductId {
        let add = self.product(None, &[(text, price_minor, quantity)]);
        self.when(|work| catalogue::add_product(work, &add)).ok();
        add.product_id
    }

    /// A command that adds a product with these variants: SKU, pence, units.
    pub fn product(&mut self, seller: Option<AccountId>, variants: &[(&str, i64, u32)]) -> AddProduct {
        let variants = variants.iter().map(|(text, price_minor, quantity)| NewVariant {
            variant: Variant {
                sku: sku(text),
                options: BTreeMap::new(),
                price: pence(*price_minor),
            },
            quantity: *quantity,
        });
        AddProduct {
            product_id: ProductId(self.id()),
            seller,
            name: "Thing".to_owned(),
            description: String::new(),
            category: None,
            variants: variants.collect(),
            one_of_a_kind: false,
            at: at(0),
        }
    }

    /// Money in a person's wallet.
    pub fn funds(&mut self, account_id: AccountId, minor: i64) {
        let deposit = RequestDeposit {
            payment_id: PaymentId(self.id()),
            attempt_id: AttemptId(self.id()),
            account_id,
            amount: pence(minor),
            card_token: "tok_visa".to_owned(),
            at: at(0),
        };
        let settle = SettlePayment {
            payment_id: deposit.payment_id,
            attempt_id: deposit.attempt_id,
            provider_reference: "ch_deposit".to_owned(),
            at: at(0),
        };
        self.when(|work| wallets::request_deposit(work, &deposit)).ok();
        self.when(|work| settlement::settle_payment(work, &settle)).ok();
    }

    /// Anna's command to buy these lines by card.
    pub fn order(&mut self, lines: &[(&str, u32)]) -> PlaceOrder {
        let lines = lines.iter().map(|(text, quantity)| (sku(text), *quantity));
        PlaceOrder {
            order_id: OrderId(self.id()),
            payment_id: PaymentId(self.id()),
            attempt_id: AttemptId(self.id()),
            customer: ANNA,
            basket: Basket::Lines(lines.collect()),
            contact: Sealed("contact".to_owned()),
            country: "France".to_owned(),
            method: card(),
            at: at(0),
            expires_at: at(EXPIRES_AFTER),
            fee_bps: 500,
        }
    }

    pub fn place(&mut self, order: &PlaceOrder) -> Outcome<PlacedOrder> {
        self.when(|work| checkout::place_order(work, order))
    }

    /// An order by card, not yet paid.
    pub fn ordered(&mut self, lines: &[(&str, u32)]) -> PlaceOrder {
        let order = self.order(lines);
        self.place(&order).ok();
        order
    }

    /// An order that the provider has charged.
    pub fn paid(&mut self, lines: &[(&str, u32)]) -> PlaceOrder {
        let order = self.ordered(lines);
        self.settle(&order, 1).ok();
        order
    }

    /// An order that has arrived.
    pub fn delivered(&mut self, lines: &[(&str, u32)]) -> PlaceOrder {
        let order = self.paid(lines);
        self.hand_over(&order);
        order
    }

    /// Ships a paid order and delivers it.
    pub fn hand_over(&mut self, order: &PlaceOrder) {
        let ship = ship(order);
        self.when(|work| domain::fulfilment::ship_order(work, &ship)).ok();
        self.when(|work| domain::fulfilment::deliver_order(work, order.order_id, at(3)))
            .ok();
    }

    /// An order out of Anna's wallet.
    pub fn paid_by_wallet(&mut self, lines: &[(&str, u32)]) -> PlaceOrder {
        let order = PlaceOrder {
            method: PaymentMethod::Wallet,
            ..self.order(lines)
        };
        assert!(self.place(&order).ok().paid);
        order
    }

    /// The provider says that it has charged the order's first attempt.
    pub fn settle(&mut self, order: &PlaceOrder, minute: i64) -> Outcome<()> {
        let settle = settle(order, order.attempt_id, minute);
        self.when(|work| settlement::settle_payment(work, &settle))
    }

    // Then.

    /// Units on the shelf, and of these the ones that nobody was promised.
    pub fn shelf(&mut self, text: &str) -> (u64, u64) {
        let stock: Stock = self.look(text);
        (stock.on_hand(), stock.available())
    }

    pub fn balance(&mut self, account_id: AccountId) -> i64 {
        self.look::<Wallet>(account_id)
            .balance(Currency::GBP)
            .amount_minor()
    }

    pub fn order_status(&mut self, order: &PlaceOrder) -> domain::order::Status {
        self.look::<Order>(order.order_id).placed().unwrap().status
    }

    pub fn refundable(&mut self, order: &PlaceOrder) -> i64 {
        let payment: Payment = self.look(order.payment_id);
        payment.requested().unwrap().refundable().amount_minor()
    }
}

/// An id that becomes one of any type.
pub struct Id(pub Uuid);

macro_rules! becomes {
    ($($name:ident),+) => {$(
        impl From<Id> for events::ids::$name {
            fn from(id: Id) -> Self {
                Self(id.0)
            }
        }
    )+};
}
becomes!(
    CategoryId,
    ProductId,
    WithdrawalId,
    CreditNoteId,
    OrderId,
    PaymentId,
    AttemptId,
    SessionId,
    AccountId
);

pub fn at(minutes: i64) -> DateTime<Utc> {
    let morning: DateTime<Utc> = "2026-03-01T09:00:00Z".parse().unwrap();
    morning + Duration::minutes(minutes)
}

pub fn pence(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

pub fn sku(text: &str) -> Sku {
    Sku::new(text).unwrap()
}

pub fn card() -> PaymentMethod {
    PaymentMethod::Card {
        token: "tok_visa".to_owned(),
    }
}

pub fn ship(order: &PlaceOrder) -> domain::fulfilment::ShipOrder {
    domain::fulfilment::ShipOrder {
        order_id: order.order_id,
        carrier: None,
        tracking_number: None,
        at: at(2),
    }
}

pub fn settle(order: &PlaceOrder, attempt_id: AttemptId, minute: i64) -> SettlePayment {
    SettlePayment {
        payment_id: order.payment_id,
        attempt_id,
        provider_reference: "ch_1".to_owned(),
        at: at(minute),
    }
}
