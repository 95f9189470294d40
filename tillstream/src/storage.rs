//! Where a shop keeps things: files in the data folder, or PostgreSQL as the settings say. Chosen once, here; what is
//! opened behaves the same.

use std::time::Duration;

use anyhow::Context;
use events::envelope::Position;
use platform::call_log::CallLog;
use platform::clock::Clock;
use platform::event_log::{EventLog, LogOptions};
use platform::lease::{Lease, LeaseOptions};
use platform::postgres::{self, PostgresTarget};
use platform::vault::Vault;
use read_models::Views;
use read_models::cache::ProductCache;
use workers::intents::{self, Intents};

use crate::data_dir::DataDir;
use crate::secrets::Secrets;
use crate::settings::Settings;

/// How long a start waits for PostgreSQL: as long as a restart of it takes. Then a supervisor had better look.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it tries meanwhile.
const TRY_EVERY: Duration = Duration::from_millis(500);

/// Where things are kept.
pub enum Storage {
    /// In files, by one process.
    Embedded(DataDir),
    /// In PostgreSQL, by any number of them.
    Postgres(Box<Servers>),
}

/// The database, and how it is reached.
pub struct Servers {
    target: PostgresTarget,
    /// As a user that can only SELECT, if the settings name one.
    reader: PostgresTarget,
    log_readers: u32,
}

impl Storage {
    /// What the settings say; `application` is what the database's lists call this process.
    pub fn of(settings: &Settings, application: &str) -> anyhow::Result<Self> {
        match Servers::of(settings, application)? {
            Some(servers) => Ok(Self::Postgres(Box::new(servers))),
            None => Ok(Self::Embedded(DataDir::open(&settings.data_dir)?)),
        }
    }

    pub async fn log(&self) -> anyhow::Result<EventLog> {
        match self {
            Self::Embedded(dir) => Ok(EventLog::open_sqlite(&dir.log(), LogOptions::default()).await?),
            Self::Postgres(servers) => servers.log().await,
        }
    }

    /// The read models, to write them.
    pub async fn views(&self) -> anyhow::Result<Views> {
        match self {
            Self::Embedded(dir) => Ok(Views::open_sqlite(&dir.views()).await?),
            Self::Postgres(servers) => servers.views(ProductCache::default()).await,
        }
    }
}

impl Servers {
    /// None if the shop is embedded.
    pub fn of(settings: &Settings, application: &str) -> anyhow::Result<Option<Self>> {
        let given = &settings.postgres;
        let Some(url) = &given.url else { return Ok(None) };
        let application = format!("tillstream {application}");
        let target = PostgresTarget::parse(url.reveal(), &application).context("postgres.url is wrong")?;
        let reader = match &given.read_url {
            Some(url) => {
                PostgresTarget::parse(url.reveal(), &application).context("postgres.read_url is wrong")?
            }
            None => target.clone(),
        };
        Ok(Some(Self {
            target,
            reader,
            log_readers: given.log_readers,
        }))
    }

    /// Waits until the database answers, as at a start of everything at once it may come up last.
    pub async fn wait_until_up(&self) -> anyhow::Result<()> {
        for target in [&self.target, &self.reader] {
            let Err(first) = target.connect().await else {
                continue;
            };
            tracing::info!(error = %first, database = ?target, "waiting for PostgreSQL");
            let up = async {
                while let Err(error) = target.connect().await {
                    tracing::debug!(%error, "still waiting");
                    tokio::time::sleep(TRY_EVERY).await;
                }
            };
            if tokio::time::timeout(PATIENCE, up).await.is_err() {
                return Err(first).context("PostgreSQL can't be reached");
            }
        }
        Ok(())
    }

    pub async fn log(&self) -> anyhow::Result<EventLog> {
        let options = LogOptions {
            readers: self.log_readers,
            ..LogOptions::default()
        };
        Ok(EventLog::open_postgres(&self.target, options).await?)
    }

    pub async fn vault(&self, secrets: &Secrets) -> anyhow::Result<Vault> {
        Ok(Vault::open_postgres(&self.target, secrets.vault()?).await?)
    }

    /// Opens what was sealed, and can't seal.
    pub async fn vault_reader(&self, secrets: &Secrets) -> anyhow::Result<Vault> {
        Ok(Vault::open_postgres_reader(&self.reader, secrets.vault()?).await?)
    }

    pub async fn intents(&self, log_head: Position) -> anyhow::Result<Intents> {
        Ok(Intents::open_postgres(&self.target, log_head, Clock::System).await?)
    }

    /// The log of calls, to write it.
    pub async fn calls(&self) -> anyhow::Result<CallLog> {
        Ok(CallLog::open_postgres(&self.target).await?)
    }

    /// The log of calls as a user that can only SELECT.
    pub async fn calls_reader(&self) -> anyhow::Result<CallLog> {
        Ok(CallLog::open_postgres(&self.reader).await?)
    }

    pub async fn views(&self, cache: ProductCache) -> anyhow::Result<Views> {
        Ok(Views::open_postgres_writer(&self.target).await?.with_cache(cache))
    }

    pub async fn views_reader(&self, cache: ProductCache) -> anyhow::Result<Views> {
        Ok(Views::open_postgres_reader(&self.reader).await?.with_cache(cache))
    }

    /// What only one process may do at a time.
    pub async fn lease(&self, name: &'static str) -> anyhow::Result<Lease> {
        Ok(Lease::open_postgres(&self.target, name, LeaseOptions::default()).await?)
    }

    /// Brings every schema up to date, and says how many steps it took.
    pub async fn migrate(&self, reader_role: Option<&str>) -> anyhow::Result<usize> {
        let mut steps = 0;
        for schema in SCHEMAS {
            steps += postgres::migrate(&self.target, schema).await?;
        }
        let log = self.log().await?;
        intents::found_postgres(&self.target, log.head().await?).await?;
        log.close().await;
        if let Some(role) = reader_role {
            for schema in READ_BY_QUERIES {
                postgres::grant_read(&self.target, schema, role)
                    .await
                    .with_context(|| format!("the role {role} can't be given the right to read"))?;
            }
        }
        Ok(steps)
    }
}

/// Everything that stands in PostgreSQL.
const SCHEMAS: &[&postgres::Schema] = &[
    &platform::event_log::POSTGRES_SCHEMA,
    &platform::vault::POSTGRES_SCHEMA,
    &platform::lease::POSTGRES_SCHEMA,
    &workers::intents::POSTGRES_SCHEMA,
    &read_models::POSTGRES_SCHEMA,
    &platform::call_log::POSTGRES_SCHEMA,
];

/// What the query API's user may read: never the log, never what the workers do.
const READ_BY_QUERIES: &[&postgres::Schema] = &[
    &read_models::POSTGRES_SCHEMA,
    &platform::vault::POSTGRES_SCHEMA,
    &platform::call_log::POSTGRES_SCHEMA,
];
