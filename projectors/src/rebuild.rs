//! Rebuilds views: fills a new generation of each beside the one that is served, and swaps them in
//! once they have caught up with it. Readers notice nothing, and there are no side effects.
//!
//! It reads the log itself rather than a feed: it is about what has long been written.

use events::envelope::Position;
use platform::event_log::EventLog;
use read_models::generation;
use read_models::store::StoreError;
use read_models::{ViewName, Views};
use sqlx::{Any, Transaction};
use tokio_util::sync::CancellationToken;

use crate::error::ProjectError;
use crate::group::{BATCH_EVENTS, Group, Written, decode};
use crate::writer::writer;

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RebuildProgress {
    pub view: ViewName,
    /// What the new generation reflects.
    pub position: Position,
    /// Where the log ends, as far as is known.
    pub head: Position,
}

/// Why a rebuild ended without a swap. What was served before still is.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error("another rebuild of the same views has begun, or a server has started; this one gives way")]
    Superseded,
    #[error("the rebuild was stopped")]
    Stopped,
}

impl From<StoreError> for RebuildError {
    fn from(error: StoreError) -> Self {
        Self::Project(error.into())
    }
}

impl From<sqlx::Error> for RebuildError {
    fn from(error: sqlx::Error) -> Self {
        Self::Project(error.into())
    }
}

/// Rebuilds these views, alone or while a server is running on the same files. `progress` is called after
/// each batch, for each view. When `shutdown` is cancelled, it cleans up and stops.
pub async fn rebuild(
    log: &EventLog,
    views: &Views,
    names: &[ViewName],
    progress: impl Fn(RebuildProgress),
    shutdown: &CancellationToken,
) -> Result<(), RebuildError> {
    let generations = create(views, names).await?;
    let mut group = Group {
        writers: generations
            .iter()
            .map(|(view, generation)| writer(*view, *generation, 0))
            .collect(),
    };
    while !group.writers.is_empty() {
        if shutdown.is_cancelled() {
            give_up(views, &generations).await?;
            return Err(RebuildError::Stopped);
        }
        let swapped = fill(log, views, &mut group, &generations).await?;
        let head = log.head().await.map_err(ProjectError::from)?;
        let position = group.position();
        for &view in names {
            progress(RebuildProgress { view, position, head });
        }
        if swapped {
            break;
        }
    }
    Ok(())
}

/// Writes one batch; swaps if that was the log's end. Whether it swapped.
async fn fill(
    log: &EventLog,
    views: &Views,
    group: &mut Group,
    generations: &[(ViewName, u64)],
) -> Result<bool, RebuildError> {
    let after = group.position();
    let batch = log.read(after, BATCH_EVENTS).await.map_err(ProjectError::from)?;
    let facts = decode(after, &batch)?;
    let at_the_end = batch.len() < BATCH_EVENTS;
    let mut tx = views.begin_write().await?;
    if group.write(&mut tx, &facts).await? == Written::Overtaken {
        tx.rollback().await?;
        return Err(RebuildError::Superseded);
    }
    let reached = facts.last().map_or(after, |fact| fact.position);
    let swapped = at_the_end && swap(&mut tx, generations, reached).await?;
    tx.commit().await?;
    group.committed();
    Ok(swapped)
}

/// Serves the new generations, unless a served one is ahead of them. Whether it did. Nobody else can move
/// a checkpoint meanwhile, since the transaction writes.
async fn swap(
    tx: &mut Transaction<'static, Any>,
    generations: &[(ViewName, u64)],
    reached: Position,
) -> Result<bool, RebuildError> {
    for (view, _) in generations {
        let serving = generation::serving(tx, *view).await?;
        if serving.is_some_and(|serving| serving.position > reached) {
            return Ok(false);
        }
    }
    for (view, generation) in generations {
        if generation::checkpoint(tx, *view, *generation).await?.is_none() {
            return Err(RebuildError::Superseded);
        }
        generation::serve(tx, *view, *generation).await?;
    }
    Ok(true)
}

/// Begins a new generation of each view, and drops what an earlier rebuild may have left behind.
async fn create(views: &Views, names: &[ViewName]) -> Result<Vec<(ViewName, u64)>, RebuildError> {
    let mut tx = views.begin_write().await?;
    let mut generations = Vec::with_capacity(names.len());
    for &view in names {
        generation::drop_leftovers(&mut tx, view).await?;
        let generation = generation::create(&mut tx, view, views.version(view)).await?;
        generations.push((view, generation));
    }
    tx.commit().await?;
    Ok(generations)
}

async fn give_up(views: &Views, generations: &[(ViewName, u64)]) -> Result<(), RebuildError> {
    let mut tx = views.begin_write().await?;
    for (view, generation) in generations {
        generation::drop_one(&mut tx, *view, *generation).await?;
    }
    tx.commit().await?;
    Ok(())
}
