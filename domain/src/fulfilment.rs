//! Use cases behind a paid order: it leaves, arrives, and perhaps comes back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::ids::{OrderId, RefundId, Sku};
use events::money::Money;

use crate::authority::Authority;
use crate::marketplace;
use crate::order::{Order, OrderCommand, OrderError, Status};
use crate::payment::Payment;
use crate::settlement;
use crate::stock::{Stock, StockCommand};
use crate::unit_of_work::{Decision, UnitOfWork};

/// Staff hand the parcel over.
#[derive(Debug, Clone)]
pub struct ShipOrder {
    pub order_id: OrderId,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub at: DateTime<Utc>,
}

pub fn ship_order(work: &mut UnitOfWork, command: &ShipOrder) -> Decision<()> {
    let ShipOrder {
        order_id,
        carrier,
        tracking_number,
        at,
    } = command.clone();
    work.handle::<Order>(
        order_id,
        OrderCommand::Ship {
            carrier,
            tracking_number,
            at,
        },
    )?;
    let order = work.read::<Order>(order_id)?;
    let order = order.placed()?;
    let mut quantities = order.quantities();
    for unique in marketplace::uniques(work, order)? {
        quantities.remove(&unique.sku); // it left the shelf with its sale
    }
    work.require::<Stock>(quantities.keys())?;
    for sku in quantities.keys() {
        work.handle::<Stock>(sku, StockCommand::Ship { order_id })?;
    }
    Ok(())
}

pub fn deliver_order(work: &mut UnitOfWork, order_id: OrderId, at: DateTime<Utc>) -> Decision<()> {
    work.handle::<Order>(order_id, OrderCommand::Deliver { at })
}

/// Goods come back: onto the shelf, and their price to the customer.
#[derive(Debug, Clone)]
pub struct ReturnOrder {
    pub order_id: OrderId,
    pub by: Authority,
    /// Everything that hasn't come back yet, if missing.
    pub quantities: Option<BTreeMap<Sku, u32>>,
    pub refund_id: RefundId,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// What is given back.
pub fn return_order(work: &mut UnitOfWork, command: &ReturnOrder) -> Decision<Money> {
    let ReturnOrder {
        order_id,
        by,
        refund_id,
        at,
        ..
    } = *command;
    let order = work.read::<Order>(order_id)?;
    let order = order.placed()?;
    if !by.covers(order.customer) {
        return Err(OrderError::NotFound.into());
    }
    if !matches!(by, Authority::Staff) && order.status != Status::Delivered {
        return Err(OrderError::WrongStatus {
            wanted: "returned",
            status: "not delivered yet",
        }
        .into());
    }
    let quantities = command.quantities.clone().unwrap_or_else(|| {
        let left = |(sku, bought): (Sku, u32)| {
            let returned = order.returned.get(&sku).copied().unwrap_or(0);
            (bought > returned).then(|| (sku, bought - returned))
        };
        order.quantities().into_iter().filter_map(left).collect()
    });
    work.require::<Stock>(quantities.keys())?;
    let before = work.read::<Payment>(order.payment_id)?.requested()?.refundable();
    let reason = command.reason.clone();
    let take_back = OrderCommand::Return {
        quantities: quantities.clone(),
        refund_id,
        reason,
        at,
    };
    let returned_before = returned_value(order)?;
    work.handle::<Order>(order_id, take_back)?;
    let returned_now = returned_value(work.read::<Order>(order_id)?.placed()?)?;
    let value = returned_now
        .checked_sub(returned_before)
        .map_err(OrderError::from)?;
    marketplace::give_back(work, order, |sku| quantities.contains_key(sku), at)?;
    let uniques = marketplace::uniques(work, order)?;
    // What is one of a kind is on the shelf again when its seller lists it.
    let shelved = quantities
        .into_iter()
        .filter(|(sku, _)| !uniques.iter().any(|unique| unique.sku == *sku));
    for (sku, quantity) in shelved {
        // The product may have been removed and its SKU taken over since: what comes back is none of the other's.
        let sold_as = order.lines.iter().find(|line| line.sku == sku);
        if work.read::<Stock>(&sku)?.product_id() != sold_as.map(|line| line.product_id) {
            continue;
        }
        work.handle::<Stock>(
            sku,
            StockCommand::Return {
                order_id: Some(order_id),
                quantity,
            },
        )?;
    }
    // A goodwill refund may have given some of it back already.
    let refund = Money::new(value.amount_minor().min(before.amount_minor()), value.currency());
    if refund.is_positive() {
        settlement::request_refund(work, order.payment_id, refund_id, refund, &command.reason, at)?;
    }
    Ok(refund)
}

/// What everything that has come back was sold for.
fn returned_value(order: &crate::order::Placed) -> Result<Money, OrderError> {
    let mut left = order.returned.clone();
    let mut value = Money::zero(order.total.currency());
    for line in &order.lines {
        let Some(units) = left.get_mut(&line.sku) else {
            continue;
        };
        let counted = (*units).min(line.quantity);
        *units -= counted;
        value = value.checked_add(line.unit_price.checked_mul(counted)?)?;
    }
    Ok(value)
}
