//! The views in an `SQLite` file: one connection that writes, several that can only read.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

use sqlx::any::AnyPoolOptions;
use sqlx::{AssertSqlSafe, Executor};

use super::{Views, ViewsError, begin_write, prepare, versions};
use crate::dialect::Dialect;
use crate::generation;
use crate::store::StoreError;
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
        connect(&url, versions(version))
            .await
            .map_err(|source| ViewsError::Open {
                path: path.to_owned(),
                source,
            })
    }
}

async fn connect(url: &str, versions: HashMap<ViewName, u64>) -> Result<Views, StoreError> {
    let writer = pool(1, WRITER_SETTINGS)
        .connect(&format!("{url}?mode=rwc"))
        .await?;
    let mut tx = begin_write(&writer, Dialect::Sqlite).await?;
    generation::create_registry(&mut tx).await?;
    let positions = prepare(&mut tx, &versions).await?;
    tx.commit().await?;
    let reader = pool(READERS, READER_SETTINGS)
        .connect(&format!("{url}?mode=ro"))
        .await?;
    let dialect = Dialect::Sqlite;
    Ok(Views::new(dialect, Some(writer), reader, versions, positions))
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
    use crate::positions::Positions;

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
