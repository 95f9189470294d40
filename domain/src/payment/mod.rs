//! A payment: what is owed for one order or deposit, over every attempt to get it. An attempt whose
//! outcome isn't known stays the one in flight: there is no second before the first is declined, so
//! nobody is charged twice. Talking to the provider is the settlement worker's.

mod attempts;
mod command;
mod error;
mod refunds;
mod requested;
mod sale;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::payment::{PaymentEvent, PaymentRequested};
use serde::{Deserialize, Serialize};

use crate::amount;

pub use command::PaymentCommand;
pub use error::PaymentError;
use requested::{Refund, RefundStatus};
pub use requested::{Requested, Status};
pub use sale::{Portion, Returned, Sale, WHOLE_BPS, fee};

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
            PaymentCommand::Retry { method, attempt_id } => {
                Ok(vec![attempts::retry(payment, method, attempt_id)?])
            }
            PaymentCommand::RecordSettled {
                attempt_id,
                provider_reference,
                at,
            } => attempts::record_settled(payment, attempt_id, provider_reference, at),
            PaymentCommand::RecordDeclined {
                attempt_id,
                code,
                message,
            } => Ok(attempts::record_declined(payment, attempt_id, code, message)
                .into_iter()
                .collect()),
            PaymentCommand::Cancel => Ok(attempts::cancel(payment).into_iter().collect()),
            PaymentCommand::RequestRefund {
                refund_id,
                amount,
                reason,
                returned,
            } => refunds::request_refund(payment, refund_id, amount, reason, returned.as_ref()),
            PaymentCommand::RecordRefundSettled {
                refund_id,
                provider_reference,
                returned,
            } => refunds::record_refund_settled(payment, refund_id, provider_reference, returned.as_ref()),
            PaymentCommand::RecordRefundFailed {
                refund_id,
                code,
                message,
            } => Ok(refunds::record_refund_failed(payment, refund_id, code, message)?
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
