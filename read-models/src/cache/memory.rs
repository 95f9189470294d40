//! The cache in memory. Reading is a hash lookup and never waits.
//!
//! The projector of this process keeps it true: after each commit it replaces what has changed. A
//! query that found nothing reads the database and offers what it made, with the position that it
//! read at; if something newer has changed the same product since, the offer is refused. Without a
//! projector in the process the cache stays empty, since nothing would tell it of changes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use events::envelope::Position;
use events::ids::ProductId;
use moka::sync::Cache;

use super::Document;
use crate::products::Product;

/// Bytes of documents to keep: some 60,000 products of a kilobyte.
const DOCUMENT_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of pages to keep: some thousand pages of 20 products.
const PAGE_BYTES: u64 = 32 * 1024 * 1024;
/// How many changed products are remembered one by one, to judge an offer; beyond, all offers that were
/// read before the newest change are refused, which costs them a second read and nothing else.
const REMEMBERED_CHANGES: usize = 16 * 1024;
/// What an entry costs beside its body.
const ENTRY_OVERHEAD: usize = 128;

/// See the module.
pub struct MemoryCache {
    documents: Cache<ProductId, Document>,
    pages: Cache<String, Page>,
    /// Held by whoever changes something; readers don't need it.
    fence: Mutex<Fence>,
    /// As [`Fence::position`], for readers.
    position: AtomicU64,
    /// The last position that changed any product. Pages that were made before are no longer true.
    changed_at: AtomicU64,
}

#[derive(Clone)]
struct Page {
    document: Document,
    /// What `changed_at` was when it was made.
    made_at: Position,
}

#[derive(Default)]
struct Fence {
    /// Whether a projector keeps the cache true.
    kept: bool,
    /// Offers that were read before this are refused.
    floor: Position,
    /// When each product last changed, if after `floor`.
    changes: HashMap<ProductId, Position>,
}

impl Default for MemoryCache {
    fn default() -> Self {
        let cost = |document: &Document| weight(document.body.len());
        Self {
            documents: Cache::builder()
                .max_capacity(DOCUMENT_BYTES)
                .weigher(move |_, document| cost(document))
                .build(),
            pages: Cache::builder()
                .max_capacity(PAGE_BYTES)
                .weigher(move |key: &String, page: &Page| weight(key.len() + page.document.body.len()))
                .build(),
            fence: Mutex::default(),
            position: AtomicU64::new(0),
            changed_at: AtomicU64::new(0),
        }
    }
}

impl MemoryCache {
    /// What everything that it answers reflects at least. Ask before [`Self::document`] or [`Self::page`].
    pub fn position(&self) -> Position {
        self.position.load(Ordering::Acquire)
    }

    /// A product's finished answer.
    pub fn document(&self, id: ProductId) -> Option<Document> {
        self.documents.get(&id)
    }

    /// A list's finished page.
    pub fn page(&self, query: &str) -> Option<Document> {
        let page = self.pages.get(query)?;
        (page.made_at == self.changed_at.load(Ordering::Acquire)).then_some(page.document)
    }

    /// Offers a document that was made of what the database held at `read_at`. Whether it was taken.
    pub fn fill(&self, id: ProductId, document: Document, read_at: Position) -> bool {
        let fence = self.fence();
        let changed = fence.changes.get(&id).copied().unwrap_or_default();
        let fresh = fence.kept && read_at >= fence.floor && read_at >= changed;
        if fresh {
            self.documents.insert(id, document);
        }
        fresh
    }

    /// Offers a page that was made of what the database held at `read_at`. Whether it was taken.
    pub fn fill_page(&self, query: String, document: Document, read_at: Position) -> bool {
        let fence = self.fence();
        let made_at = self.changed_at.load(Ordering::Acquire);
        let fresh = fence.kept && read_at >= made_at && read_at >= fence.floor;
        if fresh {
            self.pages.insert(query, Page { document, made_at });
        }
        fresh
    }

    /// For the projector: from now on it tells of every change after `position`.
    pub fn keep_from(&self, position: Position) {
        let mut fence = self.fence();
        self.forget(&mut fence, position);
        fence.kept = true;
    }

    /// For the projector: it tells of no more changes, so nothing is kept.
    pub fn stop_keeping(&self) {
        let mut fence = self.fence();
        fence.kept = false;
        let position = self.position();
        self.forget(&mut fence, position);
    }

    /// For the projector, after it has committed up to `position`: these products have changed to this.
    pub fn change<'p>(&self, position: Position, products: impl IntoIterator<Item = &'p Product>) {
        let mut fence = self.fence();
        let mut any = false;
        for product in products {
            any = true;
            let id = product.document.id;
            fence.changes.insert(id, position);
            // What nobody has asked for isn't kept, and needs no answer made.
            if self.documents.contains_key(&id) {
                self.replace(id, product.answer());
            }
        }
        if fence.changes.len() > REMEMBERED_CHANGES {
            fence.changes.clear();
            fence.floor = position;
        }
        if any {
            self.changed_at.store(position, Ordering::Release);
        }
        self.position.store(position, Ordering::Release);
    }

    fn replace(&self, id: ProductId, document: Option<Document>) {
        match document {
            Some(document) => self.documents.insert(id, document),
            None => self.documents.invalidate(&id),
        }
    }

    fn forget(&self, fence: &mut Fence, position: Position) {
        self.documents.invalidate_all();
        self.pages.invalidate_all();
        fence.changes.clear();
        fence.floor = position;
        self.changed_at.store(position, Ordering::Release);
        self.position.store(position, Ordering::Release);
    }

    fn fence(&self) -> MutexGuard<'_, Fence> {
        // A panic in between can at worst have left out a change; starting over would lose more.
        self.fence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In bytes.
fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes + ENTRY_OVERHEAD).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::products::ProductStatus;

    fn document(text: &'static str) -> Document {
        Document {
            body: Bytes::from_static(text.as_bytes()),
            etag: "\"1.1\"".into(),
        }
    }

    fn kept_from(position: Position) -> MemoryCache {
        let cache = MemoryCache::default();
        cache.keep_from(position);
        cache
    }

    #[test]
    fn without_a_projector_nothing_is_kept() {
        let cache = MemoryCache::default();
        assert!(!cache.fill(ProductId::generate(), document("a"), 1));
        assert!(!cache.fill_page(String::new(), document("a"), 1));
    }

    fn product(id: ProductId, name: &str, status: ProductStatus) -> Product {
        let mut product = Product::announced(id);
        product.document.name = name.to_owned();
        product.document.status = status;
        product
    }

    fn seen(id: ProductId, name: &str) -> Product {
        product(id, name, ProductStatus::Active)
    }

    fn gone(id: ProductId) -> Product {
        product(id, "", ProductStatus::Removed)
    }

    #[test]
    fn a_document_that_was_read_before_the_last_change_is_refused() {
        let (cache, id, other) = (kept_from(5), ProductId::generate(), ProductId::generate());
        cache.change(7, [&seen(id, "new")]);
        assert!(!cache.fill(id, document("old"), 6));
        assert_eq!(cache.document(id), None);
        assert!(cache.fill(other, document("other"), 6));
        assert!(cache.fill(id, document("new"), 7));
        assert_eq!(cache.document(id), Some(document("new")));
        assert!(!cache.fill(id, document("older than the start"), 4));
    }

    #[test]
    fn a_change_replaces_what_is_kept_and_removes_what_is_gone() {
        let (cache, id) = (kept_from(1), ProductId::generate());
        assert!(cache.fill(id, document("1"), 1));
        let two = seen(id, "2");
        cache.change(2, [&two]);
        assert_eq!(cache.document(id), two.answer());
        cache.change(3, [&gone(id)]);
        assert_eq!(cache.document(id), None);
        assert_eq!(cache.position(), 3);
    }

    #[test]
    fn a_page_is_true_until_any_product_changes() {
        let cache = kept_from(1);
        assert!(cache.fill_page("q=mug".to_owned(), document("page"), 1));
        cache.change(2, []);
        assert_eq!(cache.page("q=mug"), Some(document("page")));
        cache.change(3, [&seen(ProductId::generate(), "mug")]);
        assert_eq!(cache.page("q=mug"), None);
        assert!(!cache.fill_page("q=mug".to_owned(), document("page"), 2));
        assert!(cache.fill_page("q=mug".to_owned(), document("page"), 3));
    }

    #[test]
    fn forgetting_single_changes_refuses_rather_than_guesses() {
        let (cache, id) = (kept_from(0), ProductId::generate());
        let many: Vec<_> = (0..=REMEMBERED_CHANGES)
            .map(|_| gone(ProductId::generate()))
            .collect();
        cache.change(9, many.iter().chain([&gone(id)]));
        assert!(!cache.fill(id, document("old"), 8));
        assert!(cache.fill(id, document("new"), 9));
    }

    #[test]
    fn after_the_projector_has_gone_nothing_is_left() {
        let (cache, id) = (kept_from(1), ProductId::generate());
        assert!(cache.fill(id, document("1"), 1));
        cache.stop_keeping();
        assert_eq!(cache.document(id), None);
        assert!(!cache.fill(id, document("1"), 9));
    }
}
