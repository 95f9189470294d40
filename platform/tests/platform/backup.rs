//! Copies of databases: what they cost, that they come back the same, and that what is damaged is told and never used.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::Utc;
use platform::backup::{
    BackupError, Copied, Copier, DatabaseSource, FileSource, Hints, RestoreError, Retention, Sources, Target,
    restore,
};
use platform::blobs::{BlobPlace, BlobStore};
use platform::sqlite::{self, Durability};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tempfile::TempDir;

const SCHEMA: &str = "
    CREATE TABLE facts (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
    CREATE TRIGGER facts_stay BEFORE DELETE ON facts BEGIN SELECT RAISE(ABORT, 'a fact stays'); END;
    CREATE TABLE names (scope TEXT NOT NULL, name TEXT NOT NULL, id BLOB, PRIMARY KEY (scope, name)) STRICT, WITHOUT ROWID;
    CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, done INTEGER NOT NULL, cost REAL) STRICT;
    CREATE INDEX jobs_open ON jobs (id) WHERE done = 0;
    PRAGMA user_version = 7;";

/// A folder with a database to copy and a place for the copies.
struct Place {
    folder: TempDir,
    connection: SqliteConnection,
}

impl Place {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("shop.db");
        let mut connection = sqlite::open_writer(&path, Durability::Normal).await.unwrap();
        sqlx::raw_sql(SCHEMA).execute(&mut connection).await.unwrap();
        fs::write(folder.path().join("secrets.json"), "{\"key\": 1}").unwrap();
        Self { folder, connection }
    }

    async fn run(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(&mut self.connection).await.unwrap();
    }

    /// Facts from one number to another, both included.
    async fn add_facts(&mut self, from: u32, to: u32) {
        self.run(&format!(
            "INSERT INTO facts SELECT value, 'fact ' || value FROM {}",
            numbers(from, to)
        ))
        .await;
    }

    fn sources(&self) -> Sources {
        let hints = Hints {
            settled: &[("facts", "1"), ("jobs", "done = 1")],
            position: Some("SELECT max(n) FROM facts"),
            identity: Some("SELECT text FROM facts WHERE n = 1"),
        };
        Sources {
            databases: vec![DatabaseSource {
                name: "shop.db",
                path: self.folder.path().join("shop.db"),
                hints,
            }],
            files: vec![FileSource {
                name: "secrets.json",
                path: self.folder.path().join("secrets.json"),
            }],
        }
    }

    fn target(&self) -> Target {
        Target::Folder(self.folder.path().join("copies"))
    }

    async fn copier(&self) -> Copier {
        Copier::open(self.sources(), self.target()).await.unwrap()
    }

    async fn copy(&self) -> Copied {
        self.copier().await.copy().await.unwrap().unwrap()
    }

    /// Brings the newest copy back, into a new folder.
    async fn restore(&self) -> Result<TempDir, RestoreError> {
        let target = self.target();
        let newest = target.copies().await?.pop().unwrap();
        let manifest = target.manifest(&newest).await?;
        let folder = TempDir::new().unwrap();
        let mut rows = 0;
        restore(&target, &manifest, folder.path(), |seen| rows = seen).await?;
        assert_eq!(rows, manifest.rows());
        Ok(folder)
    }

    fn chunks(&self) -> Vec<PathBuf> {
        let folders = fs::read_dir(self.folder.path().join("copies/chunks")).unwrap();
        let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
        files.map(|file| file.unwrap().path()).collect()
    }
}

/// A table with one column, `value`.
fn numbers(from: u32, to: u32) -> String {
    format!(
        "(WITH RECURSIVE n (value) AS (VALUES ({from}) UNION ALL SELECT value + 1 FROM n WHERE value < {to}) SELECT value FROM n)"
    )
}

/// Everything that is in a database, schema and rows.
async fn dump(path: &Path) -> Vec<String> {
    let mut connection = sqlite::open_writer(path, Durability::Normal).await.unwrap();
    let mut dump = vec![];
    for query in [
        "SELECT type || name || tbl_name || coalesce(sql, '') FROM sqlite_master ORDER BY type, name",
        "SELECT 'version ' || user_version FROM pragma_user_version",
        "SELECT quote(n) || quote(text) FROM facts ORDER BY n",
        "SELECT quote(scope) || quote(name) || quote(id) FROM names ORDER BY scope, name",
        "SELECT quote(id) || quote(done) || quote(cost) FROM jobs ORDER BY id",
        "SELECT quote(name) || quote(seq) FROM sqlite_sequence",
    ] {
        let rows: Vec<String> = sqlx::query_scalar(query)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        dump.extend(rows);
    }
    connection.close().await.unwrap();
    dump
}

#[tokio::test]
async fn a_copy_comes_back_the_same() {
    let mut place = Place::new().await;
    place.add_facts(1, 10_000).await;
    place
        .run(&format!(
            "INSERT INTO names SELECT 'email', 'it''s ' || value, randomblob(16) FROM {many};
             INSERT INTO names VALUES ('sku', '', NULL);
             INSERT INTO jobs (done, cost) SELECT value % 2, value / 3.0 FROM {many};
             DELETE FROM jobs WHERE id > 4990;",
            many = numbers(1, 5_000)
        ))
        .await;
    let copied = place.copy().await;
    assert_eq!(copied.name.position, 10_000);
    let restored = place.restore().await.unwrap();
    let path = restored.path().join("shop.db");
    assert_eq!(
        dump(&path).await,
        dump(&place.folder.path().join("shop.db")).await
    );
    let secrets = fs::read(restored.path().join("secrets.json")).unwrap();
    assert_eq!(secrets, b"{\"key\": 1}");
    for name in ["shop.db", "secrets.json"] {
        let mode = fs::metadata(restored.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    // Numbers that were given once aren't given again, and what guards the table is there.
    let mut connection = sqlite::open_writer(&path, Durability::Normal).await.unwrap();
    let insert = "INSERT INTO jobs (done) VALUES (0) RETURNING id";
    let id: i64 = sqlx::query_scalar(insert)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(id, 5_001);
    assert!(
        sqlx::raw_sql("DELETE FROM facts")
            .execute(&mut connection)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_later_copy_costs_what_has_changed() {
    let mut place = Place::new().await;
    place.add_facts(1, 50_000).await;
    place
        .run(&format!(
            "INSERT INTO names SELECT 'email', value, NULL FROM {}",
            numbers(1, 50_000)
        ))
        .await;
    let mut copier = place.copier().await;
    let first = copier.copy().await.unwrap().unwrap();
    assert!(copier.copy().await.unwrap().is_none(), "nothing has changed");
    place.add_facts(50_001, 50_002).await;
    place.run("INSERT INTO names VALUES ('email', 'new', NULL)").await;
    let second = copier.copy().await.unwrap().unwrap();
    // The unfinished range of facts, and the piece that the name falls into.
    assert_eq!(second.written_chunks, 2);
    assert!(
        second.written_bytes * 5 < first.written_bytes,
        "{second:?} {first:?}"
    );
    // A copier that remembers nothing finds what is there.
    place.add_facts(50_003, 50_003).await;
    let third = place.copy().await;
    assert_eq!((third.written_chunks, third.rows), (1, second.rows + 1));
    place.restore().await.unwrap();
}

#[tokio::test]
async fn rows_that_may_still_change_are_read_again() {
    let mut place = Place::new().await;
    place.add_facts(1, 1).await;
    place
        .run(&format!(
            "INSERT INTO jobs (done) SELECT value <> 100 FROM {}",
            numbers(1, 9_000)
        ))
        .await;
    let mut copier = place.copier().await;
    copier.copy().await.unwrap().unwrap();
    place.run("UPDATE jobs SET done = 1 WHERE id = 100").await;
    assert_eq!(copier.copy().await.unwrap().unwrap().written_chunks, 1);
    let restored = place.restore().await.unwrap();
    let (copy, original) = (
        restored.path().join("shop.db"),
        place.folder.path().join("shop.db"),
    );
    assert_eq!(dump(&copy).await, dump(&original).await);
}

#[tokio::test]
async fn a_copy_is_of_one_moment_while_others_write() {
    let mut place = Place::new().await;
    place.add_facts(1, 9_000).await;
    let mut writer = sqlite::open_writer(&place.folder.path().join("shop.db"), Durability::Normal)
        .await
        .unwrap();
    // A fact and its job are written together, or not at all.
    let writing = tokio::spawn(async move {
        for n in 9_001..9_400 {
            let both = format!(
                "BEGIN IMMEDIATE; INSERT INTO facts VALUES ({n}, ''); INSERT INTO jobs (id, done) VALUES ({n}, 1); COMMIT;"
            );
            sqlx::raw_sql(AssertSqlSafe(both))
                .execute(&mut writer)
                .await
                .unwrap();
        }
    });
    let mut copier = place.copier().await;
    let mut copies = 0;
    while !writing.is_finished() || copies == 0 {
        if let Some(copied) = copier.copy().await.unwrap() {
            copies += 1;
            let restored = place.restore().await.unwrap();
            let path = restored.path().join("shop.db");
            let mut connection = sqlite::open_writer(&path, Durability::Normal).await.unwrap();
            let count = "SELECT (SELECT count(*) FROM facts) - (SELECT count(*) FROM jobs)";
            let apart: i64 = sqlx::query_scalar(count)
                .fetch_one(&mut connection)
                .await
                .unwrap();
            assert_eq!(apart, 9_000, "as of {}", copied.name.position);
        }
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn a_bucket_keeps_what_a_folder_keeps() {
    let mut place = Place::new().await;
    place.add_facts(1, 5_000).await;
    // The same interface as a bucket's; what S3 makes of it is the blobs' own business.
    let blobs = BlobStore::open(&BlobPlace::Folder(place.folder.path().join("blobs"))).unwrap();
    let name = "s3://backups/shop".to_owned();
    let target = Target::Bucket { blobs, name };
    let mut copier = Copier::open(place.sources(), target.clone()).await.unwrap();
    for n in 5_001..5_004 {
        place.add_facts(n, n).await;
        copier.copy().await.unwrap().unwrap();
    }
    let retention = Retention {
        recent: 1,
        hourly: 0,
        daily: 0,
    };
    assert_eq!(copier.clear_away(retention).await.unwrap(), 2);
    let copies = target.copies().await.unwrap();
    let manifest = target.manifest(&copies[0]).await.unwrap();
    let folder = TempDir::new().unwrap();
    restore(&target, &manifest, folder.path(), |_| {}).await.unwrap();
    let original = place.folder.path().join("shop.db");
    assert_eq!(dump(&folder.path().join("shop.db")).await, dump(&original).await);
    fs::remove_dir_all(place.folder.path().join("blobs/chunks")).unwrap();
    let again = TempDir::new().unwrap();
    let missing = restore(&target, &manifest, again.path(), |_| {})
        .await
        .unwrap_err();
    assert!(matches!(missing, RestoreError::MissingChunk { .. }), "{missing}");
}

#[tokio::test]
async fn what_is_damaged_or_missing_is_told() {
    let mut place = Place::new().await;
    place.add_facts(1, 5_000).await;
    place.copy().await;
    let chunk = place
        .chunks()
        .into_iter()
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    let whole = fs::read(&chunk).unwrap();

    fs::write(&chunk, &whole[..whole.len() / 2]).unwrap();
    let torn = place.restore().await.unwrap_err();
    assert!(matches!(torn, RestoreError::DamagedChunk { .. }), "{torn}");
    assert!(torn.to_string().contains("shop.db.facts"), "{torn}");

    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    fs::write(&chunk, flipped).unwrap();
    let wrong = place.restore().await.unwrap_err();
    assert!(matches!(wrong, RestoreError::DamagedChunk { .. }), "{wrong}");

    fs::remove_file(&chunk).unwrap();
    let missing = place.restore().await.unwrap_err();
    assert!(matches!(missing, RestoreError::MissingChunk { .. }), "{missing}");

    // The next process that copies notices, and mends it.
    place.add_facts(5_001, 5_001).await;
    place.copy().await;
    place.restore().await.unwrap();

    let manifests: Vec<_> = fs::read_dir(place.folder.path().join("copies/manifests"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for manifest in &manifests {
        fs::write(manifest, "{}").unwrap();
    }
    let wrong = place.restore().await.unwrap_err();
    assert!(matches!(wrong, RestoreError::Manifest { .. }), "{wrong}");
    place.copy().await;
    place.restore().await.unwrap();
}

#[tokio::test]
async fn a_copier_mends_what_it_finds_missing_when_it_looks() {
    let mut place = Place::new().await;
    place.add_facts(1, 5_000).await;
    let mut copier = place.copier().await;
    copier.copy().await.unwrap().unwrap();
    for chunk in place.chunks() {
        fs::remove_file(chunk).unwrap();
    }
    let retention = Retention {
        recent: 9,
        hourly: 0,
        daily: 0,
    };
    copier.clear_away(retention).await.unwrap();
    assert!(copier.copy().await.unwrap().is_none(), "it is the same copy");
    place.restore().await.unwrap();
}

#[tokio::test]
async fn another_shops_copies_are_left_alone() {
    let mut place = Place::new().await;
    place.add_facts(1, 1).await;
    place.copy().await;
    let mut other = Place::new().await;
    other
        .run("INSERT INTO facts VALUES (1, 'another beginning')")
        .await;
    let mut copier = Copier::open(other.sources(), place.target()).await.unwrap();
    let refused = copier.copy().await.unwrap_err();
    assert!(matches!(refused, BackupError::Stranger { .. }), "{refused}");
}

#[tokio::test]
async fn an_empty_shop_makes_no_copy() {
    let place = Place::new().await;
    assert!(place.copier().await.copy().await.unwrap().is_none());
    assert!(place.target().copies().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_only_superfluous_copies_have_is_cleared_away() {
    let mut place = Place::new().await;
    let mut copier = place.copier().await;
    for n in 1..=4 {
        place.add_facts(n, n).await;
        copier.copy().await.unwrap().unwrap();
    }
    let before = place.chunks().len();
    let retention = Retention {
        recent: 2,
        hourly: 0,
        daily: 0,
    };
    assert_eq!(copier.clear_away(retention).await.unwrap(), 2);
    let positions: Vec<_> = place
        .target()
        .copies()
        .await
        .unwrap()
        .into_iter()
        .map(|copy| copy.position)
        .collect();
    assert_eq!(positions, [3, 4]);
    assert_eq!(place.chunks().len(), before - 2);
    place.restore().await.unwrap();
    // Other hours and days are kept each by its last.
    let everything = Retention {
        hourly: 1,
        ..retention
    };
    assert_eq!(copier.clear_away(everything).await.unwrap(), 0);
    assert!(copier.newest().unwrap() <= Utc::now());
}
