//! Tells people what happened: order confirmations, shipping and cancellation notes, links for a new password and to verify an address.
//!
//! An address is opened from the log when its email is due, and kept nowhere else: who was erased gets none. One email
//! per order and kind goes out under one `Message-ID`, so that a repeat after a crash is recognised as the same.
//!
//! The words are in `messages`, the form in `letter`, the way in `transport`; when to try again is left to the lanes.

mod letter;
mod links;
mod messages;
mod noting;
mod settings;
mod source;
mod transport;

use events::ids::OrderId;
use events::order::Contact;
use platform::vault::Vault;

use crate::effects::{Shop, Verdict};
use crate::intents::{Claimed, OrderNotice};
use letter::Envelope;
use messages::Content;

pub use settings::{MailSettingsError, ShopIdentity};
pub(crate) use transport::EXTENSION;
pub use transport::{MailTransport, SmtpCredentials, SmtpSettings, SmtpTls};

use transport::SendError;

/// Sends emails for a shop.
#[derive(Debug)]
pub(crate) struct EmailSender {
    pub identity: ShopIdentity,
    pub transport: MailTransport,
    pub shop: Shop,
    pub vault: Vault,
}

impl EmailSender {
    /// Tells the customer about an order.
    pub async fn order(
        &self,
        claimed: &Claimed,
        order_id: OrderId,
        notice: OrderNotice,
    ) -> Result<Verdict, Verdict> {
        if noting::is_sent(claimed) {
            let told = Verdict::done("sent by an earlier try");
            return Ok(self.note(claimed, order_id, notice, told).await);
        }
        let order = source::order(&self.shop, order_id).await?;
        if order.placed.historical {
            return Ok(Verdict::done("a sale of the past: nobody is told"));
        }
        let subject = order.placed.customer.map_or(order_id.0, |customer| customer.0);
        let Some(mut contact) = source::contact(&self.vault, subject, &order.placed.contact).await? else {
            return Ok(Verdict::done("the customer was erased: no address"));
        };
        let mut email = contact.email.take();
        if let (None, Some(customer)) = (&email, order.placed.customer) {
            let profile = source::profile(&self.shop, &self.vault, claimed, customer).await?;
            email = profile.and_then(|profile| profile.email);
        }
        let Some(email) = email else {
            return Ok(Verdict::done("no address"));
        };
        let (kind, content) = self.order_content(&order, &contact, notice)?;
        let envelope = Envelope {
            to: email,
            name: contact.name,
            message: format!("{kind}.{order_id}"),
        };
        let told = self.send(&envelope, &content).await?;
        Ok(self.note(claimed, order_id, notice, told).await)
    }

    /// The first part of the `Message-ID`, and what to say.
    fn order_content(
        &self,
        order: &source::Order,
        contact: &Contact,
        notice: OrderNotice,
    ) -> Result<(&'static str, Content), Verdict> {
        let missing = || Verdict::Fail {
            reason: "the event that it is about isn't in the order's stream".to_owned(),
        };
        let shop = &self.identity;
        Ok(match notice {
            OrderNotice::Confirmation => (
                "order-confirmation",
                messages::confirmation(shop, &order.placed, contact, order.paid),
            ),
            OrderNotice::Shipped => {
                let shipped = order.shipped.as_ref().ok_or_else(missing)?;
                (
                    "order-shipped",
                    messages::shipped(shop, &order.placed, shipped, contact),
                )
            }
            OrderNotice::Cancelled => {
                let cancelled = order.cancelled.as_ref().ok_or_else(missing)?;
                (
                    "order-cancelled",
                    messages::cancelled(shop, &order.placed, cancelled, contact),
                )
            }
        })
    }

    async fn send(&self, envelope: &Envelope, content: &Content) -> Result<Verdict, Verdict> {
        let letter =
            letter::write(&self.identity, envelope, content, self.shop.clock.now()).map_err(|error| {
                Verdict::Fail {
                    reason: error.to_string(),
                }
            })?;
        match self.transport.send(&letter, &envelope.message).await {
            Ok(()) => Ok(Verdict::done(format!(
                "sent as <{}@{}>",
                envelope.message,
                self.identity.domain()
            ))),
            Err(SendError::Transient { reason }) => Err(Verdict::Retry {
                reason: without(&reason, &envelope.to),
            }),
            Err(SendError::Permanent { reason }) => Err(Verdict::Fail {
                reason: without(&reason, &envelope.to),
            }),
        }
    }
}

/// A server's answer tends to repeat the address, which must stay out of the table and the logs.
fn without(reason: &str, address: &str) -> String {
    reason.replace(address, "(address)")
}
