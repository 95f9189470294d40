//! The projector's side of the connection: replaces the mark, and documents with it, in one script.

use std::time::Duration;

use events::ids::ProductId;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Script};

use super::entry::{Entry, Keys};
use super::link::{CONNECT_TIMEOUT, connect};
use super::mark::Mark;
use crate::cache::Document;

/// How long a write may take. Some megabytes are on their way in the worst case; the snapshot that a filling reads
/// from is ended by the database after two seconds without a word.
const WRITE_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How long the mark lives unless it is renewed, which happens every second. A projector that can't reach Redis any
/// more can't take its documents back either: this is how long readers that still can may get older and older ones.
const MARK_LIFE: Duration = Duration::from_secs(30);
/// How long a document lives unless it changes: a day, and up to another, so that not all of them end at once. A
/// reader puts back what he misses. It bounds what products leave behind that vanished while nobody kept the cache.
const DOCUMENT_LIFE: Duration = Duration::from_hours(24);

/// See the module.
pub struct Writer {
    client: Client,
    keys: Keys,
    script: Script,
    connection: Option<MultiplexedConnection>,
}

impl Writer {
    pub fn new(client: Client, keys: Keys) -> Self {
        Self {
            client,
            keys,
            script: Script::new(include_str!("write.lua")),
            connection: None,
        }
    }

    /// The mark that stands; `None` if there is none.
    pub async fn mark(&mut self) -> Result<Option<Mark>, RedisError> {
        let mut get = redis::cmd("GET");
        get.arg(self.keys.mark());
        let mut connection = self.connection().await?;
        let found = get.query_async::<Option<String>>(&mut connection).await;
        let found = self.heard(found)?;
        Ok(found.and_then(|text| text.parse().ok()))
    }

    /// Takes the place of whatever mark there is.
    pub async fn seize(&mut self, mark: Mark) -> Result<(), RedisError> {
        let mut set = redis::cmd("SET");
        set.arg(self.keys.mark()).arg(mark.to_string());
        set.arg("PX").arg(millis(MARK_LIFE));
        let mut connection = self.connection().await?;
        let done = set.exec_async(&mut connection).await;
        self.heard(done)
    }

    /// Replaces `from` by `to` and writes these documents, or deletes them, unless another mark than `from` stands: then
    /// it changes nothing and says `false`. After an error it may or may not have happened.
    pub async fn write(
        &mut self,
        from: Mark,
        to: Mark,
        documents: impl IntoIterator<Item = (ProductId, Option<&Document>)>,
    ) -> Result<bool, RedisError> {
        let mut call = self.script.key(self.keys.mark());
        call.arg(from.to_string())
            .arg(to.to_string())
            .arg(millis(MARK_LIFE));
        for (id, document) in documents {
            let text = document.map(|document| Entry::text(to.id, to.position, document));
            call.key(self.keys.document(id))
                .arg(millis(document_life(id)))
                .arg(text.unwrap_or_default());
        }
        let connected = match &self.connection {
            Some(connection) => Ok(connection.clone()),
            None => new_connection(&self.client).await,
        };
        let mut connection = connected?;
        let written = call.invoke_async::<bool>(&mut connection).await;
        self.connection = Some(connection);
        self.heard(written)
    }

    async fn connection(&mut self) -> Result<MultiplexedConnection, RedisError> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let connection = new_connection(&self.client).await?;
        self.connection = Some(connection.clone());
        Ok(connection)
    }

    /// After any failure a new connection is the surest way back.
    fn heard<T>(&mut self, answer: Result<T, RedisError>) -> Result<T, RedisError> {
        if answer.is_err() {
            self.connection = None;
        }
        answer
    }
}

async fn new_connection(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(WRITE_TIMEOUT));
    connect(client, &config).await
}

/// The same for a product every time, and spread evenly over all.
pub fn document_life(id: ProductId) -> Duration {
    let share = u32::from(id.0.as_bytes()[15]);
    DOCUMENT_LIFE + DOCUMENT_LIFE * share / u32::from(u8::MAX)
}

pub fn millis(life: Duration) -> u64 {
    u64::try_from(life.as_millis()).unwrap_or(u64::MAX)
}
