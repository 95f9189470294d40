//! What the projector has told and Redis hasn't got yet. The projector never waits here: if Redis can't follow, the
//! changes of a product replace each other, and if even that is too much, everything is given up and read from SQL again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use events::envelope::Position;
use events::ids::ProductId;
use tokio::sync::Notify;

use crate::cache::{Basis, Document};

/// Bytes of documents that wait: some 8,000 changed products, which Redis takes in one script within some 20
/// milliseconds. Beyond, filling anew is the better way.
const WAITING_BYTES: usize = 8 * 1024 * 1024;
/// What a waiting document costs beside its body.
const ENTRY_OVERHEAD: usize = 128;

/// See the module.
pub struct News {
    told: Mutex<Told>,
    /// There is something to take.
    arrived: Notify,
}

struct Told {
    /// How far the projector has told.
    basis: Basis,
    /// What has been told is no longer known in full.
    broken: bool,
    waiting: Changes,
}

/// The products that have changed, in what they are now; `None` for one that isn't to be seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub documents: HashMap<ProductId, Option<Document>>,
    /// Everything up to here is among them.
    pub position: Position,
}

/// Not everything that has changed is known: only SQL knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not every change was kept")]
pub struct Broken;

impl News {
    pub fn from(basis: Basis) -> Self {
        let waiting = Changes {
            documents: HashMap::new(),
            position: basis.position,
        };
        Self {
            told: Mutex::new(Told {
                basis,
                broken: false,
                waiting,
            }),
            arrived: Notify::new(),
        }
    }

    /// The projector begins again. If that isn't where it was, changes are missing.
    pub fn begin(&self, basis: Basis) {
        let mut told = self.told();
        if told.basis != basis {
            told.basis = basis;
            told.give_up();
            self.arrived.notify_one();
        }
    }

    /// The projector has gone on to `position`, and these have changed.
    pub fn tell(
        &self,
        position: Position,
        documents: impl IntoIterator<Item = (ProductId, Option<Document>)>,
    ) {
        let mut told = self.told();
        told.basis.position = position;
        if !told.broken {
            told.waiting.position = position;
            told.waiting.documents.extend(documents);
            if told.waiting.bytes() > WAITING_BYTES {
                told.give_up();
            }
        }
        self.arrived.notify_one();
    }

    /// Where the projector stands.
    pub fn basis(&self) -> Basis {
        self.told().basis
    }

    /// Begins anew: what was told so far will be read from SQL. Returns from where on changes are kept.
    pub fn restart(&self) -> Basis {
        let mut told = self.told();
        told.broken = false;
        told.waiting = Changes {
            documents: HashMap::new(),
            position: told.basis.position,
        };
        told.basis
    }

    /// Everything that waits; it may be no product, but a position.
    pub fn take(&self) -> Result<Changes, Broken> {
        let mut told = self.told();
        if told.broken {
            return Err(Broken);
        }
        let position = told.waiting.position;
        let documents = std::mem::take(&mut told.waiting.documents);
        Ok(Changes { documents, position })
    }

    /// What was taken hasn't got there. What was told since goes before it.
    pub fn put_back(&self, taken: Changes) {
        let mut told = self.told();
        if told.broken {
            return;
        }
        let newer = std::mem::replace(&mut told.waiting.documents, taken.documents);
        told.waiting.documents.extend(newer);
    }

    /// Waits for something to take, at most so long.
    pub async fn wait(&self, at_most: Duration) {
        // Nothing in that time is as good as something: the caller looks.
        let _ = tokio::time::timeout(at_most, self.arrived.notified()).await;
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        // A panic in between can at worst have left out changes of one batch, and would have stopped the projector.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    fn give_up(&mut self) {
        self.broken = true;
        self.waiting.documents = HashMap::new();
    }
}

impl Changes {
    fn bytes(&self) -> usize {
        let documents = self.documents.values();
        let weights = documents.map(|document| {
            let body = document.as_ref().map_or(0, |document| document.body.len());
            body + ENTRY_OVERHEAD
        });
        weights.sum()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn document(size: usize) -> Document {
        Document {
            body: Bytes::from(vec![b'x'; size]),
            etag: "\"1\"".into(),
        }
    }

    fn news() -> News {
        News::from(Basis {
            generation: 1,
            position: 5,
        })
    }

    #[test]
    fn what_was_told_last_of_a_product_is_what_is_taken() {
        let (news, id, other) = (news(), ProductId::generate(), ProductId::generate());
        news.tell(6, [(id, Some(document(1))), (other, Some(document(1)))]);
        let taken = news.take().unwrap();
        news.tell(7, [(id, Some(document(2)))]);
        news.put_back(taken);
        news.tell(8, [(other, None)]);
        let taken = news.take().unwrap();
        assert_eq!(taken.position, 8);
        assert_eq!(
            taken.documents,
            HashMap::from([(id, Some(document(2))), (other, None)])
        );
        assert_eq!(news.take().unwrap().documents, HashMap::new());
    }

    #[test]
    fn a_projector_that_begins_elsewhere_has_missed_something() {
        let news = news();
        news.tell(6, []);
        news.begin(Basis {
            generation: 1,
            position: 6,
        });
        assert_eq!(news.take().unwrap().position, 6);
        news.begin(Basis {
            generation: 1,
            position: 8,
        });
        assert_eq!(news.take(), Err(Broken));
        assert_eq!(news.restart().position, 8);
        assert_eq!(news.take().unwrap().position, 8);
        news.begin(Basis {
            generation: 2,
            position: 8,
        });
        assert_eq!(news.take(), Err(Broken));
    }

    #[test]
    fn more_than_can_wait_is_given_up_until_it_begins_anew() {
        let news = news();
        news.tell(6, [(ProductId::generate(), Some(document(WAITING_BYTES)))]);
        news.tell(7, [(ProductId::generate(), Some(document(1)))]);
        assert_eq!(news.take(), Err(Broken));
        assert_eq!(news.basis().position, 7);
        news.restart();
        news.tell(8, [(ProductId::generate(), Some(document(1)))]);
        assert_eq!(news.take().unwrap().documents.len(), 1);
    }
}
