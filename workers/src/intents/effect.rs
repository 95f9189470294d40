//! What the workers can do in the outside world, as it stands in an intent.
//!
//! An effect names what it is about and holds no personal data; what else it needs is read from the log when its time
//! has come. How it is carried out is left to `settlement`, `email`, `images` and `timers`.

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use domain::account::Account;
use domain::guest_cart::GuestCart;
use domain::order::Order;
use domain::orphan::Orphan;
use domain::outgoing_report::{self, OutgoingReport};
use domain::payment::Payment;
use domain::product::Product;
use domain::wallet::Wallet;
use events::envelope::{Position, StreamId};
use events::ids::{
    AccountId, AttemptId, GuestCartId, ImageId, OrderId, OrphanId, PaymentId, ProductId, RefundId,
    WithdrawalId,
};
use events::image::ContentHash;
use events::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an effect on an image is about; its events stand in its product's stream.
const IMAGE: &str = "image";

/// Which loop carries an effect out. Lanes don't wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Money, at the payment provider.
    Settlement,
    Email,
    /// Uploads that are made into what is shown.
    Images,
    /// What is due at a time of its own.
    Timers,
    /// What a branch tells its headquarters.
    Chain,
}

impl Lane {
    pub const ALL: [Self; 5] = [
        Self::Settlement,
        Self::Email,
        Self::Images,
        Self::Timers,
        Self::Chain,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settlement => "settlement",
            Self::Email => "email",
            Self::Images => "images",
            Self::Timers => "timers",
            Self::Chain => "chain",
        }
    }
}

/// What a customer is told about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderNotice {
    Confirmation,
    Shipped,
    Cancelled,
}

/// Give back part or all of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub payment_id: PaymentId,
    pub refund_id: RefundId,
    pub amount: Money,
    /// The charge.
    pub provider_reference: String,
}

/// Pay out of a wallet to the owner's bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    pub account_id: AccountId,
    pub withdrawal_id: WithdrawalId,
    pub amount: Money,
    /// The provider's token for the bank account.
    pub destination: String,
    pub requested_at: DateTime<Utc>,
}

/// Give back a charge that the log doesn't account for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrphanRefund {
    pub orphan_id: OrphanId,
    pub refund_id: RefundId,
    pub amount: Money,
    /// The charge.
    pub provider_reference: String,
}

/// Something to be done once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Effect {
    /// Charge the attempt of a payment; amount and card are the payment's.
    Charge {
        payment_id: PaymentId,
        attempt_id: AttemptId,
    },
    Refund(Refund),
    RefundOrphan(OrphanRefund),
    Payout(Payout),
    EmailOrder {
        order_id: OrderId,
        notice: OrderNotice,
    },
    EmailPasswordReset {
        account_id: AccountId,
        reset_id: Uuid,
    },
    EmailVerification {
        account_id: AccountId,
        verification_id: Uuid,
    },
    /// Cancel the order if it is still unpaid.
    ExpireOrder {
        order_id: OrderId,
    },
    /// Tell headquarters what a day has come to; the figures are the report's.
    SendDailyReport {
        day: NaiveDate,
        currency: Currency,
        revision: u64,
    },
    /// Give the guest's cart up if nobody came back for it.
    ExpireGuestCart {
        cart_id: GuestCartId,
    },
    /// Make the sizes in which an upload is shown.
    ProcessImage {
        product_id: ProductId,
        image_id: ImageId,
        original: ContentHash,
    },
    /// Throw an image's blobs away, unless it is in use.
    DeleteImage {
        product_id: ProductId,
        image_id: ImageId,
    },
    /// Throw away the blobs of all images of a product that is gone.
    DeleteImages {
        product_id: ProductId,
    },
    /// An event that couldn't be read, so nobody knows what it asks for. Carrying it out is planning it anew.
    Unreadable {
        lane: Lane,
        stream: StreamId,
        position: Position,
    },
}

impl Effect {
    /// Its name in the table, in logs and in metrics; together with the event and the recipient it is unique.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Charge { .. } => "charge",
            Self::Refund(_) => "refund",
            Self::RefundOrphan(_) => "refund_orphan",
            Self::Payout(_) => "payout",
            Self::EmailOrder { notice, .. } => match notice {
                OrderNotice::Confirmation => "email_confirmation",
                OrderNotice::Shipped => "email_shipped",
                OrderNotice::Cancelled => "email_cancelled",
            },
            Self::EmailPasswordReset { .. } => "email_password_reset",
            Self::EmailVerification { .. } => "email_verification",
            Self::ExpireOrder { .. } => "expire_order",
            Self::SendDailyReport { .. } => "daily_report",
            Self::ExpireGuestCart { .. } => "expire_guest_cart",
            Self::ProcessImage { .. } => "process_image",
            Self::DeleteImage { .. } => "delete_image",
            Self::DeleteImages { .. } => "delete_images",
            Self::Unreadable { .. } => "unreadable",
        }
    }

    pub fn lane(&self) -> Lane {
        match self {
            Self::Charge { .. } | Self::Refund(_) | Self::RefundOrphan(_) | Self::Payout(_) => {
                Lane::Settlement
            }
            Self::EmailOrder { .. } | Self::EmailPasswordReset { .. } | Self::EmailVerification { .. } => {
                Lane::Email
            }
            Self::ProcessImage { .. } => Lane::Images,
            Self::ExpireOrder { .. }
            | Self::ExpireGuestCart { .. }
            | Self::DeleteImage { .. }
            | Self::DeleteImages { .. } => Lane::Timers,
            Self::SendDailyReport { .. } => Lane::Chain,
            Self::Unreadable { lane, .. } => *lane,
        }
    }

    /// What it is about: effects of one lane and stream are carried out in their order.
    pub fn stream(&self) -> StreamId {
        match self {
            Self::Charge { payment_id, .. } | Self::Refund(Refund { payment_id, .. }) => {
                StreamId::new(Payment::TYPE, payment_id)
            }
            Self::RefundOrphan(refund) => StreamId::new(Orphan::TYPE, refund.orphan_id),
            Self::Payout(payout) => StreamId::new(Wallet::TYPE, payout.account_id),
            Self::EmailOrder { order_id, .. } | Self::ExpireOrder { order_id } => {
                StreamId::new(Order::TYPE, order_id)
            }
            Self::EmailPasswordReset { account_id, .. } | Self::EmailVerification { account_id, .. } => {
                StreamId::new(Account::TYPE, account_id)
            }
            Self::ExpireGuestCart { cart_id } => StreamId::new(GuestCart::TYPE, cart_id),
            Self::SendDailyReport { day, currency, .. } => {
                StreamId::new(OutgoingReport::TYPE, outgoing_report::key(*day, *currency))
            }
            // Images don't wait for each other.
            Self::ProcessImage { image_id, .. } | Self::DeleteImage { image_id, .. } => {
                StreamId::new(IMAGE, image_id)
            }
            Self::DeleteImages { product_id } => StreamId::new(Product::TYPE, product_id),
            Self::Unreadable { stream, .. } => stream.clone(),
        }
    }

    /// At whom or what it is directed.
    pub fn recipient(&self) -> String {
        match self {
            Self::Charge { .. } | Self::Refund(_) | Self::RefundOrphan(_) | Self::Payout(_) => {
                "provider".to_owned()
            }
            Self::EmailOrder { order_id, .. } => order_id.to_string(),
            Self::SendDailyReport { .. } => "headquarters".to_owned(),
            Self::EmailPasswordReset { account_id, .. } | Self::EmailVerification { account_id, .. } => {
                account_id.to_string()
            }
            Self::ExpireOrder { .. } | Self::ExpireGuestCart { .. } | Self::Unreadable { .. } => {
                "shop".to_owned()
            }
            Self::ProcessImage { .. } | Self::DeleteImage { .. } | Self::DeleteImages { .. } => {
                "blobs".to_owned()
            }
        }
    }
}
