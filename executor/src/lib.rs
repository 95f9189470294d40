//! The way of a command: load → decide → append → retry, in one place.
//!
//! Decisions are made one after the other under a lock, on aggregates in memory that include what
//! earlier decisions have put in the writer's queue but not yet committed. So commands on one hot
//! stream fill a batch together instead of conflicting. The expected heads in the log stay the
//! fence: if an earlier append fails, or another process wrote in between, whatever was decided on
//! top of it conflicts, is forgotten, loaded anew and decided again.
//!
//! A refusal, too, is only as good as the state that it was decided on. It is answered after a mere
//! check of the streams that it looked at has passed through the same queue.
//!
//! What a command means is the domain's; how it came in and is answered is the API's.

mod context;
mod error;
mod memory;
mod metrics;
mod spans;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::{Decision, DomainError, Halt, Missing, UnitOfWork};
use events::envelope::Position;
use platform::event_log::{
    Append, AppendError, AppendPermit, Appended, Claim, EventLog, PendingAppend, StoredOutcome,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;

pub use context::CommandContext;
pub use error::ExecuteError;
use memory::{Committed, Memory, Seen};

/// How often a command is decided anew after conflicts. With one process the second try nearly
/// always holds; with several, tries lose to each other at random, and this many lose only where
/// something is wrong.
const ATTEMPTS_MAX: u32 = 32;
/// From this attempt on, a command waits a little before it tries again.
const ATTEMPTS_AT_ONCE: u32 = 3;
/// The longest of these waits: some commits long.
const BACKOFF_MAX_MS: u64 = 20;
/// Rounds of fetching what one attempt turns out to need. Use cases ask for everything of one depth
/// at once, so the depth of the category tree is the most that comes up.
const FETCHES_MAX: u32 = 32;

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted<T> {
    pub value: T,
    /// The position of the command's last event; if it changed nothing, the log's head at that moment.
    pub position: Position,
    /// Whether this is the stored answer to an earlier run with the same idempotency key.
    pub replayed: bool,
}

/// Runs commands. Cheap to clone; all clones share the aggregates in memory.
#[derive(Clone)]
pub struct Executor {
    log: EventLog,
    memory: Arc<Mutex<Memory>>,
}

/// How a command's value is kept with its idempotency key.
type Answer<T> = fn(&T) -> Result<String, ExecuteError>;

/// A decision on its way to the log.
enum Sent<T> {
    Missing(Vec<Missing>),
    Decided {
        value: T,
        pending: PendingAppend,
        read: Vec<Seen>,
        written: Vec<Seen>,
    },
    Refused {
        error: DomainError,
        pending: PendingAppend,
        read: Vec<Seen>,
        claims: Vec<Claim>,
    },
}

impl Executor {
    pub fn new(log: EventLog) -> Self {
        Self {
            log,
            memory: Arc::new(Mutex::new(Memory::new())),
        }
    }

    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// Runs a command: once per idempotency key, if the context has one.
    pub async fn execute<T: Serialize + DeserializeOwned>(
        &self,
        context: &CommandContext,
        decide: impl Fn(&mut UnitOfWork) -> Decision<T>,
    ) -> Result<Accepted<T>, ExecuteError> {
        let started_at = Instant::now();
        let span = spans::command();
        let execution = self.execute_once(context, decide);
        let result = execution.instrument(span.clone()).await;
        spans::tell(&span, &result);
        metrics::count(&result, started_at);
        result
    }

    async fn execute_once<T: Serialize + DeserializeOwned>(
        &self,
        context: &CommandContext,
        decide: impl Fn(&mut UnitOfWork) -> Decision<T>,
    ) -> Result<Accepted<T>, ExecuteError> {
        if let Some(stored) = self.stored_outcome(context).await? {
            return replay(context, &stored);
        }
        match self.run(context, &decide, Some(to_json)).await {
            Err(ExecuteError::Repeated(stored)) => replay(context, &stored),
            // Perhaps it was refused because its twin was accepted just now: of two buyers of the last
            // unit that are one buyer's two tries, the second isn't told that it is gone.
            Err(refused @ (ExecuteError::Refused(_) | ExecuteError::Taken { .. })) => {
                match self.stored_outcome(context).await? {
                    Some(stored) => replay(context, &stored),
                    None => Err(refused),
                }
            }
            result => result,
        }
    }

    /// Of the values that a refused command had claimed by then, the first that is another's. It goes before the
    /// refusal: an order that is recorded a second time is told so, not that its goods are sold out.
    async fn taken(&self, claims: Vec<Claim>) -> Result<Option<ExecuteError>, ExecuteError> {
        for Claim { scope, value, owner } in claims {
            match self.log.claim_owner(scope, &value).await? {
                Some(holder) if holder != owner => {
                    return Ok(Some(ExecuteError::Taken {
                        scope,
                        value,
                        owner: holder,
                    }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    async fn stored_outcome(&self, context: &CommandContext) -> Result<Option<StoredOutcome>, ExecuteError> {
        let Some(key) = &context.idempotency else {
            return Ok(None);
        };
        #[cfg(feature = "planted-bugs")]
        if domain::planted::is_planted(domain::planted::Bug::IdempotencyCheck) {
            return Ok(None);
        }
        Ok(self.log.outcome(&key.scope, &key.key).await?)
    }

    /// Looks at aggregates without changing them. What it tells held at the returned position, also
    /// against other processes.
    pub async fn inspect<T>(
        &self,
        context: &CommandContext,
        look: impl Fn(&mut UnitOfWork) -> Decision<T>,
    ) -> Result<Accepted<T>, ExecuteError> {
        self.run(context, &look, None).await
    }

    /// Who holds a claimed value.
    pub async fn claim_owner(&self, scope: &str, value: &str) -> Result<Option<String>, ExecuteError> {
        Ok(self.log.claim_owner(scope, value).await?)
    }

    async fn run<T>(
        &self,
        context: &CommandContext,
        decide: &impl Fn(&mut UnitOfWork) -> Decision<T>,
        answer: Option<Answer<T>>,
    ) -> Result<Accepted<T>, ExecuteError> {
        let mut fetches = 0;
        let mut attempt = 0;
        while attempt < ATTEMPTS_MAX {
            let permit = self.log.reserve().await?;
            match self.decide_and_send(permit, context, decide, answer)? {
                Sent::Missing(_) if fetches == FETCHES_MAX => return Err(ExecuteError::Contended),
                Sent::Missing(missing) => {
                    fetches += 1;
                    self.fetch(missing).await?;
                    continue;
                }
                Sent::Decided {
                    value,
                    pending,
                    read,
                    written,
                } => match pending.instrument(spans::append()).await {
                    Ok(Appended { position }) => {
                        return Ok(Accepted {
                            value,
                            position,
                            replayed: false,
                        });
                    }
                    Err(AppendError::Conflict { streams }) => {
                        let moved = read.iter().filter(|seen| streams.contains(&seen.stream));
                        self.memory().forget(written.iter().chain(moved));
                    }
                    Err(error) => {
                        self.memory().forget(&written);
                        return Err(error.into());
                    }
                },
                Sent::Refused {
                    error,
                    pending,
                    read,
                    claims,
                } => match pending.await {
                    Ok(_) => return Err(self.taken(claims).await?.unwrap_or(ExecuteError::Refused(error))),
                    Err(AppendError::Conflict { streams }) => {
                        let moved = read.iter().filter(|seen| streams.contains(&seen.stream));
                        self.memory().forget(moved);
                    }
                    Err(error) => return Err(error.into()),
                },
            }
            attempt += 1;
            fetches = 0;
            metrics::count_conflict();
            tracing::debug!(attempt, "a command conflicted and is decided anew");
            back_off(attempt).await;
        }
        Err(ExecuteError::Contended)
    }

    /// Decides and takes a place in the queue under one lock, so that the queue has the order of the decisions.
    fn decide_and_send<T>(
        &self,
        permit: AppendPermit,
        context: &CommandContext,
        decide: &impl Fn(&mut UnitOfWork) -> Decision<T>,
        answer: Option<Answer<T>>,
    ) -> Result<Sent<T>, ExecuteError> {
        let mut memory = self.memory();
        let mut work = UnitOfWork::new(&*memory);
        let decision = decide(&mut work);
        match decision {
            Err(Halt::NotLoaded) => Ok(Sent::Missing(work.into_missing())),
            Err(Halt::Refused(error)) => {
                // That everything it looked at, or wanted to change, stands still.
                let decided = work.into_decided();
                let written = decided.written.iter().map(|written| &written.stream);
                let looked_at = decided.read.iter().chain(written);
                let (writes, read) = looked_at.map(|stream| memory.check(stream)).unzip();
                let claims = decided.claims.into_iter().map(claim).collect();
                let pending = permit.send(Append {
                    writes,
                    ..Append::default()
                });
                Ok(Sent::Refused {
                    error,
                    pending,
                    read,
                    claims,
                })
            }
            Ok(value) => {
                let decided = work.into_decided();
                let outcome = match (&context.idempotency, answer) {
                    #[cfg(feature = "planted-bugs")]
                    _ if domain::planted::is_planted(domain::planted::Bug::IdempotencyCheck) => None,
                    (Some(key), Some(answer)) => Some((key.clone(), answer(&value)?)),
                    _ => None,
                };
                // All checks before all writes: a write may push the oldest aggregate out of memory.
                let read = decided.read.iter();
                let (mut writes, read): (Vec<_>, _) = read.map(|stream| memory.check(stream)).unzip();
                let written = decided.written.iter();
                let (changes, written): (Vec<_>, Vec<_>) =
                    written.map(|one| memory.check(&one.stream)).unzip();
                for ((one, seen), mut change) in decided.written.into_iter().zip(&written).zip(changes) {
                    memory.write(one, &mut change, seen, context);
                    writes.push(change);
                }
                let pending = permit.send(Append {
                    writes,
                    claims: decided.claims.into_iter().map(claim).collect(),
                    releases: decided.releases.into_iter().map(claim).collect(),
                    idempotency: outcome,
                });
                Ok(Sent::Decided {
                    value,
                    pending,
                    read,
                    written,
                })
            }
        }
    }

    async fn fetch(&self, missing: Vec<Missing>) -> Result<(), ExecuteError> {
        let last_read = self.memory().last_read(&missing);
        let after = |stream| last_read.get(stream).map_or(0, Committed::version);
        let streams: Vec<_> = missing
            .iter()
            .map(|missing| (missing.stream.clone(), after(&missing.stream)))
            .collect();
        let recorded = self.log.read_streams_after(&streams).await?;
        let loaded = memory::fold(missing, last_read, recorded)?;
        self.memory().remember(loaded);
        Ok(())
    }

    /// A panic in a decision leaves the memory as it was before it, so a poisoned lock is no harm.
    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<String, ExecuteError> {
    serde_json::to_string(value).map_err(|_| ExecuteError::Answer)
}

fn claim((scope, value, owner): (&'static str, String, String)) -> Claim {
    Claim { scope, value, owner }
}

fn replay<T: DeserializeOwned>(
    context: &CommandContext,
    stored: &StoredOutcome,
) -> Result<Accepted<T>, ExecuteError> {
    let same = context
        .idempotency
        .as_ref()
        .is_some_and(|key| key.fingerprint == stored.fingerprint);
    if !same {
        return Err(ExecuteError::KeyReused);
    }
    let value = serde_json::from_str(&stored.outcome).map_err(|_| ExecuteError::Answer)?;
    Ok(Accepted {
        value,
        position: stored.position,
        replayed: true,
    })
}

/// Waits a random part of a growing while, so that processes that lost to each other part ways.
async fn back_off(attempt: u32) {
    if attempt < ATTEMPTS_AT_ONCE {
        return;
    }
    let ceiling_ms = (1_u64 << attempt.min(10)).min(BACKOFF_MAX_MS);
    let random = u64::from(uuid::Uuid::new_v4().as_bytes()[0]);
    tokio::time::sleep(Duration::from_millis(random * ceiling_ms / 255)).await;
}
