//! Parts of a decision that are decided on their own: one row of an upload that is refused keeps none of the others from
//! coming in with the same append, and leaves nothing half done.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use events::envelope::StreamId;

use crate::refusal::DomainError;
use crate::unit_of_work::{Decision, Halt, Known, Snapshot, Touched, UnitOfWork};

/// A part that was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T> {
    pub value: T,
    /// Whether any event came of it.
    pub is_change: bool,
}

/// The aggregates as the parts before have left them.
struct Pending<'p> {
    known: &'p dyn Known,
    touched: &'p BTreeMap<StreamId, Touched>,
}

impl Known for Pending<'_> {
    fn snapshot(&self, stream: &StreamId) -> Option<Snapshot> {
        let Some(Touched { state, version, .. }) = self.touched.get(stream) else {
            return self.known.snapshot(stream);
        };
        let (state, version) = (state.clone(), *version);
        Some(Snapshot { state, version })
    }
}

/// Whether what comes of a part is to happen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Yes,
    No,
}

impl UnitOfWork<'_> {
    /// Decides a part on its own. If it is refused, nothing of it happens; that it was looked at counts all the same, so
    /// that a refusal, too, is only as good as the state that it was decided on.
    pub fn attempt<T>(
        &mut self,
        decide: impl FnOnce(&mut UnitOfWork) -> Decision<T>,
    ) -> Decision<Result<Part<T>, DomainError>> {
        self.part(Keep::Yes, decide)
    }

    /// Decides a part to see what would come of it; nothing does.
    pub fn rehearse<T>(
        &mut self,
        decide: impl FnOnce(&mut UnitOfWork) -> Decision<T>,
    ) -> Decision<Result<Part<T>, DomainError>> {
        self.part(Keep::No, decide)
    }

    fn part<T>(
        &mut self,
        keep: Keep,
        decide: impl FnOnce(&mut UnitOfWork) -> Decision<T>,
    ) -> Decision<Result<Part<T>, DomainError>> {
        let pending = Pending {
            known: self.known,
            touched: &self.touched,
        };
        let mut part = UnitOfWork::new(&pending);
        let decision = decide(&mut part);
        let UnitOfWork {
            touched,
            missing,
            claims,
            releases,
            ..
        } = part;
        self.missing.extend(missing);
        let is_change = touched.values().any(|touched| !touched.events.is_empty());
        let kept = keep == Keep::Yes && decision.is_ok();
        for (stream, touched) in touched {
            self.take_in(stream, touched, kept);
        }
        if kept {
            for (scope, value, owner) in releases {
                self.release(scope, value, owner);
            }
            self.claims.extend(claims);
        }
        match decision {
            Ok(value) => Ok(Ok(Part { value, is_change })),
            Err(Halt::Refused(error)) => Ok(Err(error)),
            Err(Halt::NotLoaded) => Err(Halt::NotLoaded),
        }
    }

    fn take_in(&mut self, stream: StreamId, part: Touched, kept: bool) {
        match self.touched.entry(stream) {
            Entry::Occupied(mut before) if kept => {
                let before = before.get_mut();
                before.state = part.state;
                before.events.extend(part.events);
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(place) if kept || part.events.is_empty() => {
                place.insert(part);
            }
            Entry::Vacant(place) => {
                // As it was before the part; what was touched is known, or the part couldn't have touched it.
                if let Some(Snapshot { state, version }) = self.known.snapshot(place.key()) {
                    let events = vec![];
                    place.insert(Touched {
                        state,
                        version,
                        events,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use events::ids::{AccountId, ProductId};
    use events::wishlist::WishlistItemAdded;
    use uuid::Uuid;

    use super::*;
    use crate::given::at;
    use crate::product::ProductError;
    use crate::unit_of_work::Decided;
    use crate::wishlist::{Wishlist, WishlistCommand};

    const OWNER: AccountId = AccountId(Uuid::from_u128(1));
    const OTHER: AccountId = AccountId(Uuid::from_u128(2));

    /// Empty wishlists of both.
    struct Empty(HashMap<StreamId, Snapshot>);

    fn empty() -> Empty {
        let snapshot = Snapshot {
            state: Arc::new(Wishlist::default()),
            version: 0,
        };
        let stream = |account| StreamId::new("wishlist", account);
        Empty(
            [OWNER, OTHER]
                .map(|account| (stream(account), snapshot.clone()))
                .into(),
        )
    }

    impl Known for Empty {
        fn snapshot(&self, stream: &StreamId) -> Option<Snapshot> {
            self.0.get(stream).cloned()
        }
    }

    fn add(work: &mut UnitOfWork, account_id: AccountId, n: u128) -> Decision<()> {
        let added = WishlistItemAdded {
            account_id,
            product_id: ProductId(Uuid::from_u128(n)),
            added_at: at(0),
        };
        work.claim("wish", n.to_string(), account_id);
        work.handle::<Wishlist>(account_id, WishlistCommand::Add(added))
    }

    fn told(decided: &Decided) -> (Vec<usize>, usize, usize) {
        let events = decided.written.iter().map(|written| written.events.len());
        (events.collect(), decided.read.len(), decided.claims.len())
    }

    #[test]
    fn parts_see_each_other_and_a_refused_one_leaves_nothing() {
        let known = empty();
        let mut work = UnitOfWork::new(&known);
        let first = work.attempt(|part| add(part, OWNER, 1)).unwrap().unwrap();
        assert!(first.is_change);
        let again = work.attempt(|part| add(part, OWNER, 1)).unwrap().unwrap();
        assert!(!again.is_change, "the part before has added it");
        let refused = work.attempt(|part| {
            add(part, OWNER, 2)?;
            add(part, OTHER, 2)?;
            Decision::<()>::Err(ProductError::NotFound.into())
        });
        assert_eq!(refused, Ok(Err(ProductError::NotFound.into())));
        assert_eq!(work.read::<Wishlist>(OWNER).unwrap().products().len(), 1);
        // Two claims of the same value by the same owner are one claim to the log; the other wishlist was looked at.
        assert_eq!(told(&work.into_decided()), (vec![1], 1, 2));
    }

    #[test]
    fn a_rehearsal_tells_what_would_happen_and_nothing_does() {
        let known = empty();
        let mut work = UnitOfWork::new(&known);
        let part = work.rehearse(|part| add(part, OWNER, 1)).unwrap().unwrap();
        assert!(part.is_change);
        assert!(work.read::<Wishlist>(OWNER).unwrap().products().is_empty());
        assert_eq!(told(&work.into_decided()), (vec![], 1, 0));
    }

    #[test]
    fn what_a_part_misses_is_missing() {
        let known = Empty(HashMap::new());
        let mut work = UnitOfWork::new(&known);
        assert_eq!(work.attempt(|part| add(part, OWNER, 1)), Err(Halt::NotLoaded));
        assert_eq!(work.into_missing().len(), 1);
    }
}
