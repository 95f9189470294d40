//! A payment: what is owed for one order or deposit, over every attempt to get it. An attempt whose
//! outcome isn't known stays the one in flight: there is no second before the first is declined, so
//! nobody is charged twice. Talking to the provider is the settlement worker's.

mod command;
mod error;
mod sale;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::ids::{AccountId, AttemptId, PaymentId, RefundId};
use events::ledger::{JournalEntry, LedgerAccount};
use events::money::Money;
use events::payment::{
    PaymentCancelled, PaymentDeclined, PaymentEvent, PaymentMethod, PaymentRequested, PaymentRetried,
    PaymentSettled, Purpose, RefundFailed, RefundRequested, RefundSettled, SaleTakenBack, SellerShare,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::amount;

pub use command::PaymentCommand;
pub use error::PaymentError;
pub use sale::{Portion, Returned, Sale, WHOLE_BPS, fee};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Asked for, and the outcome isn't known.
    Processing,
    /// The last attempt was declined; another may follow.
    Declined,
    Settled,
    /// No longer wanted.
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum RefundStatus {
    Requested,
    Settled,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Refund {
    amount: Money,
    status: RefundStatus,
}

/// A payment that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    pub id: PaymentId,
    pub purpose: Purpose,
    pub customer: Option<AccountId>,
    pub amount: Money,
    pub method: PaymentMethod,
    pub status: Status,
    /// The attempt in flight, or the last one.
    pub attempt_id: Option<AttemptId>,
    pub provider_reference: Option<String>,
    refunds: BTreeMap<RefundId, Refund>,
    /// What of it is its sellers'; missing where all of it is the shop's.
    pub sale: Option<Sale>,
}

impl Requested {
    /// What can still be given back.
    pub fn refundable(&self) -> Money {
        if self.status != Status::Settled {
            return Money::zero(self.amount.currency());
        }
        let given = self
            .refunds
            .values()
            .filter(|refund| refund.status != RefundStatus::Failed);
        let given: i64 = given.map(|refund| refund.amount.amount_minor()).sum(); // proof: at most `amount`
        Money::new(self.amount.amount_minor() - given, self.amount.currency())
    }

    /// Whether this refund was asked for and its outcome isn't known.
    pub fn refund_is_open(&self, refund_id: RefundId) -> bool {
        let refund = self.refunds.get(&refund_id);
        refund.is_some_and(|refund| refund.status == RefundStatus::Requested)
    }

    /// Whether this refund was ever asked for.
    pub fn has_refund(&self, refund_id: RefundId) -> bool {
        self.refunds.contains_key(&refund_id)
    }

    /// Where the money comes from, in the ledger.
    fn source(&self) -> LedgerAccount {
        match (&self.method, self.customer) {
            (PaymentMethod::Card { .. }, _) => LedgerAccount::Provider,
            (PaymentMethod::Wallet, Some(customer)) => LedgerAccount::Wallet(customer),
            (PaymentMethod::Wallet, None) | (PaymentMethod::External { .. }, _) => LedgerAccount::External,
        }
    }

    /// Where it goes.
    fn destination(&self) -> LedgerAccount {
        match self.purpose {
            Purpose::Order(_) => LedgerAccount::Sales,
            Purpose::Deposit(account) => LedgerAccount::Wallet(account),
        }
    }

    /// What each seller gets of it when it settles.
    pub fn portions(&self) -> Vec<Portion> {
        self.sale.as_ref().map(Sale::portions).unwrap_or_default()
    }

    /// What each seller bears of a refund.
    pub fn refund_portions(&self, amount: Money, returned: Option<&Returned>) -> Vec<Portion> {
        let sale = self.sale.as_ref();
        sale.map(|sale| sale.refund_portions(self.amount, amount, returned))
            .unwrap_or_default()
    }

    /// How much is given back with a refund that was asked for and whose outcome isn't known.
    pub fn open_refund(&self, refund_id: RefundId) -> Option<Money> {
        let refund = self.refunds.get(&refund_id)?;
        (refund.status == RefundStatus::Requested).then_some(refund.amount)
    }

    /// The way of all of the money.
    fn entry(&self) -> JournalEntry {
        let portions = self.portions();
        if portions.is_empty() {
            return JournalEntry::transfer(self.source(), self.destination(), self.amount);
        }
        sale::entry(self.source(), self.amount, &portions)
    }

    fn refund_requested(&self, refund_id: RefundId, amount: Money, reason: String) -> PaymentEvent {
        RefundRequested {
            payment_id: self.id,
            purpose: self.purpose,
            customer: self.customer,
            refund_id,
            amount,
            provider_reference: self.provider_reference.clone(),
            reason,
        }
        .into()
    }
}

/// See the module. The default is a payment that nobody has asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    requested: Option<Requested>,
}

impl Payment {
    pub fn requested(&self) -> Result<&Requested, PaymentError> {
        self.requested.as_ref().ok_or(PaymentError::NotFound)
    }

    fn decide(&self, command: PaymentCommand) -> Result<Vec<PaymentEvent>, PaymentError> {
        if let PaymentCommand::Request(requested) = command {
            return Ok(vec![self.request(requested)?]);
        }
        let payment = self.requested()?;
        match command {
            PaymentCommand::Request(_) => Err(PaymentError::AlreadyRequested),
            PaymentCommand::AgreeSale(agreed) => Ok(vec![agreed.into()]),
            PaymentCommand::Retry { method, attempt_id } => Ok(vec![retry(payment, method, attempt_id)?]),
            PaymentCommand::RecordSettled {
                attempt_id,
                provider_reference,
                at,
            } => record_settled(payment, attempt_id, provider_reference, at),
            PaymentCommand::RecordDeclined {
                attempt_id,
                code,
                message,
            } => Ok(record_declined(payment, attempt_id, code, message)
                .into_iter()
                .collect()),
            PaymentCommand::Cancel => Ok(cancel(payment).into_iter().collect()),
            PaymentCommand::RequestRefund {
                refund_id,
                amount,
                reason,
                returned,
            } => request_refund(payment, refund_id, amount, reason, returned.as_ref()),
            PaymentCommand::RecordRefundSettled {
                refund_id,
                provider_reference,
                returned,
            } => record_refund_settled(payment, refund_id, provider_reference, returned.as_ref()),
            PaymentCommand::RecordRefundFailed {
                refund_id,
                code,
                message,
            } => Ok(record_refund_failed(payment, refund_id, code, message)?
                .into_iter()
                .collect()),
        }
    }

    fn request(&self, requested: PaymentRequested) -> Result<PaymentEvent, PaymentError> {
        if self.requested.is_some() {
            return Err(PaymentError::AlreadyRequested);
        }
        if requested.amount.is_negative() || amount::is_too_large(requested.amount) {
            return Err(PaymentError::Amount {
                amount: requested.amount,
            });
        }
        Ok(requested.into())
    }
}

fn retry(
    payment: &Requested,
    method: PaymentMethod,
    attempt_id: AttemptId,
) -> Result<PaymentEvent, PaymentError> {
    if payment.status != Status::Declined {
        return Err(PaymentError::NotDeclined);
    }
    let retried = PaymentRetried {
        payment_id: payment.id,
        purpose: payment.purpose,
        customer: payment.customer,
        amount: payment.amount,
        method,
        attempt_id,
    };
    Ok(retried.into())
}

fn record_settled(
    payment: &Requested,
    attempt_id: Option<AttemptId>,
    provider_reference: Option<String>,
    at: DateTime<Utc>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if payment.attempt_id != attempt_id {
        return Err(PaymentError::UnknownAttempt);
    }
    if payment.status == Status::Settled {
        return Ok(vec![]);
    }
    let settled = PaymentSettled {
        payment_id: payment.id,
        purpose: payment.purpose,
        customer: payment.customer,
        amount: payment.amount,
        attempt_id,
        provider_reference: provider_reference.clone(),
        entry: payment.entry(),
        settled_at: at,
    };
    let mut events = vec![settled.into()];
    if payment.status == Status::Cancelled {
        // The order was cancelled while the charge was under way: give it back. The id follows from
        // the payment's, so that deciding this twice asks for one refund.
        let refund_id = RefundId(Uuid::new_v5(&payment.id.0, b"cancelled while processing"));
        let settled = Requested {
            provider_reference,
            ..payment.clone()
        };
        events.push(settled.refund_requested(refund_id, payment.amount, "cancelled".to_owned()));
    }
    Ok(events)
}

/// A late word about an earlier attempt, or about what is settled, changes nothing.
fn record_declined(
    payment: &Requested,
    attempt_id: AttemptId,
    code: String,
    message: String,
) -> Option<PaymentEvent> {
    let in_flight = payment.status == Status::Processing && payment.attempt_id == Some(attempt_id);
    in_flight.then(|| {
        PaymentDeclined {
            payment_id: payment.id,
            purpose: payment.purpose,
            customer: payment.customer,
            attempt_id,
            code,
            message,
        }
        .into()
    })
}

fn cancel(payment: &Requested) -> Option<PaymentEvent> {
    matches!(payment.status, Status::Processing | Status::Declined).then(|| {
        PaymentCancelled {
            payment_id: payment.id,
            purpose: payment.purpose,
            customer: payment.customer,
        }
        .into()
    })
}

fn request_refund(
    payment: &Requested,
    refund_id: RefundId,
    amount: Money,
    reason: String,
    returned: Option<&Returned>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if payment.refunds.contains_key(&refund_id) {
        return Ok(vec![]);
    }
    if payment.status != Status::Settled {
        return Err(PaymentError::NotSettled);
    }
    if amount.currency() != payment.amount.currency() || !amount.is_positive() {
        return Err(PaymentError::Amount { amount });
    }
    let refundable = payment.refundable();
    if amount.amount_minor() > refundable.amount_minor() {
        return Err(PaymentError::RefundTooHigh {
            wanted: amount,
            refundable,
        });
    }
    let mut events = vec![payment.refund_requested(refund_id, amount, reason)];
    if !matches!(payment.method, PaymentMethod::Card { .. }) {
        events.extend(refund_settled(payment, refund_id, amount, None, returned));
    }
    Ok(events)
}

fn record_refund_settled(
    payment: &Requested,
    refund_id: RefundId,
    provider_reference: Option<String>,
    returned: Option<&Returned>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let refund = payment
        .refunds
        .get(&refund_id)
        .ok_or(PaymentError::UnknownRefund)?;
    if refund.status != RefundStatus::Requested {
        return Ok(vec![]);
    }
    Ok(refund_settled(
        payment,
        refund_id,
        refund.amount,
        provider_reference,
        returned,
    ))
}

fn refund_settled(
    payment: &Requested,
    refund_id: RefundId,
    amount: Money,
    provider_reference: Option<String>,
    returned: Option<&Returned>,
) -> Vec<PaymentEvent> {
    let portions = payment.refund_portions(amount, returned);
    let entry = if portions.is_empty() {
        JournalEntry::transfer(payment.destination(), payment.source(), amount)
    } else {
        sale::entry(payment.source(), amount, &portions).reversed()
    };
    let settled = RefundSettled {
        payment_id: payment.id,
        purpose: payment.purpose,
        customer: payment.customer,
        refund_id,
        amount,
        provider_reference,
        entry,
    };
    let share = |portion: &Portion| SellerShare {
        seller: portion.seller,
        lines: returned
            .and_then(|returned| returned.get(&portion.seller))
            .cloned()
            .unwrap_or_default(),
        amount: portion.gross,
    };
    let taken_back = payment
        .sale
        .as_ref()
        .filter(|_| !portions.is_empty())
        .map(|sale| SaleTakenBack {
            payment_id: payment.id,
            order_id: sale.order_id,
            refund_id,
            shares: portions.iter().map(share).collect(),
        });
    taken_back
        .map(PaymentEvent::from)
        .into_iter()
        .chain([settled.into()])
        .collect()
}

fn record_refund_failed(
    payment: &Requested,
    refund_id: RefundId,
    code: String,
    message: String,
) -> Result<Option<PaymentEvent>, PaymentError> {
    let refund = payment
        .refunds
        .get(&refund_id)
        .ok_or(PaymentError::UnknownRefund)?;
    let open = refund.status == RefundStatus::Requested;
    Ok(open.then(|| {
        RefundFailed {
            payment_id: payment.id,
            purpose: payment.purpose,
            customer: payment.customer,
            refund_id,
            code,
            message,
        }
        .into()
    }))
}

impl Aggregate for Payment {
    const TYPE: &'static str = "payment";
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Error = PaymentError;
    type Services = ();

    async fn handle(
        &mut self,
        command: PaymentCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), PaymentError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: PaymentEvent) {
        if let PaymentEvent::PaymentRequested(event) = event {
            self.requested = Some(Requested {
                id: event.payment_id,
                purpose: event.purpose,
                customer: event.customer,
                amount: event.amount,
                method: event.method,
                status: Status::Processing,
                attempt_id: event.attempt_id,
                provider_reference: None,
                refunds: BTreeMap::new(),
                sale: None,
            });
            return;
        }
        let Some(payment) = &mut self.requested else {
            return;
        };
        match event {
            PaymentEvent::PaymentRequested(_) => {}
            PaymentEvent::PaymentRetried(event) => {
                payment.status = Status::Processing;
                payment.method = event.method;
                payment.attempt_id = Some(event.attempt_id);
            }
            PaymentEvent::PaymentSettled(event) => {
                payment.status = Status::Settled;
                payment.provider_reference = event.provider_reference;
            }
            PaymentEvent::PaymentDeclined(_) => payment.status = Status::Declined,
            PaymentEvent::PaymentCancelled(_) => {
                payment.status = Status::Cancelled;
                // Should it settle all the same, it goes back without any seller having seen it.
                payment.sale = None;
            }
            PaymentEvent::SaleAgreed(event) => payment.sale = Some(event.into()),
            PaymentEvent::SaleTakenBack(event) => {
                if let Some(sale) = &mut payment.sale {
                    sale.take_back(event.shares);
                }
            }
            PaymentEvent::RefundRequested(event) => {
                let refund = Refund {
                    amount: event.amount,
                    status: RefundStatus::Requested,
                };
                payment.refunds.insert(event.refund_id, refund);
            }
            PaymentEvent::RefundSettled(event) => {
                payment.mark_refund(event.refund_id, RefundStatus::Settled);
                if let Some(sale) = &mut payment.sale {
                    sale.refund(event.amount);
                }
            }
            PaymentEvent::RefundFailed(event) => payment.mark_refund(event.refund_id, RefundStatus::Failed),
        }
    }
}

impl Requested {
    fn mark_refund(&mut self, refund_id: RefundId, status: RefundStatus) {
        if let Some(refund) = self.refunds.get_mut(&refund_id) {
            refund.status = status;
        }
    }
}
