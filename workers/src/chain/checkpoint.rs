//! Where the day book stood when it was last kept, so that a start reads what has happened since and not the whole log.
//!
//! It lies in the workers' database. A log that was restored has other events at its end: the event that stood at the place
//! must still stand there, or the book begins anew.

use events::envelope::Position;
use events::ids::EventId;
use platform::event_log::{EventLog, ReadError};

use super::ChainSettings;
use super::calendar::Calendar;
use super::day_book::{DayBook, KeptBook};
use crate::intents::{Intents, KeptFold};

/// The name among the kept folds.
const NAME: &str = "day_book";
/// Events read between two times that the book is kept: reading as many takes a fraction of a second at a start, and the
/// book of some years is some megabytes to write.
const KEPT_EVERY_EVENTS: Position = 10_000;

/// A place in the log and the book up to there.
#[derive(Debug)]
pub(super) struct Resumed {
    pub book: DayBook,
    pub position: Position,
}

/// When the book was kept last.
#[derive(Debug, Clone)]
pub(super) struct Checkpoint {
    intents: Intents,
    kept_at: Position,
}

impl Checkpoint {
    pub fn new(intents: Intents) -> Self {
        Self { intents, kept_at: 0 }
    }

    /// The book as it was kept, if it is of any use.
    pub async fn resume(
        &mut self,
        settings: &ChainSettings,
        calendar: Calendar,
        log: &EventLog,
    ) -> Result<Option<Resumed>, ReadError> {
        let kept = match self.intents.kept_fold(NAME).await {
            Ok(Some(kept)) => kept,
            Ok(None) => return Ok(None),
            Err(error) => {
                tracing::warn!(%error, "the kept day book can't be read; the log is read from its beginning");
                return Ok(None);
            }
        };
        let there = log.read(kept.position.saturating_sub(1), 1).await?;
        let same = |event: &events::envelope::RecordedEvent| {
            event.position == kept.position && event.meta.event_id.to_string() == kept.event_id
        };
        if !there.first().is_some_and(same) {
            tracing::warn!("the log was restored since the day book was kept; it is read from its beginning");
            return Ok(None);
        }
        let book: Option<KeptBook> = serde_json::from_str(&kept.body).ok();
        let book = book.and_then(|book| DayBook::resume(book, calendar, settings.currency));
        self.kept_at = if book.is_some() { kept.position } else { 0 };
        Ok(book.map(|book| Resumed {
            book,
            position: kept.position,
        }))
    }

    /// Keeps the book if it is worth it by now. A failure costs a longer start.
    pub async fn keep_now_and_then(&mut self, book: &DayBook, at: (Position, EventId)) {
        if at.0 >= self.kept_at + KEPT_EVERY_EVENTS {
            self.keep(book, at).await;
        }
    }

    /// Keeps the book if it has moved at all: at an end.
    pub async fn keep(&mut self, book: &DayBook, (position, event_id): (Position, EventId)) {
        if position <= self.kept_at {
            return;
        }
        // Proof: plain structs with text keys have a JSON form.
        let Ok(body) = serde_json::to_string(&book.keep()) else {
            return;
        };
        let fold = KeptFold {
            position,
            event_id: event_id.to_string(),
            body,
        };
        match self.intents.keep_fold(NAME, &fold).await {
            Ok(()) => self.kept_at = position,
            Err(error) => tracing::warn!(%error, "the day book can't be kept; the next start takes longer"),
        }
    }
}
