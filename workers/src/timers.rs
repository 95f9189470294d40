//! What happens because a time has come: an order that nobody paid gives its reservations back, and a guest's cart that
//! nobody came back for is given up.
//!
//! A timer is an intent that is due later, so it survives restarts. Whether anything is left to cancel is the domain's
//! to decide when the time has come.

use domain::Authority;
use domain::cancellation::{self, CancelOrder};
use domain::guest_carts;
use events::ids::{GuestCartId, OrderId, RefundId};
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

pub(crate) async fn expire_guest_cart(
    shop: &Shop,
    claimed: &Claimed,
    cart_id: GuestCartId,
) -> Result<Verdict, Verdict> {
    let now = shop.clock.now();
    shop.command(claimed, |work| guest_carts::expire(work, cart_id, now))
        .await?;
    Ok(Verdict::done("the cart was given up if it was still a guest's"))
}
