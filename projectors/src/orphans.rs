//! Orphans, from their own events.

use events::Event;
use events::ids::OrphanId;
use events::orphan::{OrphanEvent, OrphanFound};
use read_models::orphans::{Orphan, OrphanDocument, OrphanStatus};
use read_models::payments::Refusal;
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct Orphans;

impl Projection for Orphans {
    const VIEW: ViewName = ViewName::Orphans;
    type Row = Orphan;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<OrphanId> {
        match event {
            Event::Orphan(event) => vec![event.orphan_id()],
            _ => Vec::new(),
        }
    }

    fn apply(_: &OrphanId, row: Option<Orphan>, fact: &Fact, _: &mut Vec<NoEntries>) -> Option<Orphan> {
        let Event::Orphan(event) = &fact.event else {
            return row;
        };
        if let OrphanEvent::OrphanFound(e) = event {
            return Some(Orphan {
                document: found(e, fact.version),
                position: fact.position,
            });
        }
        // A stream begins with the finding; without it there is nothing to change.
        let mut orphan = row?;
        change(&mut orphan.document, event);
        orphan.document.version = fact.version;
        orphan.position = fact.position;
        Some(orphan)
    }
}

fn found(event: &OrphanFound, version: u64) -> OrphanDocument {
    OrphanDocument {
        id: event.orphan_id,
        kind: event.kind,
        reason: event.reason,
        status: OrphanStatus::Open,
        provider_reference: event.provider_reference.clone(),
        payment_id: event.payment_id,
        amount: event.amount,
        moved_at: event.moved_at,
        found_at: event.found_at,
        note: None,
        refund_reference: None,
        failure: None,
        version,
    }
}

fn change(orphan: &mut OrphanDocument, event: &OrphanEvent) {
    match event {
        OrphanEvent::OrphanFound(_) => {}
        OrphanEvent::OrphanRefundRequested(e) => {
            orphan.status = OrphanStatus::Refunding;
            orphan.note = Some(e.reason.clone());
            orphan.failure = None;
        }
        OrphanEvent::OrphanRefunded(e) => {
            orphan.status = OrphanStatus::Refunded;
            orphan.refund_reference = Some(e.provider_reference.clone());
        }
        OrphanEvent::OrphanRefundFailed(e) => {
            orphan.status = OrphanStatus::Open;
            orphan.failure = Some(Refusal {
                code: e.code.clone(),
                message: e.message.clone(),
            });
        }
        OrphanEvent::OrphanAcknowledged(e) => {
            orphan.status = OrphanStatus::Acknowledged;
            orphan.note = Some(e.reason.clone());
        }
    }
}
