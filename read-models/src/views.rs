//! The views' database: one connection that writes, several that can only read, and what the
//! projector tells the rest of the process: how far the views are, and which products changed.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use events::envelope::Position;
use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyPool, AssertSqlSafe, Executor, Transaction};
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

/// Readers at once. A query keeps its connection for well under a millisecond, and more readers than
/// cores don't make `SQLite` faster.
const READERS: u32 = 16;

/// For every connection. `NORMAL` may lose the last commits when the power fails, but never the
/// database's soundness, and the log has them still. The wait for another process's write
/// (a rebuild's batch) is far longer than a batch takes. The cache is 64 MiB per connection. The write-ahead log
/// is copied back every 4,000 pages (16 MiB), so that a page which many batches change is copied once.
const WRITER_SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
     PRAGMA busy_timeout = 30000; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; \
     PRAGMA wal_autocheckpoint = 4000;";
const READER_SETTINGS: &str = "PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;";

/// Why the views can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    #[error("the path of the views' database isn't UTF-8: {path:?}")]
    Path { path: PathBuf },
    #[error("the views' database {path} can't be opened: {source}")]
    Open { path: PathBuf, source: StoreError },
}

/// The views. Cheap to clone.
#[derive(Clone)]
pub struct Views(Arc<Inner>);

struct Inner {
    dialect: Dialect,
    writer: AnyPool,
    reader: AnyPool,
    versions: HashMap<ViewName, u64>,
    positions: watch::Sender<Positions>,
    cache: ProductCache,
}

impl Views {
    /// Opens the views' `SQLite` file and creates it, and every view that isn't there yet.
    pub async fn open_sqlite(path: &Path) -> Result<Self, ViewsError> {
        Self::open_sqlite_with(path, ViewName::version).await
    }

    /// As [`Self::open_sqlite`], but the views have other versions than the program's own.
    pub async fn open_sqlite_with(
        path: &Path,
        version: impl Fn(ViewName) -> u64,
    ) -> Result<Self, ViewsError> {
        sqlx::any::install_default_drivers();
        let url = sqlite_url(path).ok_or_else(|| ViewsError::Path {
            path: path.to_owned(),
        })?;
        create_private(path).map_err(|error| ViewsError::Open {
            path: path.to_owned(),
            source: sqlx::Error::Io(error).into(),
        })?;
        let versions = ViewName::ALL.map(|view| (view, version(view)));
        Self::connect(&url, HashMap::from(versions))
            .await
            .map_err(|source| ViewsError::Open {
                path: path.to_owned(),
                source,
            })
    }

    async fn connect(url: &str, versions: HashMap<ViewName, u64>) -> Result<Self, StoreError> {
        let writer = pool(1, WRITER_SETTINGS)
            .connect(&format!("{url}?mode=rwc"))
            .await?;
        let mut tx = writer.begin_with(Dialect::Sqlite.begin_write()).await?;
        generation::create_registry(&mut tx).await?;
        for view in ViewName::ALL {
            if generation::serving(&mut tx, view).await?.is_none() {
                let first = generation::create(&mut tx, view, versions[&view]).await?;
                generation::serve(&mut tx, view, first).await?;
            }
        }
        let positions = generation::positions(&mut tx).await?;
        tx.commit().await?;
        let reader = pool(READERS, READER_SETTINGS)
            .connect(&format!("{url}?mode=ro"))
            .await?;
        Ok(Self(Arc::new(Inner {
            dialect: Dialect::Sqlite,
            writer,
            reader,
            versions,
            positions: watch::Sender::new(positions),
            cache: ProductCache::default(),
        })))
    }

    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// Connections that can only read. For rows and the position that they reflect in one consistent
    /// picture, begin a transaction and ask [`generation::positions`] in it.
    pub fn reader(&self) -> &AnyPool {
        &self.0.reader
    }

    /// Finished answers of the catalogue.
    pub fn cache(&self) -> &ProductCache {
        &self.0.cache
    }

    /// How far the views are, as the projector of this process tells after each commit.
    pub fn positions(&self) -> watch::Receiver<Positions> {
        self.0.positions.subscribe()
    }

    /// How far the views are, as the database says: for a process without a projector.
    pub async fn stored_positions(&self) -> Result<Positions, StoreError> {
        generation::positions(&mut *self.0.reader.acquire().await?).await
    }

    /// One row of what is being served.
    pub async fn find<R: Record>(&self, key: &R::Key) -> Result<Option<R>, StoreError> {
        let mut found = self.find_all(std::slice::from_ref(key)).await?;
        Ok(found.remove(key))
    }

    /// The rows of these keys, as far as they exist, of what is being served.
    pub async fn find_all<R: Record>(&self, keys: &[R::Key]) -> Result<HashMap<R::Key, R>, StoreError> {
        store::load(&mut *self.0.reader.acquire().await?, Of::Serving, keys).await
    }

    /// A hash over all rows of a view that are being served; see [`mod@digest`].
    pub async fn digest(&self, view: ViewName) -> Result<String, StoreError> {
        let mut tx = self.0.reader.begin().await?;
        digest::digest(&mut tx, view, Of::Serving).await
    }

    /// For the projector: the version that a view's generation must have to be written by this program.
    pub fn version(&self, view: ViewName) -> u64 {
        self.0.versions[&view] // proof: `open_sqlite_with` enters every view
    }

    /// For the projector: begins a transaction that may write; nobody else writes until it ends.
    pub async fn begin_write(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let begin = self.0.dialect.begin_write();
        Ok(self.0.writer.begin_with(begin).await?)
    }

    /// For the projector: tells the process how far these views are now.
    pub fn publish(&self, reached: impl IntoIterator<Item = (ViewName, Position)>) {
        self.0.positions.send_if_modified(|told| {
            let before = *told;
            for (view, position) in reached {
                told.set(view, position);
            }
            *told != before
        });
    }

    /// Closes the connections once they are no longer in use.
    pub async fn close(&self) {
        self.0.reader.close().await;
        self.0.writer.close().await;
    }
}

fn pool(connections: u32, settings: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .after_connect(move |conn, _| {
            Box::pin(async move {
                conn.execute(sqlx::raw_sql(AssertSqlSafe(settings))).await?;
                Ok(())
            })
        })
}

/// `SQLite` would create the file readable by everyone; its companions (`-wal`, `-shm`) take the file's mode.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// The path as a URL that the driver reads back to the same path.
fn sqlite_url(path: &Path) -> Option<String> {
    let mut url = "sqlite://".to_owned();
    for byte in path.to_str()?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => url.push(char::from(byte)),
            _ => {
                let _ = write!(url, "%{byte:02X}"); // proof: writing to a String can't fail
            }
        }
    }
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_strange_path_is_opened_as_it_is_and_keeps_its_views() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shop #1?mode=ro%20 é.db");
        for _ in 0..2 {
            let views = Views::open_sqlite(&path).await.unwrap();
            assert_eq!(views.stored_positions().await.unwrap(), Positions::default());
            views.close().await;
        }
        assert!(path.exists());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_its_owner_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("views.db");
        let _views = Views::open_sqlite(&path).await.unwrap();
        for file in ["views.db", "views.db-wal"] {
            let mode = dir.path().join(file).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }

    #[tokio::test]
    async fn the_readers_cannot_write() {
        let dir = tempfile::tempdir().unwrap();
        let views = Views::open_sqlite(&dir.path().join("views.db")).await.unwrap();
        let refused = sqlx::query("DELETE FROM views").execute(views.reader()).await;
        assert!(refused.unwrap_err().to_string().contains("readonly"));
    }

    #[tokio::test]
    async fn a_missing_folder_is_a_clear_error() {
        let dir = tempfile::tempdir().unwrap();
        let error = Views::open_sqlite(&dir.path().join("no/views.db")).await.err();
        assert!(error.unwrap().to_string().contains("can't be opened"));
    }
}
