//! What became of it all: dashboards and reports.

use serde_json::json;

use super::{Call, ONLY_OWNER};
use crate::permissions::people::{People, Who, text};
use crate::permissions::rules::{ANY_ACCOUNT, OWNER_OR_ADMIN, OWNER_OR_ANY_STAFF, STAFF};

/// A call of this route that succeeds for `who`, if they may; none if it is no route of these.
pub async fn call(name: &str, _: Who, people: &People) -> Option<Call> {
    let route = name.split_once(' ')?.1;
    Some(match name {
        "GET /api/dashboard" => Call::new(ANY_ACCOUNT, route).showing(people.owner_id.clone(), ONLY_OWNER),
        "GET /api/dashboard/purchased" => {
            let id = text(&people.paid_order().await, "order_id");
            Call::new(ANY_ACCOUNT, route).showing(id, ONLY_OWNER)
        }
        "GET /api/dashboard/unsold" => {
            let id = people.product_of_owner().await;
            Call::new(ANY_ACCOUNT, route).showing(id, ONLY_OWNER)
        }
        "GET /api/dashboard/archived" => {
            let id = people.product_of_owner().await;
            let archived = json!({"ids": [id], "action": "archive"});
            people.made(people.admin.post("/api/products/bulk", &archived).await);
            Call::new(ANY_ACCOUNT, route).showing(id, ONLY_OWNER)
        }
        "GET /api/dashboard/sold" => {
            let id = people.product_of_owner().await;
            let buy = format!("/api/products/{id}/purchase");
            people.made(people.admin.post(&buy, &json!({})).await);
            Call::new(ANY_ACCOUNT, route).showing(id, ONLY_OWNER)
        }
        "GET /api/analytics/sales-over-time"
        | "GET /api/analytics/best-sellers"
        | "GET /api/analytics/revenue"
        | "GET /api/analytics/items"
        | "GET /api/analytics/customers"
        | "GET /api/analytics/conversion" => Call::new(STAFF, route),
        "GET /api/analytics/purchases" => Call::new(ANY_ACCOUNT, route),
        "GET /api/analytics/purchases (the owner's)" => Call::new(
            OWNER_OR_ADMIN,
            format!("/api/analytics/purchases?account={}", people.owner_id),
        ),
        _ if name.starts_with("GET /api/analytics/") && name.ends_with(" (the owner's)") => {
            let path = route.trim_end_matches(" (the owner's)");
            Call::new(OWNER_OR_ANY_STAFF, format!("{path}?seller={}", people.owner_id))
        }
        _ if name.ends_with(" (the owner's)") => {
            let path = route.trim_end_matches(" (the owner's)");
            Call::new(OWNER_OR_ADMIN, format!("{path}?account={}", people.owner_id))
        }
        "GET /api/analytics/sales" => Call::new(STAFF, route),
        _ => return None,
    })
}
