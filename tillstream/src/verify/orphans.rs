//! Orphans: each is found once and concluded at most once, given back whole or acknowledged.

use std::collections::HashMap;

use events::Event;
use events::envelope::RecordedEvent;
use events::ids::OrphanId;
use events::money::Money;
use events::orphan::OrphanEvent;

use super::{Broken, Rule};

/// What is known of one.
struct Known {
    amount: Money,
    is_concluded: bool,
}

#[derive(Default)]
pub struct ConcludedOnce(HashMap<OrphanId, Known>);

impl Rule for ConcludedOnce {
    fn name(&self) -> &'static str {
        "an orphan is given back once and whole, or acknowledged"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        let Event::Orphan(event) = event else { return };
        let (position, id) = (recorded.position, event.orphan_id());
        let given_back = match event {
            OrphanEvent::OrphanFound(found) => {
                let known = Known {
                    amount: found.amount,
                    is_concluded: false,
                };
                if self.0.insert(id, known).is_some() {
                    broken.add(position, format_args!("orphan {id} is found again"));
                }
                return;
            }
            OrphanEvent::OrphanRefundRequested(_) | OrphanEvent::OrphanRefundFailed(_) => return,
            OrphanEvent::OrphanRefunded(refunded) => Some(refunded.amount),
            OrphanEvent::OrphanAcknowledged(_) => None,
        };
        let Some(known) = self.0.get_mut(&id) else {
            broken.add(position, format_args!("orphan {id} was never found"));
            return;
        };
        if std::mem::replace(&mut known.is_concluded, true) {
            broken.add(position, format_args!("orphan {id} is concluded again"));
        }
        if let Some(amount) = given_back.filter(|amount| *amount != known.amount) {
            broken.add(
                position,
                format_args!("{amount} of the {} of orphan {id} are given back", known.amount),
            );
        }
    }
}
