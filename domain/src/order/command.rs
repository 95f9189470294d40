//! What can be asked of an order.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::ids::{RefundId, Sku};
use events::order::{CancelReason, OrderPlaced};

#[derive(Debug, Clone)]
pub enum OrderCommand {
    Place(OrderPlaced),
    /// Does nothing if it is no longer waiting for its payment.
    MarkPaid {
        at: DateTime<Utc>,
    },
    Ship {
        carrier: Option<String>,
        tracking_number: Option<String>,
        at: DateTime<Utc>,
    },
    Deliver {
        at: DateTime<Utc>,
    },
    /// Does nothing if it is cancelled already, or if it expires and has been paid meanwhile.
    Cancel {
        reason: CancelReason,
        at: DateTime<Utc>,
    },
    Return {
        quantities: BTreeMap<Sku, u32>,
        refund_id: RefundId,
        reason: String,
        at: DateTime<Utc>,
    },
}
