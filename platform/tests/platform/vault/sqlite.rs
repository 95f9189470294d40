//! The vault in a file: everything that every vault must do, and what is left on the disk.

use std::path::PathBuf;

use platform::sqlite::Durability;
use platform::vault::{OpenVaultError, Vault};
use tempfile::TempDir;
use uuid::Uuid;

use super::suite::{VaultFixture, contains, vault_suite};

/// A vault in a folder of its own.
struct VaultFile {
    folder: TempDir,
}

impl VaultFixture for VaultFile {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    async fn open_with(&self, master_key: [u8; 32]) -> Result<Vault, OpenVaultError> {
        Vault::open_sqlite(&self.path(), master_key).await
    }

    async fn break_key(&self, subject: Uuid) {
        let pool = platform::sqlite::open_writer_pool(&self.path(), Durability::Full)
            .await
            .unwrap();
        sqlx::query("UPDATE subject_keys SET wrapped = zeroblob(72) WHERE subject = ?1")
            .bind(subject.as_bytes().to_vec())
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
    }
}

impl VaultFile {
    fn path(&self) -> PathBuf {
        self.folder.path().join("vault.db")
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

vault_suite!(VaultFile);

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
