//! Everything at once: a projector that writes, readers that read and offer what they missed, and a Redis that is
//! flushed in between. No answer may be older than the position that it names.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use events::envelope::Position;
use read_models::cache::ProductCache;

use crate::server::Server;
use crate::shop::{Shop, eventually, id, name, page, product};

const PRODUCTS: u128 = 5;
const READERS: usize = 3;
/// Between two flushes: enough for fillings to be completed and to be cut short.
const COMMITS_PER_FLUSH: usize = 60;
const FLUSHES: usize = 4;
/// Answers out of the cache that are worth calling it tested.
const HITS: usize = 500;

/// When each product changed last, as of each position.
type History = Arc<Mutex<HashMap<Position, HashMap<u128, Position>>>>;

struct Reader {
    shop: Arc<Shop>,
    cache: ProductCache,
    history: History,
    hits: Arc<AtomicUsize>,
}

impl Reader {
    /// The documents and the page carry the position of their last change as their name.
    async fn round(&self) {
        for n in 1..=PRODUCTS {
            if let Some(hit) = self.cache.document(id(n), None).await {
                let made_of: Position = name(&hit.document).parse().unwrap();
                let changed = self.history.lock().unwrap()[&hit.position].get(&n).copied();
                assert!(Some(made_of) >= changed, "{n} at {}", hit.position);
                self.hits.fetch_add(1, Ordering::Relaxed);
            } else if let (Some(document), position) = self.shop.read(id(n)).await {
                self.cache.fill(id(n), document, position);
            }
        }
        if let Some(hit) = self.cache.page("all", None).await {
            let made_of: Position = std::str::from_utf8(&hit.document.body).unwrap().parse().unwrap();
            let changed = self.history.lock().unwrap()[&hit.position]
                .values()
                .max()
                .copied();
            assert!(Some(made_of) >= changed, "the page at {}", hit.position);
            self.hits.fetch_add(1, Ordering::Relaxed);
        } else {
            let position = self.shop.basis().await.position;
            self.cache
                .fill_page("all".to_owned(), page(&position.to_string()), position);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs servers: cargo xtask test"]
async fn no_answer_is_older_than_the_position_that_it_names() {
    let server = Server::start().await;
    let shop = Arc::new(Shop::on(server.url()).await);
    let projector = shop.projector().await;
    let (history, hits) = (History::default(), Arc::new(AtomicUsize::new(0)));
    history.lock().unwrap().insert(0, HashMap::new());
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let reader = Reader {
                shop: Arc::clone(&shop),
                cache: shop.process(),
                history: Arc::clone(&history),
                hits: Arc::clone(&hits),
            };
            let done = Arc::clone(&done);
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    reader.round().await;
                }
            })
        })
        .collect();

    let mut changed = HashMap::new();
    let mut position = 0;
    let mut commit = async || {
        position += 1;
        // Some positions change nothing; the others one product after the other.
        let n = u128::from(position) % (PRODUCTS + 2);
        let products: Vec<_> = (1..=PRODUCTS)
            .filter(|product| *product == n)
            .map(|n| product(n, &position.to_string()))
            .collect();
        for product in &products {
            changed.insert(product.document.id.0.as_u128(), position);
        }
        history.lock().unwrap().insert(position, changed.clone());
        assert_eq!(shop.record(&projector, &products).await, position);
    };
    for _ in 0..FLUSHES {
        for _ in 0..COMMITS_PER_FLUSH {
            commit().await;
        }
        server.flush().await;
        let enough = hits.load(Ordering::Relaxed) + HITS;
        eventually("the readers find something again", async || {
            commit().await;
            assert!(
                readers.iter().all(|reader| !reader.is_finished()),
                "a reader has failed"
            );
            (hits.load(Ordering::Relaxed) >= enough).then_some(())
        })
        .await;
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
}
