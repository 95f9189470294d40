//! A shop of its own for each test: its log, views and vault in a folder, its projector, and its router.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, IF_NONE_MATCH};
use chrono::Utc;
use events::Event;
use events::account::Role;
use events::envelope::{Actor, EventMeta, Position, StreamId};
use events::ids::{AccountId, EventId, SessionId};
use events::money::Currency;
use events::sealed::Sealed;
use platform::blobs::{BlobPlace, BlobStore};
use platform::event_log::{Append, EventLog, LogOptions, NewEvent, StreamHead, StreamWrite};
use platform::feed::Feed;
use platform::vault::Vault;
use projectors::ProjectorDeps;
use query_api::{PATIENCE, QueryDeps};
use read_models::Views;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt;
use uuid::Uuid;
use web::api_keys::ApiKey;
use web::layers::{Limits, wrap};
use web::position::MIN_POSITION;
use web::tokens::AccessTokens;

use crate::answer::Answer;
use crate::database::{Database, OpenViews};
use crate::story::{account, at, stream_of};

/// Larger than any answer of a test.
const BODY_MAX_BYTES: usize = 1_000_000;

pub struct Shop {
    router: Router,
    pub document: utoipa::openapi::OpenApi,
    pub deps: QueryDeps,
    log: EventLog,
    /// As the projector has them.
    written_views: Views,
    _following: DropGuard,
    projector: Mutex<Option<Projector>>,
    written: Mutex<Written>,
    /// Kept for as long as the shop: dropping it deletes the files.
    _folder: TempDir,
}

/// What the log holds of the story so far.
#[derive(Default)]
struct Written {
    heads: HashMap<StreamId, StreamHead>,
    events: u32,
}

struct Projector {
    task: JoinHandle<()>,
    shutdown: CancellationToken,
}

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: AccountId,
    pub roles: BTreeSet<Role>,
}

/// Account `n` in one role.
pub fn person(n: u128, role: Role) -> Person {
    Person {
        id: account(n),
        roles: BTreeSet::from([role]),
    }
}

pub fn customer(n: u128) -> Person {
    person(n, Role::Customer)
}

pub fn staff() -> Person {
    person(80, Role::Staff)
}

pub fn admin() -> Person {
    person(90, Role::Admin)
}

impl Shop {
    pub async fn open(database: Database) -> Self {
        Self::with_patience(database, PATIENCE).await
    }

    pub async fn with_patience(database: Database, patience: Duration) -> Self {
        Self::with(database, patience, |views| views).await
    }

    /// Whoever opens the views, has them as `made`.
    pub async fn with(database: Database, patience: Duration, made: impl Fn(Views) -> Views) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = EventLog::open_sqlite(&folder.path().join("log.db"), LogOptions::default())
            .await
            .unwrap();
        let vault = Vault::open_sqlite(&folder.path().join("vault.db"), [3; 32])
            .await
            .unwrap();
        let open = OpenViews::new(database, folder.path()).await;
        let tokens = AccessTokens::new(&[7; 32]).unwrap();
        let blobs = BlobStore::open(&BlobPlace::Folder(folder.path().join("blobs"))).unwrap();
        let mut deps = QueryDeps::new(made(open.read), vault, tokens, blobs, Currency::GBP);
        deps.patience = patience;
        let (routes, document) = query_api::router(deps.clone());
        let shop = Self {
            router: wrap(routes, Limits::default()),
            document,
            deps,
            log,
            written_views: made(open.written),
            _following: open.following,
            projector: Mutex::default(),
            written: Mutex::default(),
            _folder: folder,
        };
        shop.project();
        shop
    }

    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// The same shop behind other routes.
    pub fn behind(self, routes: Router) -> Self {
        let router = wrap(routes, Limits::default());
        Self { router, ..self }
    }

    /// Lets the projector run.
    pub fn project(&self) {
        let shutdown = CancellationToken::new();
        let deps = ProjectorDeps {
            feed: Feed::tail(self.log.clone()),
            log: self.log.clone(),
            views: self.written_views.clone(),
        };
        let task = tokio::spawn(projectors::run(deps, shutdown.clone()));
        *self.projector.lock().unwrap() = Some(Projector { task, shutdown });
    }

    /// Stops the projector: what is written from now on isn't reflected.
    pub async fn stop_projecting(&self) {
        let projector = self.projector.lock().unwrap().take().unwrap();
        projector.shutdown.cancel();
        projector.task.await.unwrap();
    }

    /// Appends the events in this order; the position of the last.
    pub async fn append(&self, story: impl IntoIterator<Item = impl Into<Event>>) -> Position {
        let mut pending = Vec::new();
        for event in story {
            let append = self.append_of(&event.into());
            pending.push(self.log.reserve().await.unwrap().send(append));
        }
        for append in pending {
            append.await.unwrap();
        }
        self.log.head().await.unwrap()
    }

    /// Appends the events and waits until every view reflects them.
    pub async fn tell(&self, story: impl IntoIterator<Item = impl Into<Event>>) -> Position {
        let position = self.append(story).await;
        let mut positions = self.deps.views.positions();
        positions.wait_for(|now| now.min() >= position).await.unwrap();
        position
    }

    fn append_of(&self, event: &Event) -> Append {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.events += 1;
        let encoded = event.encode();
        let meta = EventMeta {
            event_id: EventId::generate(),
            recorded_at: at(i64::from(written.events)),
            actor: Actor::System,
            correlation_id: Uuid::nil(),
            causation_id: None,
            trace_parent: None,
        };
        let stream = stream_of(event);
        let head = written.heads.entry(stream.clone()).or_default();
        let expected = *head;
        *head = StreamHead {
            version: expected.version + 1,
            event_id: Some(meta.event_id),
        };
        let event = NewEvent {
            event_type: encoded.event_type,
            schema_version: encoded.schema_version,
            payload: encoded.payload,
            meta,
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

    /// Seals what is somebody's with their key.
    pub async fn seal(&self, subject: Uuid, open: &impl serde::Serialize) -> Sealed {
        let text = serde_json::to_string(open).unwrap();
        self.deps.vault.seal(subject, &text).await.unwrap()
    }

    pub fn get(&self, path: impl AsRef<str>) -> Call<'_> {
        Call {
            shop: self,
            request: Request::get(path.as_ref()),
        }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, BODY_MAX_BYTES).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }
}

/// A request in the making; awaiting it sends it.
pub struct Call<'s> {
    shop: &'s Shop,
    request: axum::http::request::Builder,
}

impl Call<'_> {
    pub fn by(self, person: &Person) -> Self {
        let session = SessionId::generate();
        let tokens = &self.shop.deps.tokens;
        let token = tokens.issue(person.id, session, &person.roles, Utc::now());
        self.header(AUTHORIZATION.as_str(), format!("Bearer {token}"))
    }

    /// By a program, with a key of somebody's.
    pub fn with_key(self, key: &ApiKey) -> Self {
        self.header(AUTHORIZATION.as_str(), format!("Bearer {}", key.reveal()))
    }

    /// The answer must reflect this position.
    pub fn min(self, position: impl Display) -> Self {
        self.header(MIN_POSITION.as_str(), position.to_string())
    }

    pub fn if_none_match(self, tag: &str) -> Self {
        self.header(IF_NONE_MATCH.as_str(), tag.to_owned())
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.request = self.request.header(name, value.into());
        self
    }
}

impl<'s> IntoFuture for Call<'s> {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send + 's>>;

    fn into_future(self) -> Self::IntoFuture {
        let request = self.request.body(Body::empty()).unwrap();
        Box::pin(self.shop.send(request))
    }
}
