//! Branches and their daily reports, as pure functions over stories.

use projectors::branches::Branches;
use projectors::daily_reports::DailyReports;
use read_models::daily_reports::DailyReport;

use crate::story::*;

#[test]
fn a_branch_knows_whether_it_has_a_token_and_when_it_last_reported() {
    let (mut rows, _) = told::<Branches>(&[
        branch_registered(1, 4),
        reported(1, 1, 500),
        reported(1, 2, 600),
        token_revoked(1),
    ]);
    let row = rows.remove(&branch(1)).unwrap();
    assert!(!row.has_token);
    assert_eq!(row.profile.name, "Branch 4");
    assert_eq!(row.last_report.unwrap().received_at, at(600));
}

#[test]
fn a_day_is_what_its_last_revision_says() {
    // 501 and 600 are of one day, 500 of another.
    let story = [
        reported(1, 1, 501),
        reported(1, 2, 600),
        reported(1, 1, 500),
        reported(2, 1, 600),
    ];
    let (rows, _) = told::<DailyReports>(&story);
    let mut found: Vec<_> = rows
        .values()
        .map(|row: &DailyReport| (row.key.branch_id, row.revision, row.revenue_minor, row.loss_minor))
        .collect();
    found.sort_unstable();
    let expected = [
        (branch(1), 1, 500, 250),
        (branch(1), 2, 600, 300),
        (branch(2), 1, 600, 300),
    ];
    assert_eq!(found, expected);
}
