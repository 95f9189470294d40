//! An order: what was bought, and how far it has come. Reserving stock and moving money belong to
//! other aggregates; `checkout`, `cancellation` and `fulfilment` decide over all of them at once.

mod command;
mod error;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::ids::{AccountId, OrderId, PaymentId, RefundId, Sku};
use events::money::Money;
use events::order::{
    CancelReason, OrderCancelled, OrderDelivered, OrderEvent, OrderLine, OrderPaid, OrderPlaced,
    OrderReturned, OrderShipped, SoldLine,
};
use events::payment::SellerShare;
use serde::{Deserialize, Serialize};

use crate::amount;

pub use command::OrderCommand;
pub use error::OrderError;

/// More lines than any real order has; a year of a real gift shop had none above 1,200.
pub const LINES_MAX: usize = 2_000;

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    AwaitingPayment,
    Paid,
    Shipped,
    Delivered,
    Cancelled,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingPayment => "awaiting payment",
            Self::Paid => "paid",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }
}

/// An order that was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    pub id: OrderId,
    pub customer: Option<AccountId>,
    pub lines: Vec<OrderLine>,
    pub total: Money,
    pub country: String,
    pub payment_id: PaymentId,
    pub expires_at: Option<DateTime<Utc>>,
    pub status: Status,
    /// Units that came back, per SKU.
    pub returned: BTreeMap<Sku, u32>,
    /// What came back of sellers' goods, by the refund for it.
    returns: BTreeMap<RefundId, Vec<SoldLine>>,
}

impl Placed {
    /// How many units of each SKU were ordered, over all lines.
    pub fn quantities(&self) -> BTreeMap<Sku, u32> {
        let mut quantities = BTreeMap::new();
        for line in &self.lines {
            *quantities.entry(line.sku.clone()).or_insert(0) += line.quantity;
        }
        quantities
    }

    /// The sellers' part of the order: lines and what they come to.
    pub fn shares(&self) -> Result<Vec<SellerShare>, OrderError> {
        let lines = self.by_seller(self.sold_lines()?);
        let share = |(seller, lines): (AccountId, Vec<SoldLine>)| {
            let mut amount = Money::zero(self.total.currency());
            for line in &lines {
                amount = amount.checked_add(line.amount)?;
            }
            Ok(SellerShare {
                seller,
                lines,
                amount,
            })
        };
        lines.into_iter().map(share).collect()
    }

    /// What came back of sellers' goods with this refund. `None` if it isn't for goods, or no seller has any part in the order.
    pub fn returned_with(&self, refund_id: RefundId) -> Option<BTreeMap<AccountId, Vec<SoldLine>>> {
        Some(self.by_seller(self.returns.get(&refund_id)?.clone()))
    }

    fn by_seller(&self, lines: Vec<SoldLine>) -> BTreeMap<AccountId, Vec<SoldLine>> {
        let ordered = self.lines.iter();
        let sellers: BTreeMap<&Sku, AccountId> = ordered
            .filter_map(|line| Some((&line.sku, line.seller?)))
            .collect();
        let mut sold = BTreeMap::<_, Vec<_>>::new();
        for line in lines {
            if let Some(seller) = sellers.get(&line.sku) {
                sold.entry(*seller).or_default().push(line);
            }
        }
        sold
    }

    fn sold_lines(&self) -> Result<Vec<SoldLine>, OrderError> {
        self.lines.iter().map(|line| sold(line, line.quantity)).collect()
    }
}

/// See the module. The default is an order that nobody has placed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    placed: Option<Placed>,
}

impl Order {
    pub fn placed(&self) -> Result<&Placed, OrderError> {
        self.placed.as_ref().ok_or(OrderError::NotFound)
    }

    fn decide(&self, command: OrderCommand) -> Result<Option<OrderEvent>, OrderError> {
        if let OrderCommand::Place(placed) = command {
            return self.place(placed).map(Some);
        }
        let order = self.placed()?;
        match command {
            OrderCommand::Place(_) => Err(OrderError::AlreadyPlaced),
            OrderCommand::MarkPaid { at } => mark_paid(order, at),
            OrderCommand::Ship {
                carrier,
                tracking_number,
                at,
            } => ship(order, carrier, tracking_number, at).map(Some),
            OrderCommand::Deliver { at } => deliver(order, at),
            OrderCommand::Cancel { reason, at } => cancel(order, reason, at),
            OrderCommand::Return {
                quantities,
                refund_id,
                reason,
                at,
            } => take_back(order, quantities, refund_id, reason, at).map(Some),
        }
    }

    fn place(&self, placed: OrderPlaced) -> Result<OrderEvent, OrderError> {
        if self.placed.is_some() {
            return Err(OrderError::AlreadyPlaced);
        }
        if placed.lines.is_empty() || placed.lines.len() > LINES_MAX {
            return Err(OrderError::LineCount { max: LINES_MAX });
        }
        let mut total = Money::zero(placed.total.currency());
        for line in &placed.lines {
            if line.quantity == 0 {
                return Err(OrderError::Quantity);
            }
            total = total.checked_add(line.unit_price.checked_mul(line.quantity)?)?;
        }
        if total != placed.total {
            return Err(OrderError::Total {
                stated: placed.total,
                counted: total,
            });
        }
        if amount::is_too_large(total) {
            return Err(OrderError::TooLarge { total });
        }
        Ok(placed.into())
    }
}

fn mark_paid(order: &Placed, at: DateTime<Utc>) -> Result<Option<OrderEvent>, OrderError> {
    if order.status != Status::AwaitingPayment {
        return Ok(None);
    }
    let paid = OrderPaid {
        order_id: order.id,
        customer: order.customer,
        payment_id: order.payment_id,
        country: order.country.clone(),
        lines: order.sold_lines()?,
        total: order.total,
        paid_at: at,
    };
    Ok(Some(paid.into()))
}

fn ship(
    order: &Placed,
    carrier: Option<String>,
    tracking_number: Option<String>,
    at: DateTime<Utc>,
) -> Result<OrderEvent, OrderError> {
    if order.status != Status::Paid {
        return Err(OrderError::WrongStatus {
            wanted: "shipped",
            status: order.status.as_str(),
        });
    }
    let (order_id, customer) = (order.id, order.customer);
    Ok(OrderShipped {
        order_id,
        customer,
        carrier,
        tracking_number,
        shipped_at: at,
    }
    .into())
}

fn deliver(order: &Placed, at: DateTime<Utc>) -> Result<Option<OrderEvent>, OrderError> {
    match order.status {
        Status::Delivered => Ok(None),
        Status::Shipped => {
            let (order_id, customer) = (order.id, order.customer);
            Ok(Some(
                OrderDelivered {
                    order_id,
                    customer,
                    delivered_at: at,
                }
                .into(),
            ))
        }
        status => Err(OrderError::WrongStatus {
            wanted: "delivered",
            status: status.as_str(),
        }),
    }
}

fn cancel(order: &Placed, reason: CancelReason, at: DateTime<Utc>) -> Result<Option<OrderEvent>, OrderError> {
    let was_paid = match order.status {
        Status::Cancelled => return Ok(None),
        // The timer comes too late for an order that was paid in the meantime.
        Status::Paid | Status::Shipped | Status::Delivered if reason == CancelReason::Unpaid => {
            return Ok(None);
        }
        Status::AwaitingPayment => false,
        Status::Paid => true,
        status @ (Status::Shipped | Status::Delivered) => {
            return Err(OrderError::WrongStatus {
                wanted: "cancelled",
                status: status.as_str(),
            });
        }
    };
    if reason == CancelReason::Unpaid && order.expires_at.is_none_or(|expires_at| at < expires_at) {
        return Ok(None);
    }
    let cancelled = OrderCancelled {
        order_id: order.id,
        customer: order.customer,
        reason,
        country: order.country.clone(),
        reversed: if was_paid { order.sold_lines()? } else { vec![] },
        reversed_total: if was_paid {
            order.total
        } else {
            Money::zero(order.total.currency())
        },
        cancelled_at: at,
    };
    Ok(Some(cancelled.into()))
}

fn take_back(
    order: &Placed,
    quantities: BTreeMap<Sku, u32>,
    refund_id: RefundId,
    reason: String,
    at: DateTime<Utc>,
) -> Result<OrderEvent, OrderError> {
    if !matches!(order.status, Status::Shipped | Status::Delivered) {
        return Err(OrderError::WrongStatus {
            wanted: "returned",
            status: order.status.as_str(),
        });
    }
    if quantities.is_empty() || quantities.values().any(|quantity| *quantity == 0) {
        return Err(OrderError::Quantity);
    }
    let mut lines = vec![];
    for (sku, quantity) in quantities {
        lines.extend(returned_lines(order, &sku, quantity)?);
    }
    let mut total = Money::zero(order.total.currency());
    for line in &lines {
        total = total.checked_add(line.amount)?;
    }
    let returned = OrderReturned {
        order_id: order.id,
        customer: order.customer,
        country: order.country.clone(),
        lines,
        total,
        refund_id,
        reason,
        returned_at: at,
    };
    Ok(returned.into())
}

/// Spreads the units that come back over the lines that sold the SKU, in their order, behind those
/// that came back earlier, so that each unit is refunded at the price that was paid for it.
fn returned_lines(order: &Placed, sku: &Sku, quantity: u32) -> Result<Vec<SoldLine>, OrderError> {
    let mut skip = order.returned.get(sku).copied().unwrap_or(0);
    let mut left = quantity;
    let mut lines = vec![];
    for line in order.lines.iter().filter(|line| line.sku == *sku) {
        let skipped = skip.min(line.quantity);
        skip -= skipped;
        let taken = left.min(line.quantity - skipped);
        if taken > 0 {
            left -= taken;
            lines.push(sold(line, taken)?);
        }
    }
    if left > 0 {
        return Err(OrderError::NotBought {
            sku: sku.clone(),
            wanted: quantity,
            returnable: quantity - left,
        });
    }
    Ok(lines)
}

fn sold(line: &OrderLine, quantity: u32) -> Result<SoldLine, OrderError> {
    Ok(SoldLine {
        sku: line.sku.clone(),
        product_id: line.product_id,
        quantity,
        amount: line.unit_price.checked_mul(quantity)?,
    })
}

impl Aggregate for Order {
    const TYPE: &'static str = "order";
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Error = OrderError;
    type Services = ();

    async fn handle(
        &mut self,
        command: OrderCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), OrderError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: OrderEvent) {
        if let OrderEvent::OrderPlaced(event) = event {
            self.placed = Some(Placed {
                id: event.order_id,
                customer: event.customer,
                lines: event.lines,
                total: event.total,
                country: event.country,
                payment_id: event.payment_id,
                expires_at: event.expires_at,
                status: Status::AwaitingPayment,
                returned: BTreeMap::new(),
                returns: BTreeMap::new(),
            });
            return;
        }
        let Some(order) = &mut self.placed else { return };
        match event {
            OrderEvent::OrderPlaced(_) => {}
            OrderEvent::OrderPaid(_) => order.status = Status::Paid,
            OrderEvent::OrderShipped(_) => order.status = Status::Shipped,
            OrderEvent::OrderDelivered(_) => order.status = Status::Delivered,
            OrderEvent::OrderCancelled(_) => order.status = Status::Cancelled,
            OrderEvent::OrderReturned(event) => {
                for line in &event.lines {
                    *order.returned.entry(line.sku.clone()).or_insert(0) += line.quantity;
                }
                if order.lines.iter().any(|line| line.seller.is_some()) {
                    order.returns.insert(event.refund_id, event.lines);
                }
            }
        }
    }
}
