//! Views in a folder, that a test changes in the projector's place, and caches over them.

use std::time::Duration;

use bytes::Bytes;
use events::envelope::Position;
use events::ids::ProductId;
use read_models::cache::{Basis, Document, Hit, ProductCache, RedisCache, RedisSettings};
use read_models::generation::Checkpoint;
use read_models::products::{Product, ProductStatus};
use read_models::query::Snapshot;
use read_models::record::Change;
use read_models::{Record, ViewName, Views, generation, store};
use tempfile::TempDir;
use uuid::Uuid;

/// Far more than anything takes; only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(5);

pub struct Shop {
    pub views: Views,
    pub url: String,
    pub prefix: String,
    _folder: TempDir,
}

impl Shop {
    /// On this Redis.
    pub async fn on(url: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let views = Views::open_sqlite(&folder.path().join("views.db")).await.unwrap();
        Self {
            views,
            url,
            prefix: test_servers::new_name(),
            _folder: folder,
        }
    }

    /// A process that hasn't done anything yet.
    pub fn process(&self) -> ProductCache {
        let settings = RedisSettings {
            url: self.url.clone(),
            ca_file: None,
            key_prefix: self.prefix.clone(),
        };
        ProductCache::Redis(RedisCache::connect(&settings).unwrap())
    }

    /// A process whose projector begins where the views are.
    pub async fn projector(&self) -> ProductCache {
        let cache = self.process();
        self.keep(&cache).await;
        cache
    }

    /// The projector of this process begins.
    pub async fn keep(&self, cache: &ProductCache) {
        cache.keep_from(&self.views, self.basis().await);
    }

    pub async fn basis(&self) -> Basis {
        let mut conn = self.views.reader().acquire().await.unwrap();
        let serving = generation::serving(&mut conn, ViewName::Products)
            .await
            .unwrap()
            .unwrap();
        Basis {
            generation: serving.generation,
            position: serving.position,
        }
    }

    /// Commits one more position with these products, and tells nobody.
    pub async fn commit(&self, products: &[Product]) -> Position {
        let basis = self.basis().await;
        let next = basis.position + 1;
        let keys: Vec<_> = products.iter().map(Record::key).collect();
        let mut before = self.views.find_all::<Product>(&keys).await.unwrap();
        let changes: Vec<_> = products
            .iter()
            .map(|product| Change {
                old: before.remove(&product.key()),
                new: Some(product.clone()),
            })
            .collect();
        let mut tx = self.views.begin_write().await.unwrap();
        let stands = Checkpoint {
            view: ViewName::Products,
            generation: basis.generation,
            position: basis.position,
        };
        let moved = generation::advance(&mut tx, &[stands], next).await;
        assert!(moved.unwrap());
        store::save(&mut tx, basis.generation, &changes).await.unwrap();
        tx.commit().await.unwrap();
        next
    }

    /// Commits one more position, and tells the projector's cache.
    pub async fn record(&self, projector: &ProductCache, products: &[Product]) -> Position {
        let position = self.commit(products).await;
        projector.change(position, products);
        position
    }

    /// What a query that missed reads from SQL, and at which position.
    pub async fn read(&self, id: ProductId) -> (Option<Document>, Position) {
        let mut snapshot = Snapshot::begin(&self.views).await.unwrap();
        let position = snapshot.position_of(&[ViewName::Products]);
        let product = read_models::query::products::product(snapshot.conn(), id)
            .await
            .unwrap();
        (product.and_then(|product| product.answer()), position)
    }

    /// The mark as it stands in Redis.
    pub async fn mark(&self) -> Option<String> {
        let key = format!("{{{}}}:1:mark", self.prefix);
        redis::cmd("GET")
            .arg(key)
            .query_async(&mut self.redis().await)
            .await
            .unwrap()
    }

    pub async fn redis(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.url.as_str()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }
}

/// The mark's first word: which filling it is about.
pub fn filling(mark: &str) -> &str {
    mark.split(' ').next().unwrap()
}

pub fn id(n: u128) -> ProductId {
    ProductId(Uuid::from_u128(n))
}

/// Product `n` under this name.
pub fn product(n: u128, name: &str) -> Product {
    let mut product = Product::announced(id(n));
    product.document.status = ProductStatus::Active;
    name.clone_into(&mut product.document.name);
    // Its number in the full-text index, in which every row has a place of its own.
    product.number = u64::try_from(n).unwrap();
    product
}

pub fn removed(n: u128) -> Product {
    let mut product = product(n, "");
    product.document.status = ProductStatus::Removed;
    product
}

/// The name in a product's document.
pub fn name(document: &Document) -> String {
    let document: serde_json::Value = serde_json::from_slice(&document.body).unwrap();
    document["name"].as_str().unwrap().to_owned()
}

pub fn page(text: &str) -> Document {
    Document {
        body: Bytes::copy_from_slice(text.as_bytes()),
        etag: "\"page\"".into(),
    }
}

/// Looks until there is something.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    found.unwrap_or_else(|_| panic!("never came true: {what}"))
}

/// Looks until the product's document reflects `position`.
pub async fn hit_at(cache: &ProductCache, n: u128, position: Position) -> Hit {
    let what = format!("the cache reflects {position}");
    eventually(&what, async || cache.document(id(n), Some(position)).await).await
}

/// The product's document, whatever it reflects.
pub async fn hit(cache: &ProductCache, n: u128) -> Hit {
    hit_at(cache, n, 0).await
}
