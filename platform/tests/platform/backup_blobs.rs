//! Blobs in copies: each is copied once, comes back with every copy that has it, and goes with the last of them.

use std::fs;
use std::path::{Path, PathBuf};

use platform::backup::{
    BackupError, BlobName, BlobsCopy, Copied, Copier, DatabaseSource, Hints, Retention, Sources, Target,
    restore_blobs,
};
use platform::blobs::{BlobPlace, BlobStore, S3Bucket, S3Credentials};
use platform::sqlite::{self, Durability};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, SqliteConnection};
use tempfile::TempDir;

/// Every picture has its own bytes, and as many as its number.
fn picture(n: usize) -> Vec<u8> {
    vec![u8::try_from(n).unwrap(); n]
}

fn named(numbers: &[usize]) -> Vec<BlobName> {
    let name = |n: &usize| BlobName {
        key: format!("images/{n:03}"),
        sha256: hex::encode(Sha256::digest(picture(*n))),
        bytes: *n as u64,
    };
    numbers.iter().map(name).collect()
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return vec![];
    };
    let entries = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .flat_map(|path| {
            if path.is_dir() {
                files_in(&path)
            } else {
                vec![path]
            }
        })
        .collect();
    files.sort();
    files
}

/// A database and blobs to copy, and a place for the copies.
struct Place {
    folder: TempDir,
    connection: SqliteConnection,
    store: BlobStore,
    copier: Copier,
}

impl Place {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("shop.db");
        let mut connection = sqlite::open_writer(&path, Durability::Normal).await.unwrap();
        let schema = "CREATE TABLE facts (n INTEGER PRIMARY KEY)";
        sqlx::raw_sql(schema).execute(&mut connection).await.unwrap();
        let sources = Sources {
            databases: vec![DatabaseSource {
                name: "shop.db",
                path,
                hints: Hints {
                    settled: &[],
                    position: Some("SELECT max(n) FROM facts"),
                    identity: Some("SELECT 'ours' FROM facts WHERE n = 1"),
                },
            }],
            files: vec![],
        };
        let target = Target::Folder(folder.path().join("copies"));
        Self {
            store: open(&folder.path().join("blobs")),
            copier: Copier::open(sources, target).await.unwrap(),
            folder,
            connection,
        }
    }

    async fn put(&self, n: usize) {
        let key = format!("images/{n:03}");
        self.store.put(&key, picture(n).into()).await.unwrap();
    }

    /// Something happens, and is copied with these pictures.
    async fn copy(&mut self, numbers: &[usize]) -> Copied {
        self.happen().await;
        let store = self.store.clone();
        self.copy_from(&store, numbers).await.unwrap().unwrap()
    }

    async fn happen(&mut self) {
        let one_more = "INSERT INTO facts SELECT coalesce(max(n), 0) + 1 FROM facts";
        let one_more = sqlx::raw_sql(AssertSqlSafe(one_more));
        one_more.execute(&mut self.connection).await.unwrap();
    }

    async fn copy_from(
        &mut self,
        store: &BlobStore,
        numbers: &[usize],
    ) -> Result<Option<Copied>, BackupError> {
        let draft = self.copier.begin().await?.unwrap();
        self.copier.finish(draft, Some((store, &named(numbers)))).await
    }

    /// How many blobs the target has.
    fn copied(&self) -> usize {
        files_in(&self.folder.path().join("copies/blobs")).len()
    }

    async fn keep(&mut self, recent: u32) {
        let retention = Retention {
            recent,
            hourly: 0,
            daily: 0,
        };
        self.copier.clear_away(retention).await.unwrap();
    }

    /// Brings a copy's blobs back to a new place; their numbers, and the keys of those that are lost.
    async fn restore(&self, copied: &Copied) -> (Vec<usize>, Vec<String>) {
        let folder = TempDir::new().unwrap();
        let target = self.copier.target();
        let manifest = target.manifest(&copied.name).await.unwrap();
        let mut steps = 0;
        let back = restore_blobs(target, &manifest, &open(folder.path()), |_| steps += 1)
            .await
            .unwrap();
        assert_eq!(steps, manifest.blobs.count);
        let files = files_in(folder.path());
        for file in &files {
            let content = fs::read(file).unwrap();
            assert_eq!(content, picture(content.len()));
        }
        let numbers = files.iter().map(|file| fs::read(file).unwrap().len());
        let numbers: Vec<_> = numbers.collect();
        assert_eq!(back.count, numbers.len() as u64);
        assert_eq!(back.bytes, numbers.iter().sum::<usize>() as u64);
        (numbers, back.missing)
    }
}

fn open(folder: &Path) -> BlobStore {
    BlobStore::open(&BlobPlace::Folder(folder.to_owned())).unwrap()
}

#[tokio::test]
async fn a_blob_is_copied_once_and_comes_back_with_every_copy_that_has_it() {
    let mut place = Place::new().await;
    place.put(10).await;
    place.put(20).await;
    let first = place.copy(&[10, 20]).await;
    assert_eq!((first.written_blobs, first.blobs.bytes), (2, 30));
    place.put(30).await;
    let second = place.copy(&[20, 30]).await;
    assert_eq!((second.written_blobs, second.blobs.count), (1, 2));
    let third = place.copy(&[20, 30]).await;
    assert_eq!((third.written_blobs, third.blobs), (0, second.blobs.clone()));
    let nothing = vec![];
    assert_eq!(place.restore(&first).await, (vec![10, 20], nothing.clone()));
    assert_eq!(place.restore(&second).await, (vec![20, 30], nothing));
}

#[tokio::test]
async fn a_blob_leaves_the_target_with_the_last_copy_that_has_it() {
    let mut place = Place::new().await;
    for n in [10, 20, 30] {
        place.put(n).await;
    }
    place.copy(&[10, 20]).await;
    place.copy(&[10, 20]).await;
    let third = place.copy(&[20, 30]).await;
    assert_eq!(place.copied(), 3);
    place.keep(2).await;
    assert_eq!(place.copied(), 3, "the second copy has the first picture");
    place.keep(1).await;
    assert_eq!(place.copied(), 2);
    assert_eq!(place.restore(&third).await.0, [20, 30]);
    let fourth = place.copy(&[]).await;
    place.keep(1).await;
    assert_eq!((place.copied(), fourth.blobs), (0, BlobsCopy::default()));
}

#[tokio::test]
async fn a_lost_or_damaged_blob_is_told_and_keeps_nothing_else_back() {
    let mut place = Place::new().await;
    place.put(10).await;
    place.put(20).await;
    fs::write(place.folder.path().join("blobs/images/020"), [7; 20]).unwrap();
    let copied = place.copy(&[10, 20, 30]).await;
    assert_eq!((copied.blobs.count, copied.blobs.missing), (1, 2));
    place.put(20).await;
    place.put(30).await;
    let copied = place.copy(&[10, 20, 30]).await;
    assert_eq!((copied.blobs.count, copied.blobs.missing), (3, 0));

    // The same in the target.
    let lost = named(&[10, 20]).into_iter().map(|blob| blob.sha256);
    for (sum, is_gone) in lost.zip([true, false]) {
        let path = place.folder.path().join("copies/blobs").join(&sum[..2]).join(sum);
        if is_gone {
            fs::remove_file(path).unwrap();
        } else {
            fs::write(path, "rotten").unwrap();
        }
    }
    let missing = vec!["images/010".to_owned(), "images/020".to_owned()];
    assert_eq!(place.restore(&copied).await, (vec![30], missing));
}

#[tokio::test]
async fn rows_are_safe_when_the_place_of_the_blobs_is_gone() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gone = BlobPlace::S3(S3Bucket {
        name: "shop".to_owned(),
        prefix: String::new(),
        endpoint: Some(format!("http://{closed}")),
        region: Some("local".to_owned()),
        credentials: Some(S3Credentials {
            access_key_id: "us".to_owned(),
            secret_access_key: "hush".to_owned(),
        }),
    });
    let gone = BlobStore::open(&gone).unwrap();
    let mut place = Place::new().await;
    place.put(10).await;
    place.happen().await;
    let failed = place.copy_from(&gone, &[10]).await;
    assert!(
        matches!(failed, Err(BackupError::Blobs { left: 1, .. })),
        "{failed:?}"
    );
    let newest = place.copier.target().copies().await.unwrap().pop().unwrap();
    assert_eq!(newest.position, 1);
    // Nobody has written since, and the copy is made whole all the same.
    let store = place.store.clone();
    let copied = place.copy_from(&store, &[10]).await.unwrap().unwrap();
    assert_eq!((copied.blobs.count, copied.blobs.left), (1, 0));
    assert!(place.copier.begin().await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_where_it_belongs_is_kept() {
    let mut place = Place::new().await;
    place.put(10).await;
    place.put(20).await;
    let copied = place.copy(&[10, 20]).await;
    place.store.delete("images/010").await.unwrap();
    let target = place.copier.target();
    let manifest = target.manifest(&copied.name).await.unwrap();
    let back = restore_blobs(target, &manifest, &place.store, |_| ())
        .await
        .unwrap();
    assert_eq!((back.count, back.bytes, back.kept), (1, 10, 1));
}
