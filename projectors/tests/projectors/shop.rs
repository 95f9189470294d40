//! A log and its views in a folder of their own, and a projector to start and stop.

use std::collections::HashMap;

use events::Event;
use events::envelope::{Actor, EventMeta, Position, StreamId};
use events::ids::EventId;
use platform::event_log::{Append, EventLog, LogOptions, NewEvent, StreamHead, StreamWrite};
use platform::feed::Feed;
use projectors::accounts::Accounts;
use projectors::branches::Branches;
use projectors::carts::Carts;
use projectors::categories::Categories;
use projectors::daily_reports::DailyReports;
use projectors::guest_carts::GuestCarts;
use projectors::orders::Orders;
use projectors::orphans::Orphans;
use projectors::payments::Payments;
use projectors::products::Products;
use projectors::projection::Projection;
use projectors::reviews::Reviews;
use projectors::wallets::Wallets;
use projectors::wishlists::Wishlists;
use projectors::{ProjectorDeps, run};
use read_models::{ViewName, Views};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::database::{Database, Place};
use crate::story::at;

pub struct Shop {
    folder: TempDir,
    pub log: EventLog,
    pub views: Views,
    pub place: Place,
    heads: HashMap<StreamId, StreamHead>,
    recorded: u32,
}

impl Shop {
    pub async fn open(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = EventLog::open_sqlite(&folder.path().join("log.db"), LogOptions::default())
            .await
            .unwrap();
        let place = Place::new(database, folder.path()).await;
        let views = place.open().await;
        Self {
            folder,
            log,
            views,
            place,
            heads: HashMap::new(),
            recorded: 0,
        }
    }

    /// Another handle on the same views, as another process would have.
    pub async fn same_views(&self) -> Views {
        self.place.open().await
    }

    /// Appends the events in this order; the log's head afterwards.
    pub async fn record(&mut self, story: impl IntoIterator<Item = Event>) -> Position {
        let mut pending = Vec::new();
        for event in story {
            let append = self.append_of(&event);
            pending.push(self.log.reserve().await.unwrap().send(append));
        }
        for append in pending {
            append.await.unwrap();
        }
        self.log.head().await.unwrap()
    }

    /// Appends an event of a type that nobody knows.
    pub async fn record_mystery(&mut self) -> Position {
        let stream = StreamId::new("mystery", 1);
        let event = self.new_event("Mystery", 1, "{}".to_owned());
        let append = self.write(stream, event);
        self.log.append(append).await.unwrap().position
    }

    fn append_of(&mut self, event: &Event) -> Append {
        let encoded = event.encode();
        let new = self.new_event(encoded.event_type, encoded.schema_version, encoded.payload);
        self.write(stream_of(event), new)
    }

    fn new_event(&mut self, event_type: &'static str, schema_version: u32, payload: String) -> NewEvent {
        self.recorded += 1;
        NewEvent {
            event_type,
            schema_version,
            payload,
            meta: EventMeta {
                event_id: EventId::generate(),
                recorded_at: at(i64::from(self.recorded)),
                actor: Actor::System,
                correlation_id: Uuid::nil(),
                causation_id: None,
                trace_parent: None,
            },
        }
    }

    fn write(&mut self, stream: StreamId, event: NewEvent) -> Append {
        let head = self.heads.entry(stream.clone()).or_default();
        let expected = *head;
        *head = StreamHead {
            version: expected.version + 1,
            event_id: Some(event.meta.event_id),
        };
        Append {
            writes: vec![StreamWrite {
                stream,
                expected,
                events: vec![event],
            }],
            ..Append::default()
        }
    }

    pub fn project(&self) -> Projector {
        self.project_into(&self.views)
    }

    pub fn project_into(&self, views: &Views) -> Projector {
        let shutdown = CancellationToken::new();
        let deps = ProjectorDeps {
            feed: Feed::tail(self.log.clone()),
            log: self.log.clone(),
            views: views.clone(),
        };
        Projector {
            task: tokio::spawn(run(deps, shutdown.clone())),
            views: views.clone(),
            shutdown,
        }
    }

    /// The digests that views filled afresh have, all events in one go: in `SQLite`, whatever the shop's own are in.
    pub async fn fresh_digests(&self) -> Vec<String> {
        let name = format!("fresh-{}.db", Uuid::now_v7());
        let path = self.folder.path().join(name);
        let fresh = Views::open_sqlite(&path).await.unwrap();
        let projector = self.project_into(&fresh);
        projector.reach(self.log.head().await.unwrap()).await;
        projector.stop().await;
        digests(&fresh).await
    }
}

pub async fn digests(views: &Views) -> Vec<String> {
    let mut digests = Vec::new();
    for view in ViewName::ALL {
        digests.push(format!("{view} {}", views.digest(view).await.unwrap()));
    }
    digests
}

/// How many generations there are, served or not.
pub async fn generations(views: &Views) -> usize {
    let rows = sqlx::query("SELECT view FROM checkpoints").fetch_all(views.reader());
    rows.await.unwrap().len()
}

pub struct Projector {
    task: JoinHandle<()>,
    views: Views,
    shutdown: CancellationToken,
}

impl Projector {
    /// Waits until every view reflects `position`.
    pub async fn reach(&self, position: Position) {
        let mut positions = self.views.positions();
        positions.wait_for(|now| now.min() >= position).await.unwrap();
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }

    /// Stops it wherever it is, as if the process had died.
    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

fn stream_of(event: &Event) -> StreamId {
    match event {
        Event::Stock(_) => StreamId::new("stock", Products::keys(event)[0]),
        Event::Order(_) => StreamId::new("order", Orders::keys(event)[0]),
        Event::Payment(_) => StreamId::new("payment", Payments::keys(event)[0]),
        Event::OrderMail(_) => StreamId::new("order_mail", Orders::keys(event)[0]),
        Event::GuestCart(_) => StreamId::new("guest_cart", GuestCarts::keys(event)[0]),
        Event::Cart(_) => StreamId::new("cart", Carts::keys(event)[0]),
        Event::Product(_) => StreamId::new("product", Products::keys(event)[0]),
        Event::Account(_) => StreamId::new("account", Accounts::keys(event)[0]),
        Event::Review(_) => {
            let (product, author) = Reviews::keys(event)[0];
            StreamId::new("review", format_args!("{product}.{author}"))
        }
        Event::ApiKey(_) => StreamId::new("api_keys", 1),
        Event::Wishlist(_) => StreamId::new("wishlist", Wishlists::keys(event)[0].0),
        Event::Orphan(_) => StreamId::new("orphan", Orphans::keys(event)[0]),
        Event::Session(_) => StreamId::new("session", 1),
        Event::Category(_) => StreamId::new("category", Categories::keys(event)[0]),
        Event::Wallet(_) => StreamId::new("wallet", Wallets::keys(event)[0].0),
        Event::CreditNote(_) => StreamId::new("creditnote", 1),
        Event::Branch(_) => StreamId::new("branch", Branches::keys(event)[0]),
        Event::DailyReport(_) => {
            let key = DailyReports::keys(event)[0];
            StreamId::new("daily_report", format_args!("{}.{}", key.branch_id, key.day))
        }
        Event::OutgoingReport(_)
        | Event::FollowedCatalogue(_)
        | Event::SuppliedProduct(_)
        | Event::SuppliedCategory(_) => {
            unreachable!("no view shows what a branch keeps of its headquarters")
        }
    }
}
