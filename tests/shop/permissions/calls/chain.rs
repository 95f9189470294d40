//! Headquarters and its branches.

use serde_json::json;

use super::Call;
use crate::permissions::people::{People, text};
use crate::permissions::rules::{ADMIN, BRANCH, BRANCHES, STAFF};

/// A call of this route that succeeds for whoever may; none if it is no route of these.
pub async fn call(name: &str, people: &People) -> Option<Call> {
    let route = name.split_once(' ')?.1;
    Some(match name {
        "GET /api/branches" | "GET /api/reports/daily-revenue" => Call::new(STAFF, route),
        "GET /api/branches/{id}" => Call::new(STAFF, format!("/api/branches/{}", people.branch_id)),
        "POST /api/branches" => Call::new(ADMIN, route).with(json!({
            "name": "Dover", "location": "1 High Street", "region": "South", "url": "https://dover.example",
        })),
        "PATCH /api/branches/{id}" => {
            let region = format!("Region {}", people.number());
            Call::new(ADMIN, format!("/api/branches/{}", people.branch_id)).with(json!({"region": region}))
        }
        "POST /api/branches/{id}/token" => {
            Call::new(ADMIN, format!("{}/token", new_branch(people).await)).with(json!({}))
        }
        "DELETE /api/branches/{id}/token" => Call::new(ADMIN, format!("{}/token", new_branch(people).await)),
        "POST /api/branches/{id}/daily-reports" => {
            let path = format!("/api/branches/{}/daily-reports", people.branch_id);
            Call::new(BRANCH, path).with(json!({
                "day": "2026-01-02", "currency": "GBP", "revision": people.number() + 1,
                "revenue": "5.00", "loss": "1.00", "orders": 1, "units": 2,
            }))
        }
        "POST /api/branches/{id}/daily-reports/compare" => {
            let path = format!("/api/branches/{}/daily-reports/compare", people.branch_id);
            Call::new(BRANCH, path).with(json!({"days": [{"day": "2026-01-02", "currency": "GBP"}]}))
        }
        "POST /api/branches/{id}/catalogue-outcomes" => {
            let path = format!("/api/branches/{}/catalogue-outcomes", people.branch_id);
            Call::new(BRANCH, path).with(json!({
                "kind": "product", "id": people.branch_id, "outcome": "refused", "code": "sku_taken", "field": "sku",
            }))
        }
        "GET /api/chain/catalogue" => Call::new(BRANCHES, route),
        "GET /api/chain/calls" => Call::new(ADMIN, route),
        // This shop has no headquarters.
        "POST /api/chain/reports" => Call::new(ADMIN, route)
            .with(json!({"day": "2026-01-02"}))
            .in_vain(409),
        _ => return None,
    })
}

/// The path of a branch that nobody else uses.
async fn new_branch(people: &People) -> String {
    let name = format!("Branch {}", people.number());
    let body = json!({"name": name, "location": "There", "region": "East", "url": "https://east.example"});
    let made = people.made(people.admin.post("/api/branches", &body).await);
    format!("/api/branches/{}", text(&made, "branch_id"))
}
