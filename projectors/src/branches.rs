//! Branches, from their own events and from the reports that they send.

use events::Event;
use events::branch::{BranchEvent, DailyReportEvent};
use events::ids::BranchId;
use read_models::branches::{Branch, LastReport};
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct Branches;

impl Projection for Branches {
    const VIEW: ViewName = ViewName::Branches;
    type Row = Branch;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<BranchId> {
        match event {
            Event::Branch(event) => vec![event.branch_id()],
            Event::DailyReport(DailyReportEvent::DailyReportReceived(event)) => vec![event.branch_id],
            _ => Vec::new(),
        }
    }

    fn apply(id: &BranchId, row: Option<Branch>, fact: &Fact, _: &mut Vec<NoEntries>) -> Option<Branch> {
        let mut branch = row.unwrap_or_else(|| Branch::unknown(*id));
        match &fact.event {
            Event::Branch(event) => {
                change(&mut branch, event);
                branch.version = fact.version;
            }
            Event::DailyReport(DailyReportEvent::DailyReportReceived(event)) => {
                branch.last_report = Some(LastReport {
                    day: event.day,
                    received_at: event.received_at,
                });
            }
            _ => {}
        }
        branch.position = fact.position;
        Some(branch)
    }
}

fn change(branch: &mut Branch, event: &BranchEvent) {
    match event {
        BranchEvent::BranchRegistered(e) => {
            branch.profile = e.profile.clone();
            branch.has_token = true;
            branch.registered_at = e.registered_at;
        }
        BranchEvent::BranchEdited(e) => branch.profile = e.profile.clone(),
        BranchEvent::BranchTokenRotated(_) => branch.has_token = true,
        BranchEvent::BranchTokenRevoked(_) => branch.has_token = false,
    }
}
