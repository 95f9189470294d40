//! The vault, on a real database.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::sealed::Sealed;
use platform::vault::{OpenVaultError, Vault, VaultError};
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

const MASTER_KEY: [u8; 32] = [7; 32];

/// A vault in a folder of its own.
struct VaultFile {
    folder: TempDir,
}

impl VaultFile {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("vault.db")
    }

    async fn open(&self) -> Vault {
        Vault::open_sqlite(&self.path(), MASTER_KEY).await.unwrap()
    }

    /// Everything that is on the disk, the write-ahead log included.
    fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect()
    }

    async fn query(&self, statement: &'static str) -> Vec<u8> {
        let pool = platform::sqlite::open_readers(&self.path(), 1).await.unwrap();
        let value = sqlx::query_scalar(statement).fetch_one(&pool).await.unwrap();
        pool.close().await;
        value
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn a_text_opens_again_also_after_a_restart() {
    let file = VaultFile::new();
    let (ada, bob) = (Uuid::now_v7(), Uuid::now_v7());
    let vault = file.open().await;
    let sealed = vault.seal(ada, "Ada Lovelace").await.unwrap();
    let empty = vault.seal(bob, "").await.unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(&sealed.0).unwrap();
    assert!(!contains(&bytes, b"Ada Lovelace"));
    assert_eq!(
        vault.open(ada, &sealed).await.unwrap().as_deref(),
        Some("Ada Lovelace")
    );
    vault.close().await;

    let vault = file.open().await;
    assert_eq!(
        vault.open(ada, &sealed).await.unwrap().as_deref(),
        Some("Ada Lovelace")
    );
    assert_eq!(vault.open(bob, &empty).await.unwrap().as_deref(), Some(""));
    let again = vault.seal(ada, "Countess").await.unwrap();
    assert_eq!(
        vault.open(ada, &again).await.unwrap().as_deref(),
        Some("Countess")
    );
    vault.close().await;
}

#[tokio::test]
async fn a_text_opens_for_nobody_else() {
    let file = VaultFile::new();
    let vault = file.open().await;
    let (ada, bob) = (Uuid::now_v7(), Uuid::now_v7());
    let sealed = vault.seal(ada, "Ada").await.unwrap();
    assert!(matches!(vault.open(bob, &sealed).await, Err(VaultError::NoKey { subject }) if subject == bob));
    vault.seal(bob, "Bob").await.unwrap();
    assert!(matches!(vault.open(bob, &sealed).await, Err(VaultError::Broken { subject }) if subject == bob));
    let nonsense = Sealed("nonsense".to_owned());
    assert!(matches!(
        vault.open(ada, &nonsense).await,
        Err(VaultError::Broken { .. })
    ));
    vault.close().await;
}

#[tokio::test]
async fn erasure_is_for_good() {
    let file = VaultFile::new();
    let vault = file.open().await;
    let (ada, bob) = (Uuid::now_v7(), Uuid::now_v7());
    let texts = vault.seal_many(&[(ada, "Ada"), (bob, "Bob")]).await.unwrap();
    vault.erase(ada).await.unwrap();
    vault.erase(ada).await.unwrap();

    for vault in [vault, file.open().await] {
        assert_eq!(vault.open(ada, &texts[0]).await.unwrap(), None);
        assert!(
            matches!(vault.seal(ada, "again").await, Err(VaultError::Erased { subject }) if subject == ada)
        );
        let opened = vault
            .open_many(&[(ada, &texts[0]), (bob, &texts[1])])
            .await
            .unwrap();
        assert_eq!(opened, [None, Some("Bob".to_owned())]);
        vault.close().await;
    }
}

#[tokio::test]
async fn an_erased_key_is_gone_from_the_disk_at_once() {
    let file = VaultFile::new();
    let vault = file.open().await;
    // Between others, where a database would leave the freed bytes as they are.
    let subjects: Vec<Uuid> = (0..30).map(|_| Uuid::now_v7()).collect();
    let texts: Vec<(Uuid, &str)> = subjects.iter().map(|subject| (*subject, "text")).collect();
    vault.seal_many(&texts).await.unwrap();
    let wrapped = file
        .query("SELECT wrapped FROM subject_keys ORDER BY subject LIMIT 1 OFFSET 15")
        .await;
    assert!(
        contains(&file.bytes(), &wrapped),
        "or this test would prove nothing"
    );
    vault.erase(subjects[15]).await.unwrap();
    let bytes = file.bytes();
    assert!(
        wrapped.chunks_exact(8).all(|part| !contains(&bytes, part)),
        "not even a part of it is left"
    );
    vault.close().await;
}

#[tokio::test]
async fn somebody_unknown_can_be_erased_before_their_first_text() {
    let file = VaultFile::new();
    let vault = file.open().await;
    let ada = Uuid::now_v7();
    vault.erase(ada).await.unwrap();
    assert!(matches!(
        vault.seal(ada, "Ada").await,
        Err(VaultError::Erased { .. })
    ));
    vault.close().await;
}

#[tokio::test]
async fn another_master_key_is_refused() {
    let file = VaultFile::new();
    file.open().await.close().await;
    let other = Vault::open_sqlite(&file.path(), [8; 32]).await;
    assert!(matches!(other, Err(OpenVaultError::WrongMasterKey)));
    file.open().await.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn first_uses_at_once_agree_on_one_key() {
    let file = VaultFile::new();
    // Two, as two processes.
    let vaults = [file.open().await, file.open().await];
    let subjects: Vec<Uuid> = (0..8).map(|_| Uuid::now_v7()).collect();
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let (vault, subject) = (vaults[task % 2].clone(), subjects[task % 8]);
        tasks.spawn(async move { (subject, vault.seal(subject, "text").await.unwrap()) });
    }
    for (subject, sealed) in tasks.join_all().await {
        for vault in &vaults {
            assert_eq!(
                vault.open(subject, &sealed).await.unwrap().as_deref(),
                Some("text")
            );
        }
    }
    for vault in vaults {
        vault.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_wins_over_sealing_and_opening_at_once() {
    let file = VaultFile::new();
    let vault = file.open().await;
    for _ in 0..20 {
        let subject = Uuid::now_v7();
        let sealed = vault.seal(subject, "text").await.unwrap();
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let (vault, sealed) = (vault.clone(), sealed.clone());
            // Each ends when it has seen the erasure.
            tasks.spawn(async move {
                while vault.open(subject, &sealed).await.unwrap().is_some() {
                    tokio::task::yield_now().await;
                }
            });
        }
        vault.erase(subject).await.unwrap();
        assert_eq!(vault.open(subject, &sealed).await.unwrap(), None);
        tasks.join_all().await;
        assert_eq!(
            vault.open(subject, &sealed).await.unwrap(),
            None,
            "nobody has put it back into the cache"
        );
    }
    vault.close().await;
}

#[tokio::test]
async fn a_large_import_seals_and_opens_in_order() {
    let file = VaultFile::new();
    let vault = file.open().await;
    // More than one statement, request and transaction take; some subjects twice.
    let texts: Vec<(Uuid, String)> = (0..1_500)
        .map(|number| (Uuid::now_v7(), number.to_string()))
        .collect();
    let twice: Vec<(Uuid, &str)> = texts
        .iter()
        .chain(&texts[..100])
        .map(|(subject, text)| (*subject, text.as_str()))
        .collect();
    let sealed = vault.seal_many(&twice).await.unwrap();
    vault.close().await;

    let vault = file.open().await;
    let asked: Vec<(Uuid, &Sealed)> = twice.iter().map(|(subject, _)| *subject).zip(&sealed).collect();
    let opened = vault.open_many(&asked).await.unwrap();
    assert_eq!(opened.len(), twice.len());
    for (opened, (_, text)) in opened.iter().zip(&twice) {
        assert_eq!(opened.as_deref(), Some(*text));
    }
    vault.close().await;
}

#[tokio::test]
async fn a_changed_key_row_harms_its_subject_alone() {
    let file = VaultFile::new();
    let vault = file.open().await;
    let (ada, bob) = (Uuid::now_v7(), Uuid::now_v7());
    let texts = vault.seal_many(&[(ada, "Ada"), (bob, "Bob")]).await.unwrap();
    vault.close().await;
    let pool = platform::sqlite::open_writer_pool(&file.path(), platform::sqlite::Durability::Full)
        .await
        .unwrap();
    sqlx::query("UPDATE subject_keys SET wrapped = zeroblob(72) WHERE subject = ?1")
        .bind(ada.as_bytes().to_vec())
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;

    let vault = file.open().await;
    assert!(
        matches!(vault.open(ada, &texts[0]).await, Err(VaultError::BrokenKey { subject }) if subject == ada)
    );
    assert_eq!(vault.open(bob, &texts[1]).await.unwrap().as_deref(), Some("Bob"));
    vault.close().await;
}

#[tokio::test]
async fn a_closed_vault_says_so() {
    let file = VaultFile::new();
    let vault = file.open().await;
    vault.close().await;
    assert!(matches!(
        vault.seal(Uuid::now_v7(), "x").await,
        Err(VaultError::Unavailable { .. })
    ));
    assert!(matches!(
        vault.erase(Uuid::now_v7()).await,
        Err(VaultError::Unavailable { .. })
    ));
}
