//! The vault in `PostgreSQL`: everything that every vault must do, and a reader that may only read.

use platform::postgres::{self, PostgresTarget};
use platform::vault::{OpenVaultError, POSTGRES_SCHEMA, Vault, VaultError};
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;

use super::suite::{MASTER_KEY, VaultFixture, vault_suite};
use crate::corner::Database;

/// A vault in a database of its own.
struct VaultDatabase {
    database: Database,
}

impl VaultFixture for VaultDatabase {
    fn new() -> Self {
        Self {
            database: Database::new(POSTGRES_SCHEMA),
        }
    }

    async fn open_with(&self, master_key: [u8; 32]) -> Result<Vault, OpenVaultError> {
        Vault::open_postgres(&self.database.target().await, master_key).await
    }

    async fn break_key(&self, subject: Uuid) {
        let mut connection = self.database.connect().await;
        let changed = sqlx::query(
            "UPDATE vault.subject_keys SET wrapped = decode(repeat('00', 72), 'hex') WHERE subject = $1",
        )
        .bind(subject)
        .execute(&mut connection)
        .await
        .unwrap();
        assert_eq!(changed.rows_affected(), 1);
        connection.close().await.unwrap();
    }
}

vault_suite!(
    #[ignore = "needs servers: cargo xtask test"]
    VaultDatabase
);

/// A database user of this test's own that has been given SELECT and nothing else.
async fn reading_user(database: &Database) -> PostgresTarget {
    let (role, password) = (test_servers::new_name(), test_servers::new_name());
    let mut connection = database.connect().await;
    sqlx::query(AssertSqlSafe(format!(
        "CREATE ROLE {role} LOGIN PASSWORD '{password}'"
    )))
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    postgres::grant_read(&database.target().await, &POSTGRES_SCHEMA, &role)
        .await
        .unwrap();
    let (_, place) = database.url().await.split_once('@').unwrap();
    PostgresTarget::parse(&format!("postgres://{role}:{password}@{place}"), "reader").unwrap()
}

async fn drop_user(database: &Database, reader: &PostgresTarget) {
    let role = reader.options().get_username().to_owned();
    let mut connection = database.connect().await;
    sqlx::raw_sql(AssertSqlSafe(format!("DROP OWNED BY {role}; DROP ROLE {role}")))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_reader_opens_and_neither_seals_nor_erases() {
    let fixture = VaultDatabase::new();
    let user = reading_user(&fixture.database).await;
    // Before any writer: there is nothing to read yet, and nothing to check the master key against.
    let reader = Vault::open_postgres_reader(&user, MASTER_KEY).await.unwrap();
    let (ada, bob) = (Uuid::now_v7(), Uuid::now_v7());
    let writer = fixture.open().await;
    let sealed = writer.seal_many(&[(ada, "Ada"), (bob, "Bob")]).await.unwrap();
    writer.erase(bob).await.unwrap();

    assert_eq!(
        reader.open(ada, &sealed[0]).await.unwrap().as_deref(),
        Some("Ada")
    );
    assert_eq!(reader.open(bob, &sealed[1]).await.unwrap(), None);
    // Also for somebody whose key it knows.
    for subject in [ada, Uuid::now_v7()] {
        assert!(matches!(
            reader.seal(subject, "x").await,
            Err(VaultError::ReadOnly)
        ));
        assert!(matches!(
            reader.seal_many(&[(subject, "x")]).await,
            Err(VaultError::ReadOnly)
        ));
        assert!(matches!(reader.erase(subject).await, Err(VaultError::ReadOnly)));
    }
    // It is the database that holds the line, not the good manners of the reader.
    let Err(OpenVaultError::Unusable(VaultError::Unavailable { reason })) =
        Vault::open_postgres(&user, MASTER_KEY).await
    else {
        panic!("a user who can only read has opened the vault for writing")
    };
    assert!(reason.contains("permission denied"), "{reason}");
    let other = Vault::open_postgres_reader(&user, [8; 32]).await;
    assert!(matches!(other, Err(OpenVaultError::WrongMasterKey)));
    reader.close().await;
    writer.close().await;
    drop_user(&fixture.database, &user).await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn an_erased_key_leaves_no_row_and_an_eager_vacuum() {
    let fixture = VaultDatabase::new();
    let vault = fixture.open().await;
    let ada = Uuid::now_v7();
    vault.seal(ada, "Ada").await.unwrap();
    vault.erase(ada).await.unwrap();
    let mut connection = fixture.database.connect().await;
    let kept: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT wrapped FROM vault.subject_keys WHERE subject = $1")
            .bind(ada)
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(kept, None);
    let options: Vec<String> = sqlx::query_scalar(
        "SELECT unnest(reloptions) FROM pg_class WHERE oid = 'vault.subject_keys'::regclass",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(
        options
            .iter()
            .any(|option| option == "autovacuum_vacuum_scale_factor=0"),
        "{options:?}"
    );
    connection.close().await.unwrap();
    vault.close().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_database_without_the_schema_is_refused() {
    let url = test_servers::new_database().await;
    let target = PostgresTarget::parse(&url, "test").unwrap();
    let opened = Vault::open_postgres(&target, MASTER_KEY).await;
    assert!(matches!(
        opened,
        Err(OpenVaultError::Postgres(postgres::OpenError::OlderSchema {
            schema: "vault",
            found: 0,
            ..
        }))
    ));
}
