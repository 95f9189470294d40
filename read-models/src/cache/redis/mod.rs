//! The cache in Redis, for all processes of a shop. The projector's process fills it and keeps it (`keeper`); any process
//! reads it, in one round trip a lookup, and offers what it missed.
//!
//! Redis may be flushed, restarted, slow or gone at any time. Then queries are answered from SQL, and nobody waits.

mod entry;
mod keeper;
mod link;
mod mark;
mod news;
mod settings;
mod source;
mod writer;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use events::envelope::Position;
use events::ids::ProductId;
use redis::{Client, RedisError, Script};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use self::entry::{Entry, Keys};
use self::keeper::{Keeper, Left};
use self::link::Link;
use self::mark::{Mark, State};
use self::news::News;
pub use self::settings::{RedisCacheError, RedisSettings};
use self::writer::{Writer, document_life, millis};
use super::{Basis, Document, Hit, Lookup};
use crate::products::Product;
use crate::views::Views;

/// How long a page lives: most become untrue sooner, since something in the catalogue changes.
const PAGE_LIFE: Duration = Duration::from_mins(1);
/// Offers on their way at once. More are dropped: they cost somebody a second read and nothing else.
const OFFERS_AT_ONCE: usize = 64;

/// See the module.
pub struct RedisCache {
    client: Client,
    keys: Keys,
    link: Arc<Link>,
    offer: Arc<Script>,
    offers: Arc<Semaphore>,
    keeping: Mutex<Option<Keeping>>,
    left: Left,
}

/// The keeper at work; it stops when this is dropped.
struct Keeping {
    news: Arc<News>,
    task: JoinHandle<()>,
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RedisCache {
    /// Fails only if the settings are wrong. The connection is made beside everything else, within the runtime that it is
    /// called in; until then, and whenever Redis isn't there, every lookup is a miss.
    pub fn connect(settings: &RedisSettings) -> Result<Self, RedisCacheError> {
        let client = settings.client()?;
        let keys = Keys::new(settings.prefix()?);
        let link = Arc::new(Link::new(client.clone()));
        // Begins to connect; there is nothing to borrow yet.
        drop(link.lend());
        Ok(Self {
            client,
            keys,
            link,
            offer: Arc::new(Script::new(include_str!("offer.lua"))),
            offers: Arc::new(Semaphore::new(OFFERS_AT_ONCE)),
            keeping: Mutex::default(),
            left: Left::default(),
        })
    }

    pub(super) async fn document(&self, id: ProductId, wanted: Option<Position>) -> Lookup {
        self.look_up(&self.keys.document(id), wanted, |_, _| true).await
    }

    pub(super) async fn page(&self, query: &str, wanted: Option<Position>) -> Lookup {
        let key = self.keys.page(query);
        self.look_up(&key, wanted, |mark, page| page.made_at == mark.changed_at)
            .await
    }

    pub(super) fn fill(&self, id: ProductId, document: Document, read_at: Position) {
        let life = document_life(id);
        self.offer("document", self.keys.document(id), document, read_at, life);
    }

    pub(super) fn fill_page(&self, query: &str, document: Document, read_at: Position) {
        self.offer("page", self.keys.page(query), document, read_at, PAGE_LIFE);
    }

    pub(super) fn keep_from(&self, views: &Views, basis: Basis) {
        let mut keeping = self.keeping();
        if let Some(keeping) = &*keeping {
            return keeping.news.begin(basis);
        }
        let news = Arc::new(News::from(basis));
        let writer = Writer::new(self.client.clone(), self.keys.clone());
        // Without this cache, which it would otherwise keep alive.
        let views = views.clone().with_cache(super::ProductCache::default());
        let keeper = Keeper::new(views, writer, Arc::clone(&news), Arc::clone(&self.left));
        let task = tokio::spawn(keeper.run());
        *keeping = Some(Keeping { news, task });
    }

    pub(super) fn stop_keeping(&self) {
        *self.keeping() = None;
    }

    pub(super) fn change<'p>(&self, position: Position, products: impl IntoIterator<Item = &'p Product>) {
        if let Some(keeping) = &*self.keeping() {
            let products = products.into_iter();
            let documents = products.map(|product| (product.document.id, product.answer()));
            keeping.news.tell(position, documents);
        }
    }

    async fn look_up(
        &self,
        key: &str,
        wanted: Option<Position>,
        is_true: impl FnOnce(&Mark, &Entry) -> bool,
    ) -> Lookup {
        let Some((mark, entry)) = self.read(key).await else {
            return Lookup::Unusable;
        };
        if mark.state != State::Complete {
            return Lookup::Unusable;
        }
        let entry = entry.filter(|entry| entry.filling == mark.id && is_true(&mark, entry));
        match entry {
            Some(entry) if wanted.is_none_or(|wanted| wanted <= mark.position) => Lookup::Hit(Hit {
                document: entry.document,
                position: mark.position,
            }),
            _ => Lookup::Miss,
        }
    }

    /// The mark and what stands under the key, in one moment; `None` without a mark, or without Redis.
    async fn read(&self, key: &str) -> Option<(Mark, Option<Entry>)> {
        let mut lent = self.link.lend()?;
        let mut get = redis::cmd("MGET");
        get.arg(self.keys.mark()).arg(key);
        let answer: Result<(Option<String>, Option<Vec<u8>>), RedisError> =
            get.query_async(&mut lent.connection).await;
        match answer {
            Ok((mark, entry)) => {
                self.link.good();
                Some((mark?.parse().ok()?, entry.and_then(Entry::parse)))
            }
            Err(error) => {
                self.link.failed(&lent, &error);
                None
            }
        }
    }

    /// Sends an offer on its way.
    fn offer(&self, kind: &'static str, key: String, document: Document, read_at: Position, life: Duration) {
        let Ok(place) = Arc::clone(&self.offers).try_acquire_owned() else {
            return;
        };
        let Some(mut lent) = self.link.lend() else {
            return;
        };
        let (script, mark) = (Arc::clone(&self.offer), self.keys.mark());
        tokio::spawn(async move {
            let mut call = script.key(mark);
            call.key(key).arg(kind).arg(read_at).arg(millis(life));
            call.arg(&*document.etag).arg(&*document.body);
            // A lost offer costs somebody a second read; if Redis is in trouble, the reads tell.
            if let Err(error) = call.invoke_async::<()>(&mut lent.connection).await {
                tracing::debug!(error = %error, kind, "Redis didn't take what was offered");
            }
            drop(place);
        });
    }

    fn keeping(&self) -> MutexGuard<'_, Option<Keeping>> {
        // It is only ever replaced as a whole.
        self.keeping.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
