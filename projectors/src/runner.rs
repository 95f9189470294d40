//! The projector of a process: keeps every view at the head of the log until shutdown.
//!
//! Views that are level go forward as one group. One that is far behind, or was filled by an older
//! version of the program, catches up in a task of its own, so that the others needn't wait for it.

use std::collections::HashMap;
use std::time::Duration;

use events::envelope::{Position, RecordedEvent};
use platform::event_log::EventLog;
use platform::feed::Feed;
use platform::traced::spans_of;
use read_models::cache::Basis;
use read_models::generation::{self, Serving};
use read_models::{ViewName, Views};
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::error::ProjectError;
use crate::group::{BATCH_EVENTS, Group, Written, decode};
use crate::rebuild::{RebuildError, rebuild};
use crate::writer::writer;

/// A view that is at most this far behind the foremost joins the group: a few batches, which the others skip in no
/// time.
const LEVEL_EVENTS: Position = 4 * BATCH_EVENTS as Position;

/// The pause after a failure, doubled with each that follows, up to the second figure: short enough that
/// a passing one isn't felt, long enough that a lasting one doesn't flood the logs.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long another process may take for a batch before it is taken for dead.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// What the projector works with.
#[derive(Clone)]
pub struct ProjectorDeps {
    pub feed: Feed,
    /// For a view that is filled anew.
    pub log: EventLog,
    pub views: Views,
}

/// Projects until `shutdown`. After a failure it says so and tries again, from the last commit; it never skips an
/// event.
pub async fn run(deps: ProjectorDeps, shutdown: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    let mut catching_up = CatchingUp::default();
    let mut fresh = true;
    while !shutdown.is_cancelled() {
        let failure = follow(&deps, &mut catching_up, &mut fresh, &mut pause, &shutdown).await;
        deps.views.cache().stop_keeping();
        let Err(error) = failure else { break };
        tracing::error!(error = %error, retry_in_ms = pause.as_millis(), "the projector has stopped; it tries again");
        wait(pause, &shutdown).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    catching_up.tasks.join_all().await;
}

/// Projects until shutdown or the first failure.
async fn follow(
    deps: &ProjectorDeps,
    catching_up: &mut CatchingUp,
    fresh: &mut bool,
    pause: &mut Duration,
    shutdown: &CancellationToken,
) -> Result<(), ProjectError> {
    if std::mem::take(fresh)
        && let Err(error) = drop_leftovers(&deps.views).await
    {
        *fresh = true;
        return Err(error);
    }
    let mut group = assemble(deps, catching_up, shutdown).await?;
    loop {
        let after = group.position();
        let batch = tokio::select! {
            batch = next_batch(deps, &group, after, shutdown) => batch?,
            Some(view) = catching_up.finished() => {
                tracing::debug!(view = %view, "the view has caught up");
                group = assemble(deps, catching_up, shutdown).await?;
                continue;
            }
        };
        let Some(batch) = batch else {
            return Ok(());
        };
        let facts = decode(after, &batch)?;
        let spans = spans_of(&batch, span);
        if group.project(&deps.views, &facts).await? == Written::Overtaken {
            tracing::debug!(
                position = after,
                "another projector was faster, or a view was swapped"
            );
            group = assemble(deps, catching_up, shutdown).await?;
        }
        drop(spans);
        *pause = FIRST_PAUSE;
    }
}

/// Of the events of one command.
fn span(written: &[RecordedEvent]) -> Span {
    let position = written.first().map(|event| event.position);
    tracing::info_span!("project", position, events = written.len())
}

/// The next events for the group; while it is empty, nothing but the shutdown's `None`.
async fn next_batch(
    deps: &ProjectorDeps,
    group: &Group,
    after: Position,
    shutdown: &CancellationToken,
) -> Result<Option<Vec<RecordedEvent>>, ProjectError> {
    if group.writers.is_empty() {
        shutdown.cancelled().await;
        return Ok(None);
    }
    Ok(deps.feed.next_batch(after, BATCH_EVENTS, shutdown).await?)
}

/// Views that aren't part of the group yet, each with its task.
#[derive(Default)]
struct CatchingUp {
    tasks: JoinSet<()>,
    views: HashMap<task::Id, ViewName>,
}

impl CatchingUp {
    fn contains(&self, view: ViewName) -> bool {
        self.views.values().any(|other| *other == view)
    }

    fn begin(&mut self, view: ViewName, task: impl Future<Output = ()> + Send + 'static) {
        let task = self.tasks.spawn(task);
        self.views.insert(task.id(), view);
    }

    /// The next one that is done; nothing if there is none.
    async fn finished(&mut self) -> Option<ViewName> {
        let id = match self.tasks.join_next_with_id().await? {
            Ok((id, ())) => id,
            Err(error) => error.id(),
        };
        self.views.remove(&id)
    }
}

/// Looks where every view stands, and makes the group of those that are level and ours to write.
async fn assemble(
    deps: &ProjectorDeps,
    catching_up: &mut CatchingUp,
    shutdown: &CancellationToken,
) -> Result<Group, ProjectError> {
    let standing = standing(&deps.views).await?;
    let ours = |view: ViewName, serving: &Serving| serving.version == deps.views.version(view);
    let front = standing
        .iter()
        .filter(|(view, serving)| ours(*view, serving))
        .map(|(_, serving)| serving.position)
        .max()
        .unwrap_or_default();
    let mut group = Group::default();
    for (view, serving) in &standing {
        if catching_up.contains(*view) {
            continue;
        }
        match duty(serving, deps.views.version(*view), front) {
            Duty::Project => group
                .writers
                .push(writer(*view, serving.generation, serving.position)),
            Duty::LeaveAlone => tracing::warn!(
                view = %view,
                version = serving.version,
                "the view is a newer program's; this one leaves it alone"
            ),
            duty @ (Duty::CatchUp | Duty::Refill) => {
                tracing::info!(view = %view, position = serving.position, ?duty, "the view catches up beside the others");
                let (deps, view, shutdown) = (deps.clone(), *view, shutdown.clone());
                catching_up.begin(view, async move { catch_up(&deps, view, duty, &shutdown).await });
            }
        }
    }
    tell(&deps.views, &standing, &group);
    Ok(group)
}

/// What is to be done about a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duty {
    Project,
    /// It is far behind: go forward alone until it is level.
    CatchUp,
    /// An older version filled it: fill a new generation and swap.
    Refill,
    /// A newer version filled it.
    LeaveAlone,
}

fn duty(serving: &Serving, version: u64, front: Position) -> Duty {
    match serving.version.cmp(&version) {
        std::cmp::Ordering::Less => Duty::Refill,
        std::cmp::Ordering::Greater => Duty::LeaveAlone,
        std::cmp::Ordering::Equal if front - serving.position > LEVEL_EVENTS => Duty::CatchUp,
        std::cmp::Ordering::Equal => Duty::Project,
    }
}

async fn standing(views: &Views) -> Result<Vec<(ViewName, Serving)>, ProjectError> {
    let mut tx = views.begin_write().await?;
    let mut standing = Vec::with_capacity(ViewName::ALL.len());
    for view in ViewName::ALL {
        let serving = generation::serving(&mut tx, view).await?;
        standing.extend(serving.map(|serving| (view, serving)));
    }
    tx.rollback().await?;
    Ok(standing)
}

/// The database may have moved on without this process: tells it where it is.
fn tell(views: &Views, standing: &[(ViewName, Serving)], group: &Group) {
    let kept = |view: ViewName| group.writers.iter().any(|writer| writer.view() == view);
    let products = standing
        .iter()
        .find(|(view, _)| *view == ViewName::Products && kept(*view));
    match products {
        Some((_, products)) => views.cache().keep_from(
            views,
            Basis {
                generation: products.generation,
                position: products.position,
            },
        ),
        None => views.cache().stop_keeping(),
    }
    views.publish(standing.iter().map(|(view, serving)| (*view, serving.position)));
}

/// Brings one view forward until it can join the group, however often it takes.
async fn catch_up(deps: &ProjectorDeps, view: ViewName, duty: Duty, shutdown: &CancellationToken) {
    let mut pause = FIRST_PAUSE;
    while !shutdown.is_cancelled() {
        let done = match duty {
            Duty::Refill => refill(deps, view, shutdown).await,
            _ => go_forward(deps, view, shutdown).await.map_err(RebuildError::from),
        };
        let Err(error) = done else { return };
        tracing::error!(view = %view, error = %error, retry_in_ms = pause.as_millis(), "the view can't catch up; it tries again");
        wait(pause, shutdown).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Rebuilds a view, or lets another process that has begun later finish doing so.
async fn refill(
    deps: &ProjectorDeps,
    view: ViewName,
    shutdown: &CancellationToken,
) -> Result<(), RebuildError> {
    match rebuild(&deps.log, &deps.views, &[view], |_| (), shutdown).await {
        Err(RebuildError::Superseded) => other_fills(&deps.views, view, shutdown).await,
        Err(RebuildError::Stopped) => Ok(()),
        done => done,
    }
}

/// Waits as long as another process makes progress with the view. Two that began anew whenever the other did
/// would never end.
async fn other_fills(
    views: &Views,
    view: ViewName,
    shutdown: &CancellationToken,
) -> Result<(), RebuildError> {
    let mut seen = None;
    loop {
        let mut tx = views.begin_write().await?;
        let filling = generation::filling(&mut tx, view).await?;
        tx.rollback().await?;
        if filling.is_none() || filling == seen || shutdown.is_cancelled() {
            return Ok(());
        }
        seen = filling;
        wait(LOOK_AGAIN, shutdown).await;
    }
}

/// Projects one view until it is near the log's end.
async fn go_forward(
    deps: &ProjectorDeps,
    view: ViewName,
    shutdown: &CancellationToken,
) -> Result<(), ProjectError> {
    while !shutdown.is_cancelled() {
        let standing = standing(&deps.views).await?;
        let Some((_, serving)) = standing.into_iter().find(|(name, _)| *name == view) else {
            return Ok(());
        };
        let mut group = Group {
            writers: vec![writer(view, serving.generation, serving.position)],
        };
        let mut written = Written::All;
        while written == Written::All && !shutdown.is_cancelled() {
            let after = group.position();
            let batch = deps.log.read(after, BATCH_EVENTS).await?;
            let facts = decode(after, &batch)?;
            written = group.project(&deps.views, &facts).await?;
            if batch.len() < BATCH_EVENTS {
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn drop_leftovers(views: &Views) -> Result<(), ProjectError> {
    let mut tx = views.begin_write().await?;
    for view in ViewName::ALL {
        let dropped = generation::drop_leftovers(&mut tx, view).await?;
        if dropped > 0 {
            tracing::info!(view = %view, dropped, "dropped what an unfinished rebuild had left behind");
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Pauses, or less if the process shuts down.
async fn wait(pause: Duration, shutdown: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = shutdown.cancelled() => {}
    }
}
