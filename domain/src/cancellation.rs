//! Cancelling an order: its reservations go back, its payment is called off or refunded, in one step.

use chrono::{DateTime, Utc};
use events::ids::{OrderId, RefundId};
use events::order::CancelReason;

use crate::authority::Authority;
use crate::marketplace;
use crate::order::{Order, OrderCommand, OrderError, Status};
use crate::payment::{Payment, PaymentCommand};
use crate::settlement;
use crate::stock::{Stock, StockCommand};
use crate::unit_of_work::{Decision, UnitOfWork};

/// A customer, staff, or the timer of unpaid orders calls an order off.
#[derive(Debug, Clone)]
pub struct CancelOrder {
    pub order_id: OrderId,
    pub by: Authority,
    pub refund_id: RefundId,
    pub at: DateTime<Utc>,
}

pub fn cancel_order(work: &mut UnitOfWork, command: &CancelOrder) -> Decision<()> {
    let CancelOrder {
        order_id,
        by,
        refund_id,
        at,
    } = *command;
    let before = work.read::<Order>(order_id)?;
    let before = before.placed()?;
    if !by.covers(before.customer) {
        return Err(OrderError::NotFound.into());
    }
    let reason = match by {
        Authority::Staff => CancelReason::Staff,
        Authority::Account(_) => CancelReason::Customer,
        Authority::System => CancelReason::Unpaid,
    };
    work.handle::<Order>(order_id, OrderCommand::Cancel { reason, at })?;
    let now = work.read::<Order>(order_id)?.placed()?.status;
    if now == before.status {
        return Ok(()); // it was cancelled already, or paid before the timer came
    }
    let quantities = before.quantities();
    work.require::<Stock>(quantities.keys())?;
    for sku in quantities.keys() {
        work.handle::<Stock>(sku, StockCommand::Release { order_id })?;
    }
    let payment_id = before.payment_id;
    if before.status == Status::AwaitingPayment {
        return work.handle::<Payment>(payment_id, PaymentCommand::Cancel);
    }
    marketplace::give_back(work, before, |_| true, at)?;
    let refundable = work.read::<Payment>(payment_id)?.requested()?.refundable();
    if refundable.is_positive() {
        settlement::request_refund(work, payment_id, refund_id, refundable, "order cancelled", at)?;
    }
    Ok(())
}
