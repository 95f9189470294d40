//! The chain as headquarters' staff see it: branches, what they report, what they owe, and who called.

use chrono::{DateTime, Days, NaiveDate, Utc};
use events::Event;
use events::branch::{
    BranchEvent, BranchProfile, BranchRegistered, BranchTokenRevoked, CategoryFigures, DailyReportReceived,
    DayFigures, ReportCause,
};
use events::ids::BranchId;
use platform::call_log::{Call, CallLog, Direction};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, admin, customer, staff};
use crate::story::*;

on_each_database! {
    reports_are_summed_by_day_branch_and_region_by_their_last_revision,
    a_day_that_was_not_reported_is_missing_and_not_zero,
    a_branch_tells_when_it_was_last_heard_of,
    sums_by_category_come_to_the_total_by_the_last_revision,
    a_branch_whose_calls_fail_is_seen,
    a_report_is_of_its_currency_and_of_a_year_at_most,
    calls_are_for_admins_and_come_page_by_page,
}

pub fn branch(n: u128) -> BranchId {
    BranchId(Uuid::from_u128(n))
}

/// So many days ago.
fn day(ago: u64) -> NaiveDate {
    Utc::now().date_naive() - Days::new(ago)
}

fn registered_on(n: u128, region: &str, day: NaiveDate) -> Event {
    let registered = BranchRegistered {
        branch_id: branch(n),
        profile: BranchProfile {
            name: format!("Branch {n}"),
            location: "1 High Street".to_owned(),
            region: region.to_owned(),
            url: "https://branch.example".to_owned(),
            time_zone: "UTC".to_owned(),
        },
        token_hash: "hash".to_owned(),
        registered_at: day.and_time(chrono::NaiveTime::MIN).and_utc(),
    };
    Event::Branch(registered.into())
}

fn report(n: u128, day: NaiveDate, revision: u64, revenue: i64, loss: i64) -> Event {
    let received = DailyReportReceived {
        branch_id: branch(n),
        day,
        revision,
        figures: DayFigures {
            revenue: gbp(revenue),
            loss: gbp(loss),
            orders: 2,
            units: 3,
            categories: vec![],
        },
        replaces: None,
        cause: ReportCause::Sales,
        received_at: at(1),
    };
    Event::DailyReport(received.into())
}

/// Of every document of the chain, something.
pub fn a_branch_and_its_report() -> Vec<Event> {
    vec![registered_on(1, "North", day(6)), report(1, day(5), 1, 100, 10)]
}

/// Branches 1 and 2 are in the north, 3 in the south, all for six days; on two days they report, the first twice.
async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    let story = [
        registered_on(1, "North", day(6)),
        registered_on(2, "North", day(6)),
        registered_on(3, "South", day(6)),
        report(1, day(5), 1, 999, 0),
        report(1, day(5), 2, 100, 10),
        report(2, day(5), 1, 20, 0),
        report(3, day(5), 1, 3, 1),
        report(1, day(4), 1, 400, 0),
    ];
    shop.tell(story).await;
    shop
}

fn path(group_by: &str) -> String {
    let (from, to) = (day(6), day(0));
    format!("/api/reports/daily-revenue?from={from}&to={to}&group_by={group_by}")
}

async fn get(shop: &Shop, path: String) -> Value {
    shop.get(path).by(&staff()).await.ok().body
}

fn sums(report: &Value) -> Vec<(String, &str, &str, i64)> {
    let items = report["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let amount = |member: &str| item[member]["amount"].as_str().unwrap();
            let key = item["key"].as_str().unwrap().to_owned();
            (
                key,
                amount("revenue"),
                amount("net"),
                item["reports"].as_i64().unwrap(),
            )
        })
        .collect()
}

async fn reports_are_summed_by_day_branch_and_region_by_their_last_revision(database: Database) {
    let shop = shop(database).await;
    let by_day = get(&shop, path("day")).await;
    let expected = [
        (day(5).to_string(), "1.23", "1.12", 3),
        (day(4).to_string(), "4.00", "4.00", 1),
    ];
    assert_eq!(sums(&by_day), expected);
    assert_eq!(
        by_day["total"]["revenue"],
        json!({"amount": "5.23", "currency": "GBP"})
    );
    assert_eq!(by_day["total"]["loss"]["amount"], "0.11");
    assert_eq!(
        (&by_day["total"]["orders"], &by_day["total"]["units"]),
        (&json!(8), &json!(12))
    );
    let by_branch = get(&shop, path("branch")).await;
    let expected = [
        (branch(1).to_string(), "5.00", "4.90", 2),
        (branch(2).to_string(), "0.20", "0.20", 1),
        (branch(3).to_string(), "0.03", "0.02", 1),
    ];
    assert_eq!(sums(&by_branch), expected);
    assert_eq!(by_branch["items"][0]["name"], "Branch 1");
    let by_region = get(&shop, path("region")).await;
    let expected = [
        ("North".to_owned(), "5.20", "5.10", 3),
        ("South".to_owned(), "0.03", "0.02", 1),
    ];
    assert_eq!(sums(&by_region), expected);
    let csv = shop
        .get(format!("{}&format=csv", path("region")))
        .by(&staff())
        .await;
    assert_eq!(csv.text.lines().nth(1), Some("North,,3,5.20,0.10,5.10,6,9,GBP"));
}

/// The report with these categories, each with its revenue and loss in pence; a unit in each.
fn by_category(n: u128, day: NaiveDate, revision: u64, told: &[(&str, i64, i64)]) -> Event {
    let sum = |of: fn(&(&str, i64, i64)) -> i64| told.iter().map(of).sum::<i64>();
    let (revenue, loss) = (sum(|one| one.1), sum(|one| one.2));
    let Event::DailyReport(events::branch::DailyReportEvent::DailyReportReceived(mut received)) =
        report(n, day, revision, revenue, loss)
    else {
        unreachable!("it is a report")
    };
    received.figures.units = told.len().try_into().unwrap();
    let part = |(slug, revenue, loss): &(&str, i64, i64)| CategoryFigures {
        slug: (*slug).to_owned(),
        revenue: gbp(*revenue),
        loss: gbp(*loss),
        units: 1,
    };
    received.figures.categories = told.iter().map(part).collect();
    Event::DailyReport(received.into())
}

async fn sums_by_category_come_to_the_total_by_the_last_revision(database: Database) {
    let shop = shop(database).await;
    let story = [
        by_category(2, day(4), 1, &[("garden", 70, 0), ("kitchen", 900, 0)]),
        // Corrected: there is no garden in it any more.
        by_category(2, day(4), 2, &[("", 5, 0), ("kitchen", 200, 30)]),
        by_category(3, day(4), 1, &[("garden", 40, 0), ("kitchen", 10, 0)]),
    ];
    shop.tell(story).await;
    let found = get(&shop, path("category")).await;
    // What branches don't tell by category belongs to none.
    let expected = [
        (String::new(), "5.28", "5.17", 5),
        ("garden".to_owned(), "0.40", "0.40", 1),
        ("kitchen".to_owned(), "2.10", "1.80", 2),
    ];
    assert_eq!(sums(&found), expected);
    assert_eq!(found["total"]["revenue"]["amount"], "7.78");
    assert_eq!(found["total"]["net"]["amount"], "7.37");
    assert_eq!(found["items"][2]["orders"], Value::Null);
    let csv = shop
        .get(format!("{}&format=csv", path("category")))
        .by(&staff())
        .await;
    assert_eq!(csv.text.lines().nth(3), Some("kitchen,,2,2.10,0.30,1.80,,2,GBP"));
}

async fn a_branch_whose_calls_fail_is_seen(database: Database) {
    let shop = shop(database).await;
    let folder = tempfile::tempdir().unwrap();
    let calls = CallLog::open_sqlite(&folder.path().join("calls.db"))
        .await
        .unwrap();
    let refused = |second, error: &str| Call {
        error: Some(error.to_owned()),
        ..call(second, Direction::Incoming, Some(401))
    };
    calls.record(&refused(1, "token_missing")).await;
    calls.record(&call(2, Direction::Incoming, Some(200))).await;
    let (routes, _) = query_api::router(shop.deps.clone().with_calls(calls.clone()));
    let shop = shop.behind(routes);
    let one = get(&shop, format!("/api/branches/{}", branch(1))).await;
    // All is well since.
    assert_eq!(one["failing_calls"], json!({"count": 0, "last": null}));
    calls.record(&refused(3, "token_invalid")).await;
    calls
        .record(&refused(4, "day_in_future (day: day_in_future)"))
        .await;
    let one = get(&shop, format!("/api/branches/{}", branch(1))).await;
    assert_eq!(one["failing_calls"]["count"], 2);
    assert_eq!(one["failing_calls"]["last"]["status"], 401);
    assert_eq!(
        one["failing_calls"]["last"]["error"],
        "day_in_future (day: day_in_future)"
    );
    assert_eq!(one["last_reported_day"], day(4).to_string());
    let other = get(&shop, format!("/api/branches/{}", branch(2))).await;
    assert_eq!(other["failing_calls"]["count"], 0);
}

async fn a_day_that_was_not_reported_is_missing_and_not_zero(database: Database) {
    let shop = shop(database).await;
    let report = get(&shop, path("day")).await;
    let missing = report["missing"].as_array().unwrap();
    assert_eq!(report["missing_count"], missing.len());
    let is_missing = |n: u128, day: NaiveDate| {
        let owed = json!({"branch_id": branch(n), "day": day});
        missing.contains(&owed)
    };
    // From the day of its registration on; the newest days aren't over everywhere yet.
    assert!(is_missing(1, day(6)) && is_missing(1, day(3)));
    assert!(!is_missing(1, day(5)) && !is_missing(1, day(4)) && !is_missing(1, day(0)));
    assert!(is_missing(2, day(4)) && !is_missing(2, day(5)));
    assert!(!is_missing(1, day(7)));
}

async fn a_branch_tells_when_it_was_last_heard_of(database: Database) {
    let shop = shop(database).await;
    let one = get(&shop, format!("/api/branches/{}", branch(1))).await;
    assert_eq!(one["last_report"]["day"], day(4).to_string());
    assert_eq!(one["has_token"], true);
    let late = one["late_days"].as_array().unwrap();
    assert!(late.contains(&json!(day(6))) && !late.contains(&json!(day(5))));
    assert!(
        !one.to_string().contains("hash"),
        "nobody sees what is kept of a token"
    );
    let revoked = BranchTokenRevoked {
        branch_id: branch(1),
        revoked_at: at(2),
    };
    shop.tell([Event::Branch(BranchEvent::from(revoked))]).await;
    let all = shop.get("/api/branches?limit=2").by(&staff()).await.ok();
    assert_eq!(all.each("name"), ["Branch 3", "Branch 2"]);
    let cursor = all.body["next_cursor"].as_str().unwrap();
    let rest = shop.get(format!("/api/branches?limit=2&cursor={cursor}"));
    let rest = rest.by(&staff()).await.ok();
    assert_eq!(rest.items()[0]["has_token"], false);
    let never = shop
        .get(format!("/api/branches/{}", branch(9)))
        .by(&staff())
        .await;
    never.refused(404, "not_found");
    shop.get("/api/branches")
        .by(&customer(1))
        .await
        .refused(403, "role_required");
}

async fn a_report_is_of_its_currency_and_of_a_year_at_most(database: Database) {
    let shop = shop(database).await;
    let euros = get(&shop, format!("{}&currency=EUR", path("day"))).await;
    assert_eq!((sums(&euros), &euros["total"]["reports"]), (vec![], &json!(0)));
    for span in ["from=2024-01-01&to=2025-01-01", "from=2024-01-02&to=2024-01-01"] {
        let answer = shop.get(format!("/api/reports/daily-revenue?{span}"));
        let answer = answer.by(&staff()).await.refused(400, "invalid_parameter");
        assert_eq!(answer.body["errors"][0]["field"], "to");
    }
    get(
        &shop,
        "/api/reports/daily-revenue?from=2024-01-01&to=2024-12-31".to_owned(),
    )
    .await;
    let answer = shop.get(path("day")).by(&customer(1)).await;
    answer.refused(403, "role_required");
}

fn call(second: i64, direction: Direction, status: Option<u16>) -> Call {
    Call {
        at: DateTime::from_timestamp(1_300_000_000 + second, 0).unwrap(),
        direction,
        peer: Some(branch(1).to_string()),
        method: "POST".to_owned(),
        path: "/api/x".to_owned(),
        status,
        duration_ms: 7,
        error: status.is_none().then(|| "the line broke".to_owned()),
    }
}

async fn calls_are_for_admins_and_come_page_by_page(database: Database) {
    let shop = shop(database).await;
    let folder = tempfile::tempdir().unwrap();
    let calls = CallLog::open_sqlite(&folder.path().join("calls.db"))
        .await
        .unwrap();
    calls.record(&call(1, Direction::Incoming, Some(200))).await;
    calls.record(&call(2, Direction::Incoming, Some(401))).await;
    calls.record(&call(3, Direction::Outgoing, None)).await;
    let (routes, _) = query_api::router(shop.deps.clone().with_calls(calls));
    let shop = shop.behind(routes);
    let first = shop.get("/api/chain/calls?limit=2").by(&admin()).await.ok();
    assert_eq!(first.each("direction"), ["outgoing", "incoming"]);
    assert_eq!(first.items()[0]["error"], "the line broke");
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = shop.get(format!("/api/chain/calls?limit=2&cursor={cursor}"));
    assert_eq!(rest.by(&admin()).await.ok().items()[0]["status"], 200);
    let filtered = format!("/api/chain/calls?direction=incoming&branch={}", branch(1));
    assert_eq!(shop.get(filtered).by(&admin()).await.ok().items().len(), 2);
    let none = format!("/api/chain/calls?branch={}", branch(2));
    assert_eq!(shop.get(none).by(&admin()).await.ok().items().len(), 0);
    shop.get("/api/chain/calls")
        .by(&staff())
        .await
        .refused(403, "role_required");
    // The last that was let in, and not the one that was refused.
    let one = get(&shop, format!("/api/branches/{}", branch(1))).await;
    assert_eq!(
        one["last_contact_at"],
        json!(call(1, Direction::Incoming, None).at)
    );
}
