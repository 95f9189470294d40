//! The vault's writer: one task that makes and erases keys. All that waits shares one transaction, so that an import
//! with thousands of new people costs a few fsyncs rather than thousands.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::Utc;
use sqlx::SqlitePool;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::VaultError;
use super::cache::KeyCache;
use super::cipher::Key;
use super::keys::{self, KeyState};
use crate::sqlite;

/// Requests that may wait; beyond it callers wait for a place.
const QUEUE_CAPACITY: usize = 1_024;

/// Requests in one transaction. Beyond this an fsync's share is negligible.
const BATCH_REQUESTS: usize = 256;

/// Subjects in one request, so that a transaction stays below some 100 ms.
const SUBJECTS_PER_REQUEST: usize = 256;

type Keys = HashMap<Uuid, KeyState>;

#[derive(Debug)]
enum Request {
    MakeKeys {
        subjects: Vec<Uuid>,
        reply: oneshot::Sender<Result<Keys, VaultError>>,
    },
    Erase {
        subject: Uuid,
        reply: oneshot::Sender<Result<(), VaultError>>,
    },
}

/// How the vault talks to its writer. The writer stops when the last of these is dropped.
#[derive(Debug, Clone)]
pub(super) struct KeyWriter {
    queue: mpsc::Sender<Request>,
    closing: CancellationToken,
    stopped: CancellationToken,
}

impl KeyWriter {
    pub fn start(pool: SqlitePool, master: Arc<Key>, cache: Arc<KeyCache>) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE_CAPACITY);
        let (closing, stopped) = (CancellationToken::new(), CancellationToken::new());
        let task = Task {
            pool,
            master,
            cache,
            requests,
            closing: closing.clone(),
            _stopped: stopped.clone().drop_guard(),
        };
        tokio::spawn(task.run());
        Self {
            queue,
            closing,
            stopped,
        }
    }

    /// Makes the keys that are missing, and answers with the keys of all these subjects.
    pub async fn make_keys(&self, subjects: Vec<Uuid>) -> Result<Keys, VaultError> {
        let mut answers = Vec::new();
        for some in subjects.chunks(SUBJECTS_PER_REQUEST) {
            let (reply, answer) = oneshot::channel();
            self.send(Request::MakeKeys {
                subjects: some.to_vec(),
                reply,
            })
            .await?;
            answers.push(answer);
        }
        let mut keys = Keys::with_capacity(subjects.len());
        for answer in answers {
            keys.extend(answer.await.map_err(|_| stopped())??);
        }
        Ok(keys)
    }

    pub async fn erase(&self, subject: Uuid) -> Result<(), VaultError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Erase { subject, reply }).await?;
        answer.await.map_err(|_| stopped())?
    }

    pub async fn close(&self) {
        self.closing.cancel();
        self.stopped.cancelled().await;
    }

    async fn send(&self, request: Request) -> Result<(), VaultError> {
        self.queue.send(request).await.map_err(|_| stopped())
    }
}

fn stopped() -> VaultError {
    VaultError::Unavailable {
        reason: "its writer has stopped".to_owned(),
    }
}

struct Task {
    pool: SqlitePool,
    master: Arc<Key>,
    cache: Arc<KeyCache>,
    requests: mpsc::Receiver<Request>,
    closing: CancellationToken,
    /// Tells those who wait in `close`, also if this task should panic.
    _stopped: DropGuard,
}

impl Task {
    async fn run(mut self) {
        loop {
            let batch = self.next_batch().await;
            if batch.is_empty() {
                break;
            }
            self.work_off(batch).await;
        }
        self.pool.close().await;
    }

    /// What waits now, or comes next. Empty when the vault is closing and all that was accepted is done.
    async fn next_batch(&mut self) -> Vec<Request> {
        let mut batch = Vec::with_capacity(BATCH_REQUESTS);
        tokio::select! {
            _ = self.requests.recv_many(&mut batch, BATCH_REQUESTS) => {}
            () = self.closing.cancelled() => {
                self.requests.close();
                self.requests.recv_many(&mut batch, BATCH_REQUESTS).await;
            }
        }
        batch
    }

    async fn work_off(&self, batch: Vec<Request>) {
        let mut wanted = BTreeSet::new();
        let mut erased = BTreeSet::new();
        for request in &batch {
            match request {
                Request::MakeKeys { subjects, .. } => wanted.extend(subjects),
                Request::Erase { subject, .. } => drop(erased.insert(*subject)),
            }
        }
        let wanted: Vec<Uuid> = wanted.into_iter().collect();
        let result = self.store(&wanted, &erased).await;
        if let Err(error) = &result {
            tracing::error!(%error, requests = batch.len(), "the vault could not be written");
        }
        for request in batch {
            // Who has stopped waiting doesn't want to know.
            match request {
                Request::MakeKeys { subjects, reply } => {
                    let _ = reply.send(result.clone().map(|keys| pick(&keys, &subjects)));
                }
                Request::Erase { reply, .. } => {
                    let _ = reply.send(result.clone().map(drop));
                }
            }
        }
    }

    /// One transaction. Erasures come after new keys: whoever asks for both at once gets the erasure.
    async fn store(&self, wanted: &[Uuid], erased: &BTreeSet<Uuid>) -> Result<Arc<Keys>, VaultError> {
        let now = Utc::now();
        let generation = self.cache.generation();
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        keys::insert_missing(&mut transaction, &self.master, wanted, now).await?;
        for &subject in erased {
            keys::erase(&mut transaction, subject, now).await?;
        }
        let keys = keys::read(&mut transaction, &self.master, wanted).await?;
        transaction.commit().await?;

        for (subject, state) in &keys {
            self.cache.keep(*subject, state, generation).await;
        }
        for &subject in erased {
            self.cache.erase(subject).await;
        }
        if !erased.is_empty() {
            self.scrub().await?;
        }
        Ok(Arc::new(keys))
    }

    /// Empties the write-ahead log, which still holds the pages with the erased keys.
    async fn scrub(&self) -> Result<(), VaultError> {
        if !sqlite::checkpoint(&mut *self.pool.acquire().await?).await? {
            tracing::warn!(
                "erased keys are still in the vault's write-ahead log, as somebody goes on reading it"
            );
        }
        Ok(())
    }
}

fn pick(keys: &Keys, subjects: &[Uuid]) -> Keys {
    let found = subjects
        .iter()
        .filter_map(|subject| Some((*subject, keys.get(subject)?.clone())));
    found.collect()
}
