//! Facts about the emails that tell a customer of an order. They have a stream of their own beside the order's, so that an
//! email that goes out doesn't change the version that an edit of the order is based on.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::OrderId;

/// What an email tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderEmail {
    Confirmation,
    Shipped,
    Cancelled,
}

/// The mail server has taken the email, or it lies in the mailbox folder. To whom it went stands nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderEmailSent {
    pub order_id: OrderId,
    pub email: OrderEmail,
    pub sent_at: DateTime<Utc>,
}

events! {
    /// What happens to an order's emails.
    OrderMailEvent {
        OrderEmailSent = 1,
    }
}
