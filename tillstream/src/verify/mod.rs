//! `tillstream verify`: replays the log and checks what must always hold, independently of the code
//! that decided it. Reads only; a shop may be running on the same folder.

mod api_keys;
mod catalogue;
mod chain;
mod images;
mod ledger;
mod marketplace;
mod merchandise;
mod orphans;
mod people;
#[cfg(test)]
mod played;
mod positions;
mod reviews;
mod sales;
mod stock;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use events::Event;
use events::envelope::{Position, RecordedEvent};
use platform::event_log::EventLog;

use crate::arguments;
use crate::data_dir::DataDir;
use crate::outside;
use crate::progress;
use crate::rebuild;
use crate::settings::Settings;
use crate::storage::Storage;

/// Events per read: some megabytes.
const BATCH: usize = 5_000;
/// Violations of one rule that are printed; a broken rule seldom breaks once.
const PRINTED_MAX: usize = 20;

/// One thing that must always hold.
trait Rule {
    /// What holds, in words.
    fn name(&self) -> &'static str;
    /// Takes in the next event and tells what it breaks.
    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken);
    /// Tells what is broken only when everything has been seen.
    fn end(&mut self, _broken: &mut Broken) {}
}

/// A rule, and what was found broken of it.
type Checked = (Box<dyn Rule + Send>, Broken);

/// What was found broken of one rule.
#[derive(Default)]
struct Broken {
    count: u64,
    first: Vec<String>,
}

impl Broken {
    fn add(&mut self, position: Position, what: impl std::fmt::Display) {
        self.count += 1;
        if self.first.len() < PRINTED_MAX {
            self.first.push(format!("at position {position}: {what}"));
        }
    }
}

pub async fn run(settings: &Settings, arguments: &arguments::Verify) -> anyhow::Result<ExitCode> {
    let storage = Storage::of(settings, "verify")?;
    let log = storage.log().await?;
    let mut sound = verify_log(&log).await?;
    // The sandbox's books lie in the data folder in both forms.
    let dir = DataDir::existing(&settings.data_dir)?;
    let books = settings.sandbox_database(&dir);
    if books.is_file() {
        sound &= verify_charges(&books, &log).await?;
    }
    sound &= verify_images(settings, &dir, &log).await?;
    if arguments.views {
        sound &= rebuild::compare_all(&storage, &log).await?;
    }
    log.close().await;
    say!(
        "{}",
        if sound {
            "Everything holds."
        } else {
            "Something is broken; see above."
        }
    );
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

pub async fn verify_log(log: &EventLog) -> anyhow::Result<bool> {
    let mut rules: Vec<Checked> = vec![
        (Box::new(positions::Gapless::default()), Broken::default()),
        (Box::new(positions::Versions::default()), Broken::default()),
        (Box::new(stock::NeverOversold::default()), Broken::default()),
        (Box::new(ledger::Balanced), Broken::default()),
        (Box::new(ledger::Wallets::default()), Broken::default()),
        (Box::new(catalogue::ServerPrices::default()), Broken::default()),
        (
            Box::new(catalogue::OneProductPerSku::default()),
            Broken::default(),
        ),
        (
            Box::new(merchandise::TreeOfCategories::default()),
            Broken::default(),
        ),
        (
            Box::new(merchandise::VariantsDiffer::default()),
            Broken::default(),
        ),
        (Box::new(marketplace::Fees::default()), Broken::default()),
        (Box::new(marketplace::OneOwner::default()), Broken::default()),
        (Box::new(sales::SettledOnce::default()), Broken::default()),
        (Box::new(sales::OrderTotals), Broken::default()),
        (Box::new(reviews::OnePerAuthor::default()), Broken::default()),
        (Box::new(chain::DaysCountOnce::default()), Broken::default()),
        (Box::new(orphans::ConcludedOnce::default()), Broken::default()),
        (Box::new(people::MergedOnce::default()), Broken::default()),
        (Box::new(people::VerifiedByLink::default()), Broken::default()),
        (Box::new(api_keys::NoneAfterItsEnd::default()), Broken::default()),
    ];
    let head = log.head().await?;
    let bar = progress::bar(head, "verify");
    let mut seen = 0;
    while seen < head {
        let batch = log.read(seen, BATCH).await?;
        let Some(last) = batch.last() else {
            anyhow::bail!("the log ends at position {seen}, and its head says {head}");
        };
        let newest = last.position;
        for recorded in &batch {
            let event = Event::decode(recorded)
                .with_context(|| format!("the event at position {} can't be read", recorded.position))?;
            for (rule, broken) in &mut rules {
                rule.see(recorded, &event, broken);
            }
        }
        seen = newest;
        bar.set_position(seen);
    }
    bar.finish_and_clear();
    for (rule, broken) in &mut rules {
        rule.end(broken);
    }
    say!("{seen} events replayed.");
    Ok(rules
        .iter()
        .fold(true, |sound, (rule, broken)| report(rule.name(), broken) && sound))
}

/// Compares the payment sandbox's books with the log's.
async fn verify_charges(books: &Path, log: &EventLog) -> anyhow::Result<bool> {
    let charges = payment_sandbox::audit(books).await?;
    let mut broken = Broken::default();
    sales::compare_charges(log, &charges, &mut broken).await?;
    Ok(report("nobody is charged twice by the payment provider", &broken))
}

/// Looks for the blobs of the images that are shown.
async fn verify_images(settings: &Settings, dir: &DataDir, log: &EventLog) -> anyhow::Result<bool> {
    let ready = images::ReadyImages::read(log).await?;
    let mut broken = Broken::default();
    // Opening a folder makes it; a shop without images may have none.
    if !ready.is_empty() {
        ready
            .compare(&outside::blobs(settings, dir)?, &mut broken)
            .await?;
    }
    Ok(report("every image that is shown has its files", &broken))
}

fn report(rule: &str, broken: &Broken) -> bool {
    if broken.count == 0 {
        say!("  ok      {rule}");
        return true;
    }
    say!("  BROKEN  {rule}: {} times", broken.count);
    for one in &broken.first {
        say!("            {one}");
    }
    false
}
