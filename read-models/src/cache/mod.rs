//! Finished answers of the catalogue: a product's document by its id, and list pages by their normalised query; in
//! this process's memory, or in a Redis that several processes share.
//!
//! The projector keeps it true: after each commit it tells what has changed. Whatever isn't found, or can't be vouched
//! for, is read from the views; that is `query-api`'s business.

mod memory;
mod redis;

use std::sync::Arc;

use bytes::Bytes;
use events::envelope::Position;
use events::ids::ProductId;
use telemetry::names;

pub use self::memory::MemoryCache;
pub use self::redis::{RedisCache, RedisCacheError, RedisSettings};
use crate::products::Product;
use crate::views::Views;

/// A finished answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// JSON.
    pub body: Bytes,
    /// With its quotation marks.
    pub etag: Arc<str>,
}

/// An answer out of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub document: Document,
    /// What the document reflects at least.
    pub position: Position,
}

/// Where a projector begins to tell of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    /// Of the products' view: which one is served.
    pub generation: u64,
    /// What it reflects.
    pub position: Position,
}

/// What came of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lookup {
    Hit(Hit),
    /// It isn't there, or not as new as it was wanted.
    Miss,
    /// The cache can't be asked, or nobody vouches for what is in it.
    Unusable,
}

impl Lookup {
    /// Counts it.
    fn told(self, kind: &'static str) -> Option<Hit> {
        let (result, hit) = match self {
            Self::Hit(hit) => ("hit", Some(hit)),
            Self::Miss => ("miss", None),
            Self::Unusable => ("fallback", None),
        };
        metrics::counter!(names::CACHE_REQUESTS, "kind" => kind, "result" => result).increment(1);
        hit
    }
}

/// See the module. Which one it is, is chosen at start.
pub enum ProductCache {
    /// Of this process, for this process.
    Memory(MemoryCache),
    /// Of all processes that use the same server and prefix.
    Redis(RedisCache),
}

impl Default for ProductCache {
    fn default() -> Self {
        Self::Memory(MemoryCache::default())
    }
}

impl ProductCache {
    /// A product's finished answer that reflects at least `wanted`.
    pub async fn document(&self, id: ProductId, wanted: Option<Position>) -> Option<Hit> {
        let found = match self {
            Self::Memory(cache) => from_memory(cache, wanted, |cache| cache.document(id)),
            Self::Redis(cache) => cache.document(id, wanted).await,
        };
        found.told("document")
    }

    /// A list's finished page that reflects at least `wanted`.
    pub async fn page(&self, query: &str, wanted: Option<Position>) -> Option<Hit> {
        let found = match self {
            Self::Memory(cache) => from_memory(cache, wanted, |cache| cache.page(query)),
            Self::Redis(cache) => cache.page(query, wanted).await,
        };
        found.told("page")
    }

    /// Offers a document that was made of what the database held at `read_at`. It is taken unless something newer may
    /// have changed it since. Never waits.
    pub fn fill(&self, id: ProductId, document: Document, read_at: Position) {
        match self {
            Self::Memory(cache) => {
                cache.fill(id, document, read_at);
            }
            Self::Redis(cache) => cache.fill(id, document, read_at),
        }
    }

    /// Offers a page that was made of what the database held at `read_at`. It is taken unless something newer may have
    /// changed it since. Never waits.
    pub fn fill_page(&self, query: String, document: Document, read_at: Position) {
        match self {
            Self::Memory(cache) => {
                cache.fill_page(query, document, read_at);
            }
            Self::Redis(cache) => cache.fill_page(&query, document, read_at),
        }
    }

    /// For the projector: from now on it tells of every change after `basis`. A cache that is filled by its projector
    /// fills itself from `views`, beside everything else.
    pub fn keep_from(&self, views: &Views, basis: Basis) {
        match self {
            Self::Memory(cache) => cache.keep_from(basis.position),
            Self::Redis(cache) => cache.keep_from(views, basis),
        }
    }

    /// For the projector: it tells of no more changes. What is in a shared cache stays true for the position that it
    /// names; in memory nothing is kept.
    pub fn stop_keeping(&self) {
        match self {
            Self::Memory(cache) => cache.stop_keeping(),
            Self::Redis(cache) => cache.stop_keeping(),
        }
    }

    /// For the projector, after it has committed up to `position`: these products have changed to this. Never waits.
    pub fn change<'p>(&self, position: Position, products: impl IntoIterator<Item = &'p Product>) {
        match self {
            Self::Memory(cache) => cache.change(position, products),
            Self::Redis(cache) => cache.change(position, products),
        }
    }
}

fn from_memory(
    cache: &MemoryCache,
    wanted: Option<Position>,
    find: impl FnOnce(&MemoryCache) -> Option<Document>,
) -> Lookup {
    let position = cache.position();
    if wanted.is_some_and(|wanted| wanted > position) {
        return Lookup::Miss;
    }
    match find(cache) {
        Some(document) => Lookup::Hit(Hit { document, position }),
        None => Lookup::Miss,
    }
}
