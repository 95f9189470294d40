//! Notes in the log that an email about an order has gone out, for the order's history.
//!
//! The email is gone by then: what fails here is tried again by itself, and sends nothing a second time.

use domain::order_mail;
use events::ids::OrderId;
use events::order_mail::{OrderEmail, OrderEmailSent};

use super::EmailSender;
use crate::effects::Verdict;
use crate::intents::{Claimed, OrderNotice};

/// What an intent remembers whose email has gone out and isn't noted.
const SENT: &str = "sent";

/// Whether an earlier try has sent the email, and failed to note it.
pub(super) fn is_sent(claimed: &Claimed) -> bool {
    claimed.memo.as_deref() == Some(SENT)
}

impl EmailSender {
    /// `told` is what sending came to.
    pub(super) async fn note(
        &self,
        claimed: &Claimed,
        order_id: OrderId,
        notice: OrderNotice,
        told: Verdict,
    ) -> Verdict {
        let sent = OrderEmailSent {
            order_id,
            email: match notice {
                OrderNotice::Confirmation => OrderEmail::Confirmation,
                OrderNotice::Shipped => OrderEmail::Shipped,
                OrderNotice::Cancelled => OrderEmail::Cancelled,
            },
            sent_at: self.shop.clock.now(),
        };
        let noted = self
            .shop
            .command(claimed, |work| order_mail::note_email(work, &sent))
            .await;
        match noted.map_err(Verdict::from) {
            Ok(()) => told,
            Err(Verdict::Retry { .. }) => Verdict::Wait {
                memo: Some(SENT.to_owned()),
            },
            Err(verdict) => verdict,
        }
    }
}
