//! Orders and payments: an order is what its lines come to, is settled once, and nobody is charged twice.

use std::collections::{BTreeMap, HashMap, HashSet};

use events::Event;
use events::envelope::RecordedEvent;
use events::ids::{OrderId, PaymentId};
use events::money::Money;
use events::order::OrderEvent;
use events::orphan::OrphanEvent;
use events::payment::{PaymentEvent, Purpose};
use payment_sandbox::ChargeRecord;
use platform::event_log::EventLog;

use super::{BATCH, Broken, Rule};

pub struct OrderTotals;

impl Rule for OrderTotals {
    fn name(&self) -> &'static str {
        "every order's total is the sum of its lines"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        let Event::Order(OrderEvent::OrderPlaced(order)) = event else {
            return;
        };
        let line = |line: &events::order::OrderLine| {
            i128::from(line.unit_price.amount_minor()) * i128::from(line.quantity)
        };
        let sum: i128 = order.lines.iter().map(line).sum();
        if sum != i128::from(order.total.amount_minor()) {
            broken.add(
                recorded.position,
                format_args!("the lines come to {sum}, the total says {}", order.total),
            );
        }
    }
}

#[derive(Default)]
pub struct SettledOnce {
    orders: HashSet<OrderId>,
    settled: HashMap<PaymentId, Money>,
    refunded: HashMap<PaymentId, i64>,
}

impl Rule for SettledOnce {
    fn name(&self) -> &'static str {
        "an order is settled at most once, and never refunded beyond what was paid"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        let Event::Payment(event) = event else { return };
        match event {
            PaymentEvent::PaymentSettled(event) => {
                if self.settled.insert(event.payment_id, event.amount).is_some() {
                    broken.add(
                        recorded.position,
                        format_args!("payment {} is settled again", event.payment_id),
                    );
                }
                if let Purpose::Order(order_id) = event.purpose
                    && !self.orders.insert(order_id)
                {
                    broken.add(
                        recorded.position,
                        format_args!("order {order_id} is settled again"),
                    );
                }
            }
            PaymentEvent::RefundSettled(event) => {
                let refunded = self.refunded.entry(event.payment_id).or_insert(0);
                *refunded += event.amount.amount_minor();
                let paid = self.settled.get(&event.payment_id).map_or(0, Money::amount_minor);
                if *refunded > paid {
                    let payment_id = event.payment_id;
                    broken.add(
                        recorded.position,
                        format_args!("{refunded} of {paid} are refunded of {payment_id}"),
                    );
                }
            }
            _ => {}
        }
    }
}

/// Every payment has at most one charge at the provider, and no charge is of a payment that the log
/// doesn't know, or of another amount; but for those that the log calls orphans.
pub async fn compare_charges(
    log: &EventLog,
    charges: &[ChargeRecord],
    broken: &mut Broken,
) -> anyhow::Result<()> {
    let mut amounts: HashMap<String, Money> = HashMap::new();
    let head = log.head().await?;
    let mut orphans: HashSet<String> = HashSet::new();
    let mut seen = 0;
    while seen < head {
        let batch = log.read(seen, BATCH).await?;
        let Some(last) = batch.last() else { break };
        seen = last.position;
        for recorded in batch
            .iter()
            .filter(|recorded| ["PaymentRequested", "OrphanFound"].contains(&recorded.event_type.as_str()))
        {
            match Event::decode(recorded)? {
                Event::Payment(PaymentEvent::PaymentRequested(event)) => {
                    amounts.insert(event.payment_id.to_string(), event.amount);
                }
                Event::Orphan(OrphanEvent::OrphanFound(event)) => {
                    orphans.insert(event.provider_reference);
                }
                _ => {}
            }
        }
    }
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for charge in charges
        .iter()
        .filter(|charge| !orphans.contains(&charge.payment_intent))
    {
        let Some(payment_id) = charge.payment_id.as_deref() else {
            broken.add(0, format_args!("charge {} names no payment", charge.charge));
            continue;
        };
        *counts.entry(payment_id).or_insert(0) += 1;
        match amounts.get(payment_id) {
            None => broken.add(
                0,
                format_args!("charge {} is of the unknown payment {payment_id}", charge.charge),
            ),
            Some(amount) if amount.amount_minor() != charge.amount_minor => {
                let (charge, minor) = (&charge.charge, charge.amount_minor);
                broken.add(
                    0,
                    format_args!("charge {charge} is of {minor} minor units, its payment of {amount}"),
                );
            }
            Some(_) => {}
        }
    }
    for (payment_id, count) in counts.into_iter().filter(|(_, count)| *count > 1) {
        broken.add(0, format_args!("payment {payment_id} is charged {count} times"));
    }
    Ok(())
}
