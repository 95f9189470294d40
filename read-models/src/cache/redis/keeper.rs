//! Keeps Redis true beside the projector, which never waits for it: fills it from SQL, and from then on writes what the
//! projector tells. Whenever the mark isn't the one that it left (flushed, restored, taken by another projector), it
//! fills anew.
//!
//! A projector that was overtaken in SQL can't fill: it doesn't know of the position at which SQL stands.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use events::envelope::Position;
use redis::RedisError;
use telemetry::names;

use super::mark::Mark;
use super::news::{Broken, News};
use super::source::Source;
use super::writer::Writer;
use crate::query::Snapshot;
use crate::store::StoreError;
use crate::view_name::ViewName;
use crate::views::Views;

/// How often the mark is looked at and renewed while there is no news.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// The pause after a failure, or after somebody else's mark was found: two projectors that take the cache from each
/// other do so no faster than this.
const PAUSE: Duration = Duration::from_secs(1);

/// What is written down for the next keeper of this process, which may then go on without filling: the generation of
/// the products' view, and the mark that was left.
pub type Left = Arc<Mutex<Option<(u64, Mark)>>>;

/// See the module.
pub struct Keeper {
    views: Views,
    writer: Writer,
    news: Arc<News>,
    left: Left,
    /// Whether the last thing that was logged is that Redis can't be written.
    complained: bool,
}

/// A mark that this keeper has left.
#[derive(Debug, Clone, Copy)]
struct Standing {
    mark: Mark,
    /// Where it was to be moved when the answer didn't come: either of the two stands.
    perhaps: Option<Mark>,
}

#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("Redis: {0}")]
    Redis(#[from] RedisError),
    #[error("the products can't be read: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Broken(#[from] Broken),
    /// Either the projector is about to tell of it, or another one has overtaken it.
    #[error("the views are at {found}, the projector has told of {told}")]
    NotTold { found: Position, told: Position },
    #[error("another mark has taken the place of this one")]
    Superseded,
}

impl Keeper {
    pub fn new(views: Views, writer: Writer, news: Arc<News>, left: Left) -> Self {
        Self {
            views,
            writer,
            news,
            left,
            complained: false,
        }
    }

    /// Keeps until it is aborted.
    pub async fn run(mut self) {
        // There from the start, so that the first failure is an increase.
        metrics::counter!(names::CACHE_WRITE_FAILURES).increment(0);
        let mut standing = self.resumed();
        loop {
            let step = match &mut standing {
                Some(standing) => self.follow(standing).await,
                None => self.fill().await.map(|filled| standing = Some(filled)),
            };
            match (&step, standing) {
                (Ok(()), Some(standing)) => self.leave(standing.mark),
                // Whether the mark still stands is to be seen when Redis answers again.
                (Err(KeepError::Redis(_)), _) => {}
                _ => standing = None,
            }
            match step {
                Ok(()) => self.complained = false,
                Err(error) => {
                    self.complain(&error);
                    tokio::time::sleep(error.pause()).await;
                }
            }
        }
    }

    /// What the keeper before this one has left, if it is for the same rows. It counts once Redis has confirmed it.
    fn resumed(&self) -> Option<Standing> {
        let basis = self.news.basis();
        let (generation, mark) = (*self.left()).filter(|(_, mark)| mark.position == basis.position)?;
        (generation == basis.generation).then_some(Standing {
            mark,
            perhaps: Some(mark),
        })
    }

    /// Writes what has been told, or looks whether everything still stands.
    async fn follow(&mut self, standing: &mut Standing) -> Result<(), KeepError> {
        if let Some(perhaps) = standing.perhaps {
            let found = self.writer.mark().await?;
            standing.mark = [standing.mark, perhaps]
                .into_iter()
                .find(|mark| found == Some(*mark))
                .ok_or(KeepError::Superseded)?;
            standing.perhaps = None;
        }
        self.news.wait(CHECK_EVERY).await;
        let news = self.news.take()?;
        let next = standing.mark.moved(news.position, !news.documents.is_empty());
        let documents = news.documents.iter().map(|(id, new)| (*id, new.as_ref()));
        match self.writer.write(standing.mark, next, documents).await {
            Ok(true) => standing.mark = next,
            Ok(false) => return Err(KeepError::Superseded),
            Err(error) => {
                standing.perhaps = Some(next);
                self.news.put_back(news);
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Fills Redis anew, under a new mark.
    async fn fill(&mut self) -> Result<Standing, KeepError> {
        // From here on changes are kept, so that none falls between the picture and what is told.
        let basis = self.news.restart();
        let snapshot = Snapshot::begin(&self.views).await?;
        let position = snapshot.position_of(&[ViewName::Products]);
        let mut source = Source::of(snapshot);
        let told = self.news.basis();
        let same =
            source.generation().await? == Some(basis.generation) && told.generation == basis.generation;
        if !same || position < basis.position || position > told.position {
            return Err(KeepError::NotTold {
                found: position,
                told: told.position,
            });
        }
        let filling = Mark::filling();
        self.writer.seize(filling).await?;
        let mut count = 0;
        while let Some(part) = source.next().await? {
            count += part.len();
            let documents = part.iter().map(|(id, document)| (*id, Some(document)));
            if !self.writer.write(filling, filling, documents).await? {
                return Err(KeepError::Superseded);
            }
        }
        drop(source);
        let mut news = self.news.take()?;
        if news.position <= position {
            // The picture has it all, or newer.
            news.documents.clear();
        }
        let complete = filling.complete(position.max(news.position));
        let documents = news.documents.iter().map(|(id, new)| (*id, new.as_ref()));
        if !self.writer.write(filling, complete, documents).await? {
            return Err(KeepError::Superseded);
        }
        metrics::counter!(names::CACHE_REFILLS).increment(1);
        tracing::info!(
            documents = count,
            position = complete.position,
            "filled the cache in Redis"
        );
        Ok(Standing {
            mark: complete,
            perhaps: None,
        })
    }

    fn leave(&self, mark: Mark) {
        let generation = self.news.basis().generation;
        *self.left() = Some((generation, mark));
    }

    fn left(&self) -> MutexGuard<'_, Option<(u64, Mark)>> {
        // It is only ever replaced as a whole.
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Once per trouble, not once per try.
    fn complain(&mut self, error: &KeepError) {
        if matches!(error, KeepError::NotTold { .. }) {
            tracing::debug!(error = %error, "the cache in Redis isn't filled yet");
            return;
        }
        metrics::counter!(names::CACHE_WRITE_FAILURES).increment(1);
        if !std::mem::replace(&mut self.complained, true) {
            tracing::warn!(error = %error, "the cache in Redis isn't kept; it is tried again");
        }
    }
}

impl KeepError {
    /// How long to wait before it is tried again.
    fn pause(&self) -> Duration {
        match self {
            // The projector is between its commit and telling of it, for some microseconds; or it is out of date, and
            // is told so with its next commit.
            Self::NotTold { .. } => PAUSE / 20,
            Self::Redis(_) | Self::Store(_) | Self::Broken(_) | Self::Superseded => PAUSE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{Basis, RedisSettings};
    use crate::generation::{self, Checkpoint};

    #[tokio::test]
    #[ignore = "needs servers: cargo xtask test"]
    async fn a_projector_that_was_overtaken_in_sql_does_not_take_the_cache() {
        let folder = tempfile::tempdir().unwrap();
        let views = Views::open_sqlite(&folder.path().join("views.db")).await.unwrap();
        let mut tx = views.begin_write().await.unwrap();
        let serving = generation::serving(&mut tx, ViewName::Products).await;
        let serving = serving.unwrap().unwrap();
        let known = Basis {
            generation: serving.generation,
            position: serving.position,
        };
        let stands = Checkpoint {
            view: ViewName::Products,
            generation: known.generation,
            position: known.position,
        };
        assert!(generation::advance(&mut tx, &[stands], 7).await.unwrap());
        tx.commit().await.unwrap();

        let settings = RedisSettings {
            url: test_servers::redis(),
            ca_file: None,
            key_prefix: test_servers::new_name(),
        };
        let keys = super::super::entry::Keys::new(&settings.key_prefix);
        let writer = Writer::new(settings.client().unwrap(), keys);
        let news = Arc::new(News::from(known));
        let mut keeper = Keeper::new(views, writer, Arc::clone(&news), Left::default());
        let refused = keeper.fill().await.unwrap_err();
        assert!(
            matches!(refused, KeepError::NotTold { found: 7, told: 0 }),
            "{refused}"
        );
        assert_eq!(keeper.writer.mark().await.unwrap(), None);

        news.begin(Basis { position: 7, ..known });
        let filled = keeper.fill().await.unwrap();
        assert_eq!(filled.mark.position, 7);
        assert_eq!(keeper.writer.mark().await.unwrap(), Some(filled.mark));
    }
}
