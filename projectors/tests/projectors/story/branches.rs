//! Branches of a chain and what they report.

use events::Event;
use events::branch::{
    BranchProfile, BranchRegistered, BranchTokenRevoked, CategoryFigures, DailyReportReceived, DayFigures,
    ReportCause,
};
use events::ids::BranchId;
use uuid::Uuid;

use super::{at, gbp};

pub fn branch(n: u128) -> BranchId {
    BranchId(Uuid::from_u128(n))
}

pub fn branch_registered(n: u128, amount: u32) -> Event {
    let registered = BranchRegistered {
        branch_id: branch(n),
        profile: BranchProfile {
            name: format!("Branch {amount}"),
            region: format!("Region {}", amount % 2),
            ..BranchProfile::default()
        },
        token_hash: "hash".to_owned(),
        registered_at: at(i64::from(amount)),
    };
    Event::Branch(registered.into())
}

pub fn token_revoked(n: u128) -> Event {
    let revoked = BranchTokenRevoked {
        branch_id: branch(n),
        revoked_at: at(1),
    };
    Event::Branch(revoked.into())
}

/// Of one of a few days.
pub fn reported(n: u128, revision: u64, minor: i64) -> Event {
    let received = DailyReportReceived {
        branch_id: branch(n),
        day: at(minor % 3 * 86_400).date_naive(),
        revision,
        figures: DayFigures {
            revenue: gbp(minor),
            loss: gbp(minor / 2),
            orders: 1,
            units: revision,
            // Of some only in all.
            categories: ["kitchen"]
                .into_iter()
                .filter(|_| minor % 2 == 0)
                .map(|slug| CategoryFigures {
                    slug: slug.to_owned(),
                    revenue: gbp(minor),
                    loss: gbp(minor / 2),
                    units: revision,
                })
                .collect(),
        },
        replaces: None,
        cause: ReportCause::Sales,
        received_at: at(minor),
    };
    Event::DailyReport(received.into())
}
