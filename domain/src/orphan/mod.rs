//! One movement of money at the payment provider that the log doesn't account for: found, then given back or
//! acknowledged by a person, never silently.
//!
//! Its id follows from the provider's reference, so that finding it a second time finds the same. Comparing the ledgers and
//! asking the provider are the workers'.

mod command;
mod error;
#[cfg(test)]
mod tests;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::ids::{OrphanId, RefundId};
use events::orphan::{
    OrphanAcknowledged, OrphanEvent, OrphanFound, OrphanKind, OrphanRefundFailed, OrphanRefundRequested,
    OrphanRefunded,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::text;

pub use command::OrphanCommand;
pub use error::OrphanError;

/// As long as the reason of a refund or an acknowledgement may be, in characters.
pub const REASON_MAX_CHARS: usize = 500;
/// The name space of orphans' ids: a `UUIDv4` of its own.
const NAME_SPACE: Uuid = Uuid::from_u128(0x6f1d_23c4_9b0e_4c57_a1f2_5d86_0e9b_7a31);

/// The id of what the provider calls so: a `UUIDv5`.
pub fn orphan_id(provider_reference: &str) -> OrphanId {
    OrphanId(Uuid::new_v5(&NAME_SPACE, provider_reference.as_bytes()))
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    #[default]
    Open,
    Refunding(RefundId),
    Refunded,
    Acknowledged,
}

/// See the module. The default is one that hasn't been found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orphan {
    found: Option<OrphanFound>,
    status: Status,
}

impl Orphan {
    /// Whether this refund is still to be carried out.
    pub fn refund_is_open(&self, refund_id: RefundId) -> bool {
        self.status == Status::Refunding(refund_id)
    }

    fn decide(&self, command: OrphanCommand) -> Result<Option<OrphanEvent>, OrphanError> {
        match command {
            OrphanCommand::Report(found) => Ok(self.found.is_none().then(|| found.into())),
            OrphanCommand::RequestRefund {
                refund_id,
                reason,
                at,
            } => {
                let found = self.found()?;
                check_reason(&reason)?;
                if found.kind != OrphanKind::Charge {
                    return Err(OrphanError::NotRefundable { kind: found.kind });
                }
                let requested = OrphanRefundRequested {
                    orphan_id: found.orphan_id,
                    refund_id,
                    provider_reference: found.provider_reference.clone(),
                    amount: found.amount,
                    reason,
                    requested_at: at,
                };
                match self.status {
                    Status::Open => Ok(Some(requested.into())),
                    Status::Refunding(_) | Status::Refunded => Ok(None),
                    Status::Acknowledged => Err(OrphanError::Acknowledged),
                }
            }
            OrphanCommand::RecordRefunded {
                refund_id,
                provider_reference,
                at,
            } => {
                let found = self.found()?;
                let refunded = OrphanRefunded {
                    orphan_id: found.orphan_id,
                    refund_id,
                    amount: found.amount,
                    provider_reference,
                    refunded_at: at,
                };
                Ok(self.refund_is_open(refund_id).then(|| refunded.into()))
            }
            OrphanCommand::RecordRefundFailed {
                refund_id,
                code,
                message,
            } => {
                let failed = OrphanRefundFailed {
                    orphan_id: self.found()?.orphan_id,
                    refund_id,
                    code,
                    message,
                };
                Ok(self.refund_is_open(refund_id).then(|| failed.into()))
            }
            OrphanCommand::Acknowledge { reason, at } => {
                let found = self.found()?;
                check_reason(&reason)?;
                let acknowledged = OrphanAcknowledged {
                    orphan_id: found.orphan_id,
                    reason,
                    acknowledged_at: at,
                };
                match self.status {
                    Status::Open => Ok(Some(acknowledged.into())),
                    Status::Acknowledged => Ok(None),
                    Status::Refunding(_) | Status::Refunded => Err(OrphanError::Refunded),
                }
            }
        }
    }

    fn found(&self) -> Result<&OrphanFound, OrphanError> {
        self.found.as_ref().ok_or(OrphanError::NotFound)
    }
}

fn check_reason(reason: &str) -> Result<(), OrphanError> {
    if !text::is_said(reason, REASON_MAX_CHARS) {
        let max_chars = REASON_MAX_CHARS;
        return Err(OrphanError::Reason { max_chars });
    }
    Ok(())
}

impl Aggregate for Orphan {
    const TYPE: &'static str = "orphan";
    type Command = OrphanCommand;
    type Event = OrphanEvent;
    type Error = OrphanError;
    type Services = ();

    async fn handle(
        &mut self,
        command: OrphanCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), OrphanError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: OrphanEvent) {
        match event {
            OrphanEvent::OrphanFound(event) => self.found = Some(event),
            OrphanEvent::OrphanRefundRequested(event) => self.status = Status::Refunding(event.refund_id),
            OrphanEvent::OrphanRefunded(_) => self.status = Status::Refunded,
            OrphanEvent::OrphanRefundFailed(_) => self.status = Status::Open,
            OrphanEvent::OrphanAcknowledged(_) => self.status = Status::Acknowledged,
        }
    }
}
