//! `tillstream orphans`: money that moved at the payment provider and that the log doesn't account for, with its sum.

use std::collections::BTreeMap;
use std::process::ExitCode;

use events::money::{Currency, Money};
use events::orphan::OrphanKind;
use read_models::orphans::{OrphanDocument, OrphanStatus};
use read_models::query::orphans;

use crate::arguments::Orphans;
use crate::settings::Settings;
use crate::storage::Storage;

/// Rows per read.
const PAGE: i64 = 500;

pub async fn run(settings: &Settings, arguments: &Orphans) -> anyhow::Result<ExitCode> {
    let storage = Storage::of(settings, "orphans")?;
    let views = storage.views().await?;
    let status = (!arguments.all).then_some(OrphanStatus::Open);
    let mut found: Vec<OrphanDocument> = vec![];
    loop {
        let after = found.last().map(|last| (last.moved_at, last.id));
        let mut reader = views.reader().acquire().await?;
        let page = orphans::orphans(&mut reader, status, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        found.extend(page.into_iter().map(|orphan| orphan.document));
    }
    views.close().await;
    found.iter().for_each(print);
    say!("{}", sums(&found));
    Ok(ExitCode::SUCCESS)
}

fn print(orphan: &OrphanDocument) {
    say!(
        "{}  {:<7} {:>12}  {:<12} {:<16} {}  {}",
        orphan.moved_at.format("%Y-%m-%d %H:%M:%S"),
        orphan.kind.as_str(),
        orphan.amount.to_string(),
        orphan.status.as_str(),
        orphan.reason.as_str(),
        orphan.id,
        orphan.provider_reference
    );
}

/// How many of each kind there are, and how much money it is.
fn sums(orphans: &[OrphanDocument]) -> String {
    let mut sums: BTreeMap<(OrphanKind, Currency), (usize, i64)> = BTreeMap::new();
    for orphan in orphans {
        let (count, minor) = sums.entry((orphan.kind, orphan.amount.currency())).or_default();
        *count += 1;
        *minor += orphan.amount.amount_minor();
    }
    if sums.is_empty() {
        return "There are none.".to_owned();
    }
    let sums = sums.into_iter().map(|((kind, currency), (count, minor))| {
        format!("{count} × {kind}: {}", Money::new(minor, currency))
    });
    sums.collect::<Vec<_>>().join(", ")
}
