//! Views that go forward together: a batch is read once, decoded once, and committed for all of them
//! in one transaction, rows and checkpoints alike.

use events::envelope::{Position, RecordedEvent};
use read_models::{Views, generation};
use sqlx::{Any, Transaction};

use crate::error::ProjectError;
use crate::projection::Fact;
use crate::writer::Writer;

/// Events in a batch. Larger ones save statements (a hot row is written once per batch), smaller ones
/// let a reader of his own write wait less and leave the database to others sooner.
pub const BATCH_EVENTS: usize = 2_000;

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It can be committed, or has been.
    All,
    /// Another projector was faster, or the generation is no longer there. Nothing is changed; what this
    /// group knows is out of date.
    Overtaken,
}

/// The writers of some views.
#[derive(Default)]
pub struct Group {
    pub writers: Vec<Box<dyn Writer>>,
}

impl Group {
    /// What all of them reflect: a batch must begin after it.
    pub fn position(&self) -> Position {
        let positions = self.writers.iter().map(|writer| writer.position());
        positions.min().unwrap_or_default()
    }

    /// Writes a batch into the transaction; those that are ahead skip what they have.
    pub async fn write(
        &mut self,
        tx: &mut Transaction<'static, Any>,
        facts: &[Fact],
    ) -> Result<Written, ProjectError> {
        let Some(last) = facts.last() else {
            return Ok(Written::All);
        };
        // First of all: who else projects waits here, and then finds that the checkpoints have moved.
        if !self.advance(tx, last.position).await? {
            return Ok(Written::Overtaken);
        }
        for writer in &mut self.writers {
            let new = facts.partition_point(|fact| fact.position <= writer.position());
            writer.write(tx, &facts[new..]).await?;
        }
        Ok(Written::All)
    }

    /// Moves the checkpoints of those that aren't ahead; `false` if one isn't where its writer left it.
    async fn advance(&self, tx: &mut Transaction<'static, Any>, to: Position) -> Result<bool, ProjectError> {
        let checkpoints = self.writers.iter().map(|writer| writer.checkpoint());
        let behind: Vec<_> = checkpoints
            .filter(|checkpoint| checkpoint.position < to)
            .collect();
        #[cfg(feature = "planted-bugs")]
        if crate::planted::leaves_out_position_check() {
            return Ok(crate::planted::advance_unchecked(tx, &behind, to).await?);
        }
        Ok(generation::advance(tx, &behind, to).await?)
    }

    /// The transaction has been committed.
    pub fn committed(&mut self) {
        for writer in &mut self.writers {
            writer.committed();
        }
    }

    /// Writes a batch in a transaction of its own, and tells the process.
    pub async fn project(&mut self, views: &Views, facts: &[Fact]) -> Result<Written, ProjectError> {
        #[cfg(feature = "planted-bugs")]
        platform::planted::lag().await;
        let mut tx = views.begin_write().await?;
        let written = self.write(&mut tx, facts).await?;
        if written == Written::Overtaken {
            tx.rollback().await?;
            return Ok(written);
        }
        tx.commit().await?;
        metrics::counter!(telemetry::names::PROJECTOR_EVENTS).increment(facts.len() as u64);
        self.tell(views, facts);
        Ok(written)
    }

    /// First the cache, then the positions: who waits for a position must not find an older answer.
    fn tell(&mut self, views: &Views, facts: &[Fact]) {
        let Some(reached) = facts.last().map(|fact| fact.position) else {
            return;
        };
        for writer in &self.writers {
            if writer.view() == read_models::ViewName::Products {
                views.cache().change(reached, writer.products());
            }
        }
        self.committed();
        views.publish(
            self.writers
                .iter()
                .map(|writer| (writer.view(), writer.position())),
        );
    }
}

/// Decodes a batch that must begin right after `after` and have no hole.
pub fn decode(after: Position, batch: &[RecordedEvent]) -> Result<Vec<Fact>, ProjectError> {
    let mut facts = Vec::with_capacity(batch.len());
    for (expected, recorded) in (after + 1..).zip(batch) {
        let found = recorded.position;
        if found != expected && !is_unchecked() {
            return Err(ProjectError::Hole { expected, found });
        }
        facts.push(Fact::decode(recorded)?);
    }
    Ok(facts)
}

/// Whether the fault harness wants to see whether it would notice.
fn is_unchecked() -> bool {
    #[cfg(feature = "planted-bugs")]
    return crate::planted::leaves_out_position_check();
    #[cfg(not(feature = "planted-bugs"))]
    false
}
