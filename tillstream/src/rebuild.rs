//! `tillstream rebuild`, and the comparison of read models with what the log says they should be.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use events::envelope::Position;
use platform::event_log::EventLog;
use platform::feed::Feed;
use projectors::{ProjectorDeps, RebuildProgress};
use read_models::{ViewName, Views};
use tokio_util::sync::CancellationToken;

use crate::arguments::Rebuild;
use crate::data_dir::{DataDir, Lock};
use crate::progress;
use crate::settings::Settings;
use crate::storage::Storage;

/// How long the projectors of other processes may take to reach the log's end.
const CATCH_UP_MAX: Duration = Duration::from_mins(1);
/// How often they are looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub async fn run(settings: &Settings, arguments: &Rebuild) -> anyhow::Result<ExitCode> {
    let names = names(&arguments.views)?;
    let storage = Storage::of(settings, "rebuild")?;
    let _lock = match &storage {
        Storage::Embedded(dir) if arguments.compare => Some(alone(dir)?),
        _ => None,
    };
    let log = storage.log().await?;
    let views = storage.views().await?;
    let before = if arguments.compare {
        Some(caught_up_digests(&storage, &log, &views, &names).await?)
    } else {
        None
    };
    rebuild(&log, &views, &names).await?;
    say!("{} read models are built anew: {}.", names.len(), list(&names));
    let same = match before {
        Some(before) => compare(&before, &digests(&views, &names).await?),
        None => true,
    };
    views.close().await;
    log.close().await;
    Ok(if same {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Builds every read model on the side, in a file, and compares it with the one that is served. That one may stand in
/// PostgreSQL: the same rows have the same digest in both.
pub async fn compare_all(storage: &Storage, log: &EventLog) -> anyhow::Result<bool> {
    let _lock = match storage {
        Storage::Embedded(dir) => Some(alone(dir)?),
        Storage::Postgres(_) => None,
    };
    let served = storage.views().await?;
    let before = caught_up_digests(storage, log, &served, &ViewName::ALL).await?;
    served.close().await;
    let side = match storage {
        Storage::Embedded(dir) => tempfile::tempdir_in(dir.path()),
        Storage::Postgres(_) => tempfile::tempdir(),
    };
    let side = side.context("no room for read models on the side")?;
    let fresh = Views::open_sqlite(&side.path().join("views.db")).await?;
    rebuild(log, &fresh, &ViewName::ALL).await?;
    let after = digests(&fresh, &ViewName::ALL).await?;
    fresh.close().await;
    Ok(compare(&before, &after))
}

/// A comparison needs read models that stand still.
fn alone(dir: &DataDir) -> anyhow::Result<Lock> {
    Lock::take(dir).context("a comparison needs the shop to be stopped")
}

fn names(given: &[String]) -> anyhow::Result<Vec<ViewName>> {
    if given.is_empty() {
        return Ok(ViewName::ALL.to_vec());
    }
    let parse = |name: &String| {
        name.parse()
            .map_err(|_| anyhow::anyhow!("there is no view {name:?}; there are {}", list(&ViewName::ALL)))
    };
    given.iter().map(parse).collect()
}

fn list(names: &[ViewName]) -> String {
    names
        .iter()
        .map(|name| name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

async fn rebuild(log: &EventLog, views: &Views, names: &[ViewName]) -> anyhow::Result<()> {
    let bar = progress::bar(log.head().await?, "rebuild");
    let stop = CancellationToken::new();
    let stopping = tokio::spawn(crate::serve::cancel_on_signal(stop.clone()));
    let show = |progress: RebuildProgress| {
        bar.set_length(progress.head);
        bar.set_position(progress.position);
    };
    let rebuilt = projectors::rebuild(log, views, names, show, &stop).await;
    stopping.abort();
    bar.finish_and_clear();
    Ok(rebuilt?)
}

type Digests = Vec<(ViewName, Position, String)>;

async fn digests(views: &Views, names: &[ViewName]) -> anyhow::Result<Digests> {
    let positions = views.stored_positions().await?;
    let mut digests = vec![];
    for &name in names {
        digests.push((name, positions.of(name), views.digest(name).await?));
    }
    Ok(digests)
}

/// What the views hold when they reflect the whole log.
async fn caught_up_digests(
    storage: &Storage,
    log: &EventLog,
    views: &Views,
    names: &[ViewName],
) -> anyhow::Result<Digests> {
    match storage {
        Storage::Embedded(_) => catch_up(log, views).await?,
        Storage::Postgres(_) => wait_for_projectors(log, views).await?,
    }
    let found = digests(views, names).await?;
    let head = log.head().await?;
    anyhow::ensure!(
        found.iter().all(|(_, position, _)| *position == head),
        "the shop is being written to; a comparison needs it to be quiet"
    );
    Ok(found)
}

/// Projects what a killed shop had left over.
pub async fn catch_up(log: &EventLog, views: &Views) -> anyhow::Result<()> {
    let head = log.head().await?;
    let done = CancellationToken::new();
    let deps = ProjectorDeps {
        feed: Feed::tail(log.clone()),
        log: log.clone(),
        views: views.clone(),
    };
    let projecting = tokio::spawn(projectors::run(deps, done.clone()));
    let mut positions = views.positions();
    positions.wait_for(|positions| positions.min() >= head).await?;
    done.cancel();
    Ok(projecting.await?)
}

/// Projecting is other processes' business; this one waits.
async fn wait_for_projectors(log: &EventLog, views: &Views) -> anyhow::Result<()> {
    let head = log.head().await?;
    let caught_up = async {
        while views.stored_positions().await?.min() < head {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(CATCH_UP_MAX, caught_up)
        .await
        .context("the read models don't reach the log's end: are the projectors running?")?
}

fn compare(before: &Digests, after: &Digests) -> bool {
    let mut same = true;
    for ((name, position, old), (_, _, new)) in before.iter().zip(after) {
        let verdict = if old == new { "  ok      " } else { "  BROKEN  " };
        same &= old == new;
        say!(
            "{verdict}{name} at position {position}: served {}, rebuilt {}",
            &old[..16],
            &new[..16]
        );
    }
    if !same {
        say!("Some read models were not what the log says.");
    }
    same
}
