//! The views' database: connections that write, several that can only read, and what the projector
//! tells the rest of the process: how far the views are, and which products changed.
//!
//! How each database is opened stands in `sqlite` and `postgres`; how a process without a projector learns how far the
//! views are, in `follow`.

mod follow;
mod postgres;
mod sqlite;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use events::envelope::Position;
use platform::postgres::OpenError;
use sqlx::{Any, AnyPool, Transaction};
use tokio::sync::watch;

use crate::cache::ProductCache;
use crate::dialect::Dialect;
use crate::digest;
use crate::generation;
use crate::positions::Positions;
use crate::record::Record;
use crate::store::{self, StoreError};
use crate::table::Of;
use crate::view_name::ViewName;

pub use postgres::POSTGRES_SCHEMA;

/// Why the views can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    #[error("the path of the views' database isn't UTF-8: {path:?}")]
    Path { path: PathBuf },
    #[error("the views' database {path} can't be opened: {source}")]
    Open { path: PathBuf, source: StoreError },
    #[error("the views' database can't be opened")]
    Postgres(#[from] OpenError),
    #[error("the views can't be made ready: {0}")]
    Prepare(#[from] StoreError),
}

/// The views. Cheap to clone.
#[derive(Clone)]
pub struct Views {
    inner: Arc<Inner>,
    cache: Arc<ProductCache>,
}

struct Inner {
    dialect: Dialect,
    /// None for those who may only read.
    writer: Option<AnyPool>,
    reader: AnyPool,
    versions: HashMap<ViewName, u64>,
    positions: watch::Sender<Positions>,
    /// How many tasks wait for a position.
    waiting: watch::Sender<usize>,
}

impl Views {
    fn new(
        dialect: Dialect,
        writer: Option<AnyPool>,
        reader: AnyPool,
        versions: HashMap<ViewName, u64>,
        positions: Positions,
    ) -> Self {
        let inner = Inner {
            dialect,
            writer,
            reader,
            versions,
            positions: watch::Sender::new(positions),
            waiting: watch::Sender::new(0),
        };
        Self {
            inner: Arc::new(inner),
            cache: Arc::default(),
        }
    }

    /// The same views with another cache than one in this process's memory.
    #[must_use]
    pub fn with_cache(self, cache: ProductCache) -> Self {
        Self {
            cache: Arc::new(cache),
            ..self
        }
    }

    pub fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    /// Connections that can only read. For rows and the position that they reflect in one consistent
    /// picture, begin a [`Snapshot`](crate::query::Snapshot).
    pub fn reader(&self) -> &AnyPool {
        &self.inner.reader
    }

    /// Finished answers of the catalogue.
    pub fn cache(&self) -> &ProductCache {
        &self.cache
    }

    /// How far the views are, as the projector of this process tells after each commit, or as
    /// [`follow`](Self::follow) finds them.
    pub fn positions(&self) -> watch::Receiver<Positions> {
        self.inner.positions.subscribe()
    }

    /// How far the views are, as the database says: for a process without a projector.
    pub async fn stored_positions(&self) -> Result<Positions, StoreError> {
        generation::positions(&mut *self.reader().acquire().await?).await
    }

    /// One row of what is being served.
    pub async fn find<R: Record>(&self, key: &R::Key) -> Result<Option<R>, StoreError> {
        let mut found = self.find_all(std::slice::from_ref(key)).await?;
        Ok(found.remove(key))
    }

    /// The rows of these keys, as far as they exist, of what is being served.
    pub async fn find_all<R: Record>(&self, keys: &[R::Key]) -> Result<HashMap<R::Key, R>, StoreError> {
        store::load(&mut *self.reader().acquire().await?, Of::Serving, keys).await
    }

    /// A hash over all rows of a view that are being served; see [`mod@digest`].
    pub async fn digest(&self, view: ViewName) -> Result<String, StoreError> {
        let mut tx = self.begin_read().await?;
        if let Some(statement) = self.dialect().read_at_leisure() {
            sqlx::raw_sql(statement).execute(&mut *tx).await?;
        }
        digest::digest(&mut tx, view, Of::Serving).await
    }

    /// A transaction that only reads: all that it reads was true at the same moment, and no view is swapped in
    /// the middle of it.
    pub(crate) async fn begin_read(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let dialect = self.dialect();
        let mut tx = self.reader().begin_with(dialect.begin_read()).await?;
        if let Some(statement) = dialect.hold_off_swaps() {
            sqlx::raw_sql(statement).execute(&mut *tx).await?;
        }
        Ok(tx)
    }

    /// For the projector: the version that a view's generation must have to be written by this program.
    pub fn version(&self, view: ViewName) -> u64 {
        self.inner.versions[&view] // proof: whoever opens them enters every view
    }

    /// For the projector: begins a transaction that may write; nobody else writes until it ends. Fails with
    /// [`StoreError::ReadOnly`] where the views are opened to be read.
    pub async fn begin_write(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let writer = self.inner.writer.as_ref().ok_or(StoreError::ReadOnly)?;
        begin_write(writer, self.dialect()).await
    }

    /// For the projector: tells the process how far these views are now.
    pub fn publish(&self, reached: impl IntoIterator<Item = (ViewName, Position)>) {
        self.inner.positions.send_if_modified(|told| {
            let before = *told;
            for (view, position) in reached {
                told.set(view, position);
            }
            *told != before
        });
    }

    /// Closes the connections once they are no longer in use.
    pub async fn close(&self) {
        self.reader().close().await;
        if let Some(writer) = &self.inner.writer {
            writer.close().await;
        }
    }
}

async fn begin_write(writer: &AnyPool, dialect: Dialect) -> Result<Transaction<'static, Any>, StoreError> {
    let mut tx = writer.begin_with(dialect.begin_write()).await?;
    if let Some(statement) = dialect.hold_off_writers() {
        sqlx::raw_sql(statement).execute(&mut *tx).await?;
    }
    Ok(tx)
}

/// Creates the first generation of every view that has none; how far they all are.
async fn prepare(
    tx: &mut Transaction<'static, Any>,
    versions: &HashMap<ViewName, u64>,
) -> Result<Positions, StoreError> {
    for view in ViewName::ALL {
        if generation::serving(tx, view).await?.is_none() {
            let first = generation::create(tx, view, versions[&view]).await?;
            generation::serve(tx, view, first).await?;
        }
    }
    generation::positions(tx).await
}

fn versions(version: impl Fn(ViewName) -> u64) -> HashMap<ViewName, u64> {
    ViewName::ALL.map(|view| (view, version(view))).into()
}
