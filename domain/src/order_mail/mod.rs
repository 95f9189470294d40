//! Which emails about an order have gone out: each kind once, however often a worker says so.

use std::collections::BTreeSet;
use std::convert::Infallible;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::order_mail::{OrderEmail, OrderEmailSent, OrderMailEvent};
use serde::{Deserialize, Serialize};

use crate::unit_of_work::{Decision, UnitOfWork};

/// See the module. The default is an order that nobody was told about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderMail {
    sent: BTreeSet<OrderEmail>,
}

/// What can be asked of it.
#[derive(Debug, Clone)]
pub enum OrderMailCommand {
    /// An email that is noted already is not noted again.
    Note(OrderEmailSent),
}

impl Aggregate for OrderMail {
    const TYPE: &'static str = "order_mail";
    type Command = OrderMailCommand;
    type Event = OrderMailEvent;
    type Error = Infallible;
    type Services = ();

    async fn handle(
        &mut self,
        command: OrderMailCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Infallible> {
        let OrderMailCommand::Note(sent) = command;
        if !self.sent.contains(&sent.email) {
            sink.write(sent.into(), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: OrderMailEvent) {
        let OrderMailEvent::OrderEmailSent(event) = event;
        self.sent.insert(event.email);
    }
}

/// A worker has sent an email about an order.
pub fn note_email(work: &mut UnitOfWork, sent: &OrderEmailSent) -> Decision<()> {
    work.handle::<OrderMail>(sent.order_id, OrderMailCommand::Note(sent.clone()))
}

#[cfg(test)]
mod tests {
    use events::ids::OrderId;

    use super::*;
    use crate::given::{at, given};

    fn sent(email: OrderEmail, minute: i64) -> OrderEmailSent {
        OrderEmailSent {
            order_id: OrderId::default(),
            email,
            sent_at: at(minute),
        }
    }

    #[test]
    fn an_email_of_each_kind_is_noted_once() {
        let confirmed = sent(OrderEmail::Confirmation, 1);
        given::<OrderMail>(vec![])
            .when(OrderMailCommand::Note(confirmed.clone()))
            .then_expect_events(vec![confirmed.clone().into()]);
        given::<OrderMail>(vec![confirmed.clone().into()])
            .when(OrderMailCommand::Note(sent(OrderEmail::Confirmation, 2)))
            .then_expect_events(vec![]);
        given::<OrderMail>(vec![confirmed.into()])
            .when(OrderMailCommand::Note(sent(OrderEmail::Shipped, 2)))
            .then_expect_events(vec![sent(OrderEmail::Shipped, 2).into()]);
    }
}
