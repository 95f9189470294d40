//! What happens because a time has come: an order that nobody paid gives its reservations back.
//!
//! A timer is an intent that is due later, so it survives restarts. Whether anything is left to cancel is the domain's
//! to decide when the time has come.

use domain::Authority;
use domain::cancellation::{self, CancelOrder};
use events::ids::{OrderId, RefundId};
use uuid::Uuid;

use crate::effects::{Shop, Verdict};
use crate::intents::Claimed;

pub(crate) async fn expire_order(
    shop: &Shop,
    claimed: &Claimed,
    order_id: OrderId,
) -> Result<Verdict, Verdict> {
    let cancel = CancelOrder {
        order_id,
        by: Authority::System,
        // Follows from the order, so that a repeat asks for no second refund.
        refund_id: RefundId(Uuid::new_v5(&order_id.0, b"expired unpaid")),
        at: shop.clock.now(),
    };
    shop.command(claimed, |work| cancellation::cancel_order(work, &cancel))
        .await?;
    Ok(Verdict::done("the order was cancelled if it was still unpaid"))
}
