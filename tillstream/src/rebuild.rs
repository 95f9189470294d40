//! `tillstream rebuild`, and the comparison of read models with what the log says they should be.

use std::process::ExitCode;

use anyhow::Context;
use events::envelope::Position;
use platform::event_log::{EventLog, LogOptions};
use platform::feed::Feed;
use projectors::{ProjectorDeps, RebuildProgress};
use read_models::{ViewName, Views};
use tokio_util::sync::CancellationToken;

use crate::arguments::Rebuild;
use crate::data_dir::{DataDir, Lock};
use crate::progress;
use crate::settings::Settings;

pub async fn run(settings: &Settings, arguments: &Rebuild) -> anyhow::Result<ExitCode> {
    let names = names(&arguments.views)?;
    let dir = DataDir::open(&settings.data_dir)?;
    let _lock = arguments.compare.then(|| alone(&dir)).transpose()?;
    let log = EventLog::open_sqlite(&dir.log(), LogOptions::default()).await?;
    let views = Views::open_sqlite(&dir.views()).await?;
    let before = if arguments.compare {
        Some(caught_up_digests(&log, &views, &names).await?)
    } else {
        None
    };
    rebuild(&log, &views, &names).await?;
    println!("{} read models are built anew: {}.", names.len(), list(&names));
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

/// Builds every read model on the side, and compares it with the one that is served.
pub async fn compare_all(dir: &DataDir, log: &EventLog) -> anyhow::Result<bool> {
    let _lock = alone(dir)?;
    let served = Views::open_sqlite(&dir.views()).await?;
    let before = caught_up_digests(log, &served, &ViewName::ALL).await?;
    served.close().await;
    let side = tempfile::tempdir_in(dir.path()).context("no room for read models on the side")?;
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

/// Projects what a killed shop had left over, so that both sides reflect the whole log.
async fn caught_up_digests(log: &EventLog, views: &Views, names: &[ViewName]) -> anyhow::Result<Digests> {
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
    projecting.await?;
    digests(views, names).await
}

fn compare(before: &Digests, after: &Digests) -> bool {
    let mut same = true;
    for ((name, position, old), (_, _, new)) in before.iter().zip(after) {
        let verdict = if old == new { "  ok      " } else { "  BROKEN  " };
        same &= old == new;
        println!(
            "{verdict}{name} at position {position}: served {}, rebuilt {}",
            &old[..16],
            &new[..16]
        );
    }
    if !same {
        println!("Some read models were not what the log says.");
    }
    same
}
