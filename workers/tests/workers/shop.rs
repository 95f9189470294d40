//! A small shop with its log, vault and payment sandbox. Its workers are in `crew`, their intents in `kept`, their emails
//! in `mail`.

mod crew;
mod kept;
mod mail;

use std::time::Duration;

use chrono::{SubsecRound, TimeDelta, Utc};
use domain::Authority;
use domain::accounts::{self, Register};
use domain::cancellation::{self, CancelOrder};
use domain::catalogue::{self, AddProduct, NewVariant};
use domain::checkout::{self, Basket, PlaceOrder};
use domain::{Decision, UnitOfWork};
use events::Event;
use events::account::{AccountRegistered, Profile, Role};
use events::envelope::Actor;
use events::ids::{AccountId, AttemptId, OrderId, PaymentId, ProductId, RefundId, Sku};
use events::money::{Currency, Money};
use events::order::Contact;
use events::payment::PaymentMethod;
use events::product::Variant;
use events::sealed::Sealed;
use executor::{CommandContext, Executor};
use payment_sandbox::{ChargeRecord, Sandbox, SandboxSettings};
use platform::blobs::{BlobPlace, BlobStore};
use platform::clock::{Clock, ManualClock};
use platform::event_log::{EventLog, LogOptions};
use platform::postgres::{self, PostgresTarget};
use platform::vault::Vault;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::email::ShopIdentity;
use workers::gateway::{PaymentGateway, StripeGateway, StripeSettings};
use workers::intents::POSTGRES_SCHEMA;

pub use crew::Workers;
use kept::Kept;

const SECRET_KEY: &str = "sk_test_workers";
/// Nothing in a test takes this long unless it never comes.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Long enough for a busy machine to book a charge, short enough to wait for.
const IMPATIENCE: Duration = Duration::from_secs(2);
/// Digits of a second that the databases keep.
const MICROSECONDS: u16 = 6;
/// Longer than any wait between two tries.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);
/// As long as the workers' leases.
pub const LEASE: TimeDelta = TimeDelta::seconds(15);
pub const ORDER_TTL: TimeDelta = TimeDelta::minutes(30);
pub const EMAIL: &str = "ann@mail.example";

pub struct Shop {
    pub log: EventLog,
    pub executor: Executor,
    pub vault: Vault,
    pub blobs: BlobStore,
    pub clock: ManualClock,
    pub customer: AccountId,
    sandbox: Sandbox,
    sandbox_shutdown: CancellationToken,
    directory: TempDir,
    kept: Kept,
}

/// An order and its payment.
#[expect(clippy::struct_field_names, reason = "they are the names of the ids")]
#[derive(Debug, Clone, Copy)]
pub struct Placed {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub attempt_id: AttemptId,
}

/// Waits until the condition holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let held = tokio::time::timeout(PATIENCE, async {
        while !holds().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    });
    assert!(held.await.is_ok(), "it never came: {what}");
}

/// Makes two tests of each body: with the intents in `SQLite`, and in `PostgreSQL`.
macro_rules! on_both {
    ($($body:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $body() {
                    super::$body($crate::shop::Shop::open().await).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test]
                #[ignore = "needs servers: cargo xtask test"]
                async fn $body() {
                    super::$body($crate::shop::Shop::open_on_postgres().await).await;
                }
            )+
        }
    };
}
pub(crate) use on_both;

impl Shop {
    pub async fn open() -> Self {
        Self::open_with(Kept::File).await
    }

    /// With the intents in a new `PostgreSQL` database; the rest is as ever.
    pub async fn open_on_postgres() -> Self {
        let target = PostgresTarget::parse(&test_servers::new_database().await, "workers-test").unwrap();
        for schema in [&POSTGRES_SCHEMA, &platform::lease::POSTGRES_SCHEMA] {
            postgres::migrate(&target, schema).await.unwrap();
        }
        Self::open_with(Kept::Postgres(Box::new(target))).await
    }

    async fn open_with(kept: Kept) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let log = EventLog::open_sqlite(&directory.path().join("log.db"), LogOptions::default())
            .await
            .unwrap();
        let vault = Vault::open_sqlite(&directory.path().join("vault.db"), [7; 32])
            .await
            .unwrap();
        let sandbox_shutdown = CancellationToken::new();
        let settings = SandboxSettings {
            database: directory.path().join("sandbox.db"),
            listen: "127.0.0.1:0".parse().unwrap(),
            secret_key: SECRET_KEY.to_owned(),
            webhook: None,
            // An hour: what hangs is never answered within a test.
            hang: Duration::from_hours(1),
            processing_delay: Duration::from_millis(50),
        };
        let sandbox = payment_sandbox::start(settings, sandbox_shutdown.clone())
            .await
            .unwrap();
        let blobs = BlobPlace::Folder(directory.path().join("blobs"));
        let shop = Self {
            blobs: BlobStore::open(&blobs).unwrap(),
            executor: Executor::new(log.clone()),
            log,
            vault,
            // The sandbox goes by the real time, so this begins there.
            clock: ManualClock::new(Utc::now().trunc_subsecs(MICROSECONDS)),
            customer: AccountId::generate(),
            sandbox,
            sandbox_shutdown,
            directory,
            kept,
        };
        shop.stock_up().await;
        shop.register().await;
        shop
    }

    async fn stock_up(&self) {
        let add = AddProduct {
            product_id: ProductId::generate(),
            seller: None,
            name: "White hanging heart".to_owned(),
            description: String::new(),
            category: None,
            variants: vec![NewVariant {
                variant: Variant {
                    sku: sku(),
                    options: std::collections::BTreeMap::new(),
                    price: pounds(5),
                },
                quantity: 1_000,
            }],
            one_of_a_kind: false,
            at: self.now(),
        };
        self.command(|work| catalogue::add_product(work, &add)).await;
    }

    async fn register(&self) {
        let profile = Profile {
            username: "ann".to_owned(),
            email: Some(EMAIL.to_owned()),
            first_name: "Ann".to_owned(),
            last_name: "Smith".to_owned(),
        };
        let register = Register {
            registered: AccountRegistered {
                account_id: self.customer,
                profile: self.seal(&profile).await,
                password: None,
                roles: [Role::Customer].into(),
                registered_at: self.now(),
            },
            username: "ann".to_owned(),
            email: Some(EMAIL.to_owned()),
        };
        self.command(|work| accounts::register(work, &register)).await;
    }

    pub async fn seal(&self, value: &impl Serialize) -> Sealed {
        self.vault
            .seal(self.customer.0, &serde_json::to_string(value).unwrap())
            .await
            .unwrap()
    }

    pub fn now(&self) -> chrono::DateTime<Utc> {
        Clock::Manual(self.clock.clone()).now()
    }

    pub async fn try_command<T: Serialize + DeserializeOwned>(
        &self,
        decide: impl Fn(&mut UnitOfWork) -> Decision<T>,
    ) -> Result<T, executor::ExecuteError> {
        let context = CommandContext::new(Actor::Account(self.customer), self.now(), Uuid::now_v7());
        Ok(self.executor.execute(&context, decide).await?.value)
    }

    pub async fn command<T: Serialize + DeserializeOwned>(
        &self,
        decide: impl Fn(&mut UnitOfWork) -> Decision<T>,
    ) -> T {
        self.try_command(decide).await.unwrap()
    }

    /// Buys two at five pounds.
    pub async fn buy(&self, card_token: &str) -> Placed {
        self.buy_for(card_token, Some(EMAIL)).await
    }

    pub async fn buy_for(&self, card_token: &str, email: Option<&str>) -> Placed {
        let contact = Contact {
            email: email.map(str::to_owned),
            name: "Ann Smith".to_owned(),
            address: "1 High Street\nLondon".to_owned(),
        };
        let place = PlaceOrder {
            order_id: OrderId::generate(),
            payment_id: PaymentId::generate(),
            attempt_id: AttemptId::generate(),
            customer: self.customer,
            basket: Basket::Lines(vec![(sku(), 2)]),
            contact: self.seal(&contact).await,
            country: "United Kingdom".to_owned(),
            method: PaymentMethod::Card {
                token: card_token.to_owned(),
            },
            at: self.now(),
            expires_at: self.now() + ORDER_TTL,
            fee_bps: 500,
        };
        self.command(|work| checkout::place_order(work, &place)).await;
        Placed {
            order_id: place.order_id,
            payment_id: place.payment_id,
            attempt_id: place.attempt_id,
        }
    }

    pub async fn cancel(&self, order_id: OrderId) {
        let cancel = CancelOrder {
            order_id,
            by: Authority::Staff,
            refund_id: RefundId::generate(),
            at: self.now(),
        };
        self.command(|work| cancellation::cancel_order(work, &cancel))
            .await;
    }

    /// The names of all events of one order, its payment included, in their order; without its emails.
    pub async fn story(&self, placed: Placed) -> Vec<&'static str> {
        let of_order = |event: &events::envelope::RecordedEvent| {
            let key = event.stream.key();
            let of_order = key == placed.order_id.to_string() || key == placed.payment_id.to_string();
            of_order && event.stream.kind() != "order_mail"
        };
        let recorded = self.log.read(0, EventLog::READ_LIMIT).await.unwrap();
        recorded
            .iter()
            .filter(|event| of_order(event))
            .map(|event| Event::decode(event).unwrap().event_type().0)
            .collect()
    }

    pub async fn until_event(&self, placed: Placed, event_type: &str) {
        until(event_type, async || {
            self.story(placed).await.contains(&event_type)
        })
        .await;
    }

    pub async fn charges(&self) -> Vec<ChargeRecord> {
        self.sandbox.charges().await.unwrap()
    }

    /// Lets a blob have been put so much earlier.
    pub fn age_blob(&self, key: &str, age: TimeDelta) {
        let file = std::fs::File::options()
            .write(true)
            .open(self.directory.path().join("blobs").join(key))
            .unwrap();
        file.set_modified((self.now() - age).into()).unwrap();
    }

    /// The sandbox, as [`gateway`] takes it.
    pub fn provider_url(&self) -> &str {
        &self.sandbox.base_url
    }

    pub fn gateway(&self) -> PaymentGateway {
        gateway(&self.sandbox.base_url, PATIENCE)
    }

    pub async fn close(self) {
        self.sandbox_shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.sandbox.join())
            .await
            .unwrap()
            .unwrap();
        self.vault.close().await;
        self.log.close().await;
    }
}

pub fn sku() -> Sku {
    Sku::new("85123A").unwrap()
}

pub fn pounds(pounds: i64) -> Money {
    Money::new(pounds * 100, Currency::GBP)
}

pub fn identity() -> ShopIdentity {
    ShopIdentity::new(
        "Gift Shop",
        "orders@gifts.example",
        "https://gifts.example",
        "https://gifts.example/password",
        "https://gifts.example/verify",
    )
    .unwrap()
}

pub fn gateway(base_url: &str, request_timeout: Duration) -> PaymentGateway {
    let settings = StripeSettings {
        base_url: base_url.to_owned(),
        secret_key: SECRET_KEY.to_owned(),
        request_timeout,
    };
    PaymentGateway::Stripe(StripeGateway::new(settings).unwrap())
}
