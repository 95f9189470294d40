//! The vault's writer: one task that makes and erases keys. All that waits shares one transaction, so that an import
//! with thousands of new people costs a few fsyncs rather than thousands.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::Utc;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::VaultError;
use super::cache::KeyCache;
use super::cipher::Key;
use super::keys::{self, Keys};
use super::store::{Change, KeyStore};

/// Requests that may wait; beyond it callers wait for a place.
const QUEUE_CAPACITY: usize = 1_024;

/// Requests in one transaction. Beyond this an fsync's share is negligible.
const BATCH_REQUESTS: usize = 256;

/// Subjects in one request, so that a transaction stays below some 100 ms.
const SUBJECTS_PER_REQUEST: usize = 256;

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
    pub fn start(store: KeyStore, master: Arc<Key>, cache: Arc<KeyCache>) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE_CAPACITY);
        let (closing, stopped) = (CancellationToken::new(), CancellationToken::new());
        let task = Task {
            store,
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
    store: KeyStore,
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
        self.store.close().await;
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
        let result = self.write(&wanted, &erased).await;
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
    async fn write(&self, wanted: &[Uuid], erased: &BTreeSet<Uuid>) -> Result<Arc<Keys>, VaultError> {
        let generation = self.cache.generation();
        let change = Change {
            new: keys::generate(&self.master, wanted)?,
            erased: erased.iter().copied().collect(),
            now: Utc::now(),
        };
        let rows = self.store.write(&change).await;
        let written = rows.map(|rows| keys::unwrap(&self.master, rows));
        for (subject, state) in written.iter().flatten() {
            self.cache.keep(*subject, state, generation).await;
        }
        // Also after an error: what is lost may have been the answer alone.
        for &subject in erased {
            self.cache.erase(subject).await;
        }
        let keys = written?;
        if !erased.is_empty() {
            self.store.scrub().await?;
        }
        Ok(Arc::new(keys))
    }
}

fn pick(keys: &Keys, subjects: &[Uuid]) -> Keys {
    let found = subjects
        .iter()
        .filter_map(|subject| Some((*subject, keys.get(subject)?.clone())));
    found.collect()
}
