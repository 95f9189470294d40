//! What backups cost: orders placed in a shop that copies itself every second, beside the same shop that doesn't. Ten times
//! as often as by default, so that every round has one: the cost of the default is a tenth of this.
//!
//! The rounds of both take turns, and each waits until the other's background work is done.

use std::fs;
use std::path::Path;

use anyhow::Context;

use super::backlog::Backlog;
use super::shop::Shop;
use crate::catalogue::Catalogue;
use crate::load::Clients;
use crate::measurement::{Measurement, Side};
use crate::plan::{Plan, order_of_round};
use crate::report::Section;

/// Seconds between two backups.
const INTERVAL_S: &str = "1";
/// Below the folder of the shop that makes them.
const BACKUPS: &str = "backups";

/// A shop with its clients.
struct Place {
    shop: Shop,
    clients: Clients,
}

impl Place {
    async fn open(
        executable: &Path,
        folder: &Path,
        environment: &[(&str, &str)],
        plan: &Plan,
    ) -> anyhow::Result<Self> {
        fs::create_dir(folder)?;
        let shop = Shop::start_with(executable, folder, environment).await?;
        let catalogue = Catalogue::stock(&shop.url, shop.data_dir()).await?;
        let mut clients = Clients::connect(plan.clients, 0, shop.endpoint(), catalogue.orders).await?;
        clients.run(plan.warm_up).await?;
        Ok(Self { shop, clients })
    }

    async fn settle(&self) -> anyhow::Result<()> {
        let settled = Backlog::of(&self.shop)?.settle().await?;
        settled.context("the shop doesn't come to rest between two rounds")?;
        Ok(())
    }
}

pub async fn measure(executable: &Path, plan: &Plan, folder: &Path) -> anyhow::Result<Section> {
    eprintln!("backups: starting two shops and stocking them …");
    let with = folder.join("with");
    let backups = [
        ("TILLSTREAM_BACKUP__TO", BACKUPS),
        ("TILLSTREAM_BACKUP__INTERVAL_S", INTERVAL_S),
    ];
    let mut places = [
        Place::open(executable, &with, &backups, plan).await?,
        Place::open(executable, &folder.join("without"), &[], plan).await?,
    ];
    eprintln!("backups: measuring orders …");
    let mut sides = [Side::new("with backups"), Side::new("without")];
    for place in &places {
        place.settle().await?;
    }
    for round in 0..plan.rounds {
        for side in order_of_round(round, places.len()) {
            let placed = places[side].clients.run(plan.round).await?;
            sides[side].rounds.push(placed);
            places[side].settle().await?;
        }
    }
    let head = Backlog::of(&places[0].shop)?.head()?;
    let (files, bytes) = size(&with.join(BACKUPS))?;
    let notes = vec![
        format!("a backup every {INTERVAL_S} s if something has changed; by default it is every 10 s"),
        format!("{bytes} bytes of backups in {files} files, of a log of {head} events"),
        "both shops run all the time, on one disk; the one that isn't measured has nothing to do".to_owned(),
    ];
    Ok(Section {
        form: "backups",
        setup: "two shops of one process each on SQLite".to_owned(),
        measurements: vec![Measurement::new("placing an order", &sides, notes)],
        lag: None,
        rebuilds: None,
    })
}

/// Files below a folder, and their bytes.
fn size(folder: &Path) -> anyhow::Result<(usize, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(folder).context("no backup was made")? {
        let entry = entry?;
        let (more_files, more_bytes) = if entry.file_type()?.is_dir() {
            size(&entry.path())?
        } else {
            // One that is cleared away meanwhile is none.
            (1, entry.metadata().map_or(0, |metadata| metadata.len()))
        };
        files += more_files;
        bytes += more_bytes;
    }
    Ok((files, bytes))
}
