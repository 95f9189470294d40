//! Reports: their figures, their forms, their bounds, and whose they are.

mod forms;
mod people;
mod revenue;
mod sales;

use events::Event;
use events::order::{CancelReason, OrderCancelled, OrderReturned};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::database::Database;
use crate::shop::{Person, Shop};
use crate::story::*;

const DAY: i64 = 86_400;

const HOSTILE: &str = "=1+1 </text><script>alert('x')</script>";

/// Order `n` of account `customer`, whose first product is of category 2 and seller 2.
async fn ordered(shop: &Shop, n: u128, customer: u128) -> Event {
    let mut placed = placed(shop, n, customer).await;
    placed.lines[0].category = Some(category(2));
    placed.lines[0].seller = Some(account(2));
    of_order(placed)
}

/// 2011-03-13, a Sunday, is the day of `at(0)`. Two orders of 13.00 on it, one of them returned in part on the next day, when
/// a third is paid; and the second is cancelled in April.
async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    let mut mug = added(1, HOSTILE, 150);
    mug.seller = Some(account(2));
    mug.category = Some(category(2));
    let mut spanish = paid(3, 1, DAY);
    "Spain".clone_into(&mut spanish.country);
    let returned = OrderReturned {
        order_id: order(1),
        customer: Some(account(1)),
        country: "France".to_owned(),
        lines: vec![sold(1, 1, 150)],
        total: gbp(150),
        refund_id: refund(1),
        reason: "broken".to_owned(),
        returned_at: at(DAY),
    };
    let cancelled = OrderCancelled {
        order_id: order(2),
        customer: Some(account(3)),
        reason: CancelReason::Customer,
        country: "France".to_owned(),
        reversed: vec![sold(1, 2, 150), sold(2, 1, 1000)],
        reversed_total: gbp(1300),
        cancelled_at: at(20 * DAY),
    };
    let story = vec![
        of_account(registered(&shop, 2).await),
        created(2, None, "Mugs & cups"),
        of_catalogue(mug),
        received(1, 3),
        of_catalogue(added(2, "Plate", 1000)),
        in_cart(1, 1, 2),
        ordered(&shop, 1, 1).await,
        ordered(&shop, 2, 3).await,
        ordered(&shop, 3, 1).await,
        of_order(paid(1, 1, 0)),
        of_order(paid(2, 3, 10)),
        of_order(spanish),
        of_order(returned),
        of_order(cancelled),
    ];
    shop.tell(story).await;
    shop
}

async fn asked(shop: &Shop, who: &Person, query: &str) -> Answer {
    shop.get(format!("/api/analytics/{query}")).by(who).await
}

/// Orders, units, gross; reversals, returned units, refunds; net.
fn figures(sums: &Value) -> Value {
    json!([
        sums["orders"],
        sums["units"],
        sums["gross"]["amount"],
        sums["reversals"],
        sums["returned_units"],
        sums["refunds"]["amount"],
        sums["net"]["amount"],
    ])
}
