//! Has each day's report prepared when it is due. From there it is an event, and sending it an effect: what is prepared is
//! sent, whatever dies.
//!
//! What the log comes to is in memory, and is kept now and then (`checkpoint`), so that a start goes on from there.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use domain::category::Category;
use domain::outgoing_report::{self, OutgoingReport, OutgoingReportCommand};
use events::category::CategoryEvent;
use events::envelope::{Actor, Position, RecordedEvent, StreamId};
use events::ids::{CategoryId, EventId};
use events::{DecodeError, Event};
use executor::{CommandContext, ExecuteError};
use metrics::gauge;
use platform::event_log::ReadError;
use platform::feed::Feed;
use telemetry::names::CHAIN_REPORT_AGE_SECONDS;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::ChainSettings;
use super::calendar::Calendar;
use super::checkpoint::{Checkpoint, Resumed};
use super::comparison::Comparison;
use super::day_book::{self, DayBook, DayKey, Slugs, Told};
use super::headquarters::Headquarters;
use crate::effects::Shop;
use crate::intents::Intents;

/// Events per read: some megabytes.
const BATCH: usize = 2_000;
/// Reports prepared before the log is looked at again: after years, the first round of a new branch takes some of these.
const PREPARED_PER_ROUND: usize = 200;
/// The wait between rounds: what happens meanwhile to a day that is over becomes one correction.
const ROUND_PAUSE: Duration = Duration::from_millis(500);
/// How often the age of the last report is told although nothing happens.
const TELL_EVERY: Duration = Duration::from_secs(15);
/// The wait after a failure of the log.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);

/// Why a round failed.
#[derive(Debug, thiserror::Error)]
enum ReporterError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the event at position {position} can't be read, and the day's figures may rest on it")]
    Decode { position: Position, source: DecodeError },
    #[error(transparent)]
    Execute(#[from] ExecuteError),
}

/// Where the book stands.
struct Reader {
    book: DayBook,
    slugs: Slugs,
    position: Position,
    /// The event at that place, once one was read since the start.
    last: Option<EventId>,
    checkpoint: Checkpoint,
    comparison: Comparison,
    began_at: DateTime<Utc>,
}

/// While nobody reports here, this process has no age to tell: it is another's.
struct TellsNothingAfterwards;

impl Drop for TellsNothingAfterwards {
    fn drop(&mut self) {
        gauge!(CHAIN_REPORT_AGE_SECONDS).set(f64::NAN);
    }
}

/// Reports until shutdown.
pub(super) async fn run(
    settings: Arc<ChainSettings>,
    shop: Shop,
    feed: Feed,
    (headquarters, intents): (Headquarters, Intents),
    shutdown: CancellationToken,
) {
    let calendar = Calendar {
        zone: settings.time_zone,
        report_at: settings.report_at,
    };
    let _telling = TellsNothingAfterwards;
    while !shutdown.is_cancelled() {
        let mut checkpoint = Checkpoint::new(intents.clone());
        let resumed = checkpoint.resume(&settings, calendar, shop.executor.log()).await;
        let reader = resumed.map(|resumed| {
            let fresh = || Resumed {
                book: DayBook::new(calendar, settings.currency),
                position: 0,
            };
            let Resumed { book, position } = resumed.unwrap_or_else(fresh);
            Reader {
                book,
                slugs: Slugs::new(),
                position,
                last: None,
                checkpoint,
                comparison: Comparison::new(headquarters.clone()),
                began_at: shop.clock.now(),
            }
        });
        let result = match reader {
            Ok(mut reader) => reader.report(&shop, &feed, &shutdown).await,
            Err(error) => Err(error.into()),
        };
        match result {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "days can't be reported now; trying again"
                );
                pause(TROUBLE_PAUSE, &shutdown).await;
            }
        }
    }
}

async fn pause(length: Duration, shutdown: &CancellationToken) {
    let _ = shutdown.run_until_cancelled(tokio::time::sleep(length)).await;
}

impl Reader {
    async fn report(
        &mut self,
        shop: &Shop,
        feed: &Feed,
        shutdown: &CancellationToken,
    ) -> Result<(), ReporterError> {
        while !shutdown.is_cancelled() {
            while self.read(shop).await? {}
            let now = shop.clock.now();
            let due = self.book.due(now);
            for (key, figures) in due.iter().take(PREPARED_PER_ROUND) {
                prepare(shop, *key, figures.clone(), now).await?;
            }
            self.tell(now);
            if due.is_empty() {
                self.comparison.make(shop, &self.book, now).await?;
                self.wait(shop, feed, shutdown).await?;
            }
            pause(ROUND_PAUSE, shutdown).await;
        }
        if let Some(last) = self.last {
            self.checkpoint.keep(&self.book, (self.position, last)).await;
        }
        Ok(())
    }

    /// Takes in what the log has; whether there may be more.
    async fn read(&mut self, shop: &Shop) -> Result<bool, ReporterError> {
        let log = shop.executor.log();
        let batch = log.read(self.position, BATCH).await?;
        let Some(last) = batch.last() else {
            return Ok(false);
        };
        if self.position == 0 {
            self.book.open(batch[0].meta.recorded_at); // proof: there is a last one
        }
        let (reached, full) = ((last.position, last.meta.event_id), batch.len() == BATCH);
        let concerning = batch
            .iter()
            .filter(|recorded| day_book::concerns_us(&recorded.event_type));
        let events: Vec<_> = concerning
            .map(|recorded| Ok((recorded, decode(recorded)?)))
            .collect::<Result<_, ReporterError>>()?;
        let streams: Vec<_> = events
            .iter()
            .filter_map(|(_, event)| day_book::other_stream(event))
            .collect();
        let mut others: HashMap<StreamId, Vec<Told>> = HashMap::new();
        if !streams.is_empty() {
            for recorded in log.read_streams(&streams).await? {
                let told = (recorded.position, decode(&recorded)?);
                others.entry(recorded.stream).or_default().push(told);
            }
        }
        let categories = events.iter().flat_map(|(_, event)| {
            let told = day_book::other_stream(event).and_then(|stream| others.get(&stream));
            day_book::categories_of(event, told.map_or(&[], Vec::as_slice))
        });
        self.learn_slugs(shop, categories.collect()).await?;
        for (recorded, event) in &events {
            let told = day_book::other_stream(event).and_then(|stream| others.get(&stream));
            let told = told.map_or(&[][..], Vec::as_slice);
            self.book.apply(recorded, event, told, &self.slugs);
        }
        (self.position, self.last) = (reached.0, Some(reached.1));
        self.checkpoint.keep_now_and_then(&self.book, reached).await;
        Ok(full)
    }

    /// The slugs of these categories, from their own streams. A slug never changes, so each is looked up once.
    async fn learn_slugs(&mut self, shop: &Shop, ids: BTreeSet<CategoryId>) -> Result<(), ReporterError> {
        let new = ids.into_iter().filter(|id| !self.slugs.contains_key(id));
        let streams: Vec<_> = new.map(|id| StreamId::new(Category::TYPE, id)).collect();
        if streams.is_empty() {
            return Ok(());
        }
        for recorded in shop.executor.log().read_streams(&streams).await? {
            if let Event::Category(CategoryEvent::CategoryCreated(created)) = decode(&recorded)? {
                self.slugs.insert(created.category_id, created.slug);
            }
        }
        Ok(())
    }

    /// Until something has happened, or a day's time has come.
    async fn wait(
        &self,
        shop: &Shop,
        feed: &Feed,
        shutdown: &CancellationToken,
    ) -> Result<(), ReporterError> {
        let now = shop.clock.now();
        let next = self.book.next_after(now).min(self.comparison.due_at(now));
        let mut telling = tokio::time::interval(TELL_EVERY);
        loop {
            tokio::select! {
                batch = feed.next_batch(self.position, 1, shutdown) => {
                    batch?;
                    return Ok(());
                }
                () = shop.clock.sleep_until(next) => return Ok(()),
                _ = telling.tick() => self.tell(shop.clock.now()),
            }
        }
    }

    /// How long ago headquarters last took a report; before the first, how long this process has been waiting for that.
    fn tell(&self, now: DateTime<Utc>) {
        let since = self.book.delivered_at().unwrap_or(self.began_at);
        let age = (now - since).to_std().unwrap_or_default();
        gauge!(CHAIN_REPORT_AGE_SECONDS).set(age.as_secs_f64());
    }
}

fn decode(recorded: &RecordedEvent) -> Result<Event, ReporterError> {
    Event::decode(recorded).map_err(|source| ReporterError::Decode {
        position: recorded.position,
        source,
    })
}

async fn prepare(
    shop: &Shop,
    (day, currency): DayKey,
    figures: events::branch::DayFigures,
    at: DateTime<Utc>,
) -> Result<(), ExecuteError> {
    let context = CommandContext::new(Actor::System, at, Uuid::now_v7());
    let prepare = |work: &mut domain::UnitOfWork| {
        let figures = figures.clone();
        let command = OutgoingReportCommand::Prepare { day, figures, at };
        work.handle::<OutgoingReport>(outgoing_report::key(day, currency), command)
    };
    shop.executor.execute(&context, prepare).await?;
    tracing::info!(%day, %currency, revenue = %figures.revenue, loss = %figures.loss, "a day is reported to headquarters");
    Ok(())
}
