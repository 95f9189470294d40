//! A credit note: goods that came back without a known order, at the price that staff record.

mod error;
#[cfg(test)]
mod tests;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::credit_note::{CreditNoteEvent, CreditNoteIssued};
use events::money::Money;
use serde::{Deserialize, Serialize};

pub use error::CreditNoteError;

use crate::amount;
use crate::order::LINES_MAX;

/// See the module. The default is a credit note that nobody has issued.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNote {
    issued: bool,
}

/// What can be asked of a credit note.
#[derive(Debug, Clone)]
pub enum CreditNoteCommand {
    Issue(CreditNoteIssued),
}

impl CreditNote {
    fn issue(&self, issued: CreditNoteIssued) -> Result<CreditNoteEvent, CreditNoteError> {
        if self.issued {
            return Err(CreditNoteError::AlreadyIssued);
        }
        if issued.lines.is_empty() || issued.lines.len() > LINES_MAX {
            return Err(CreditNoteError::LineCount { max: LINES_MAX });
        }
        let mut total = Money::zero(issued.total.currency());
        for line in &issued.lines {
            if line.quantity == 0 {
                return Err(CreditNoteError::Quantity);
            }
            total = total.checked_add(line.amount)?;
        }
        if total != issued.total {
            return Err(CreditNoteError::Total {
                stated: issued.total,
                counted: total,
            });
        }
        if amount::is_too_large(total) {
            return Err(CreditNoteError::TooLarge { total });
        }
        Ok(issued.into())
    }
}

impl Aggregate for CreditNote {
    const TYPE: &'static str = "credit_note";
    type Command = CreditNoteCommand;
    type Event = CreditNoteEvent;
    type Error = CreditNoteError;
    type Services = ();

    async fn handle(
        &mut self,
        CreditNoteCommand::Issue(issued): CreditNoteCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), CreditNoteError> {
        sink.write(self.issue(issued)?, self).await;
        Ok(())
    }

    fn apply(&mut self, CreditNoteEvent::CreditNoteIssued(_): CreditNoteEvent) {
        self.issued = true;
    }
}
