//! Stripe's objects with the fields and names of its public API. A struct is stored as the JSON that is answered, so
//! that what a caller saw is what the books hold. When they change is left to `operations`.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) type Metadata = BTreeMap<String, String>;

/// One of Stripe's objects: named, numbered, stored and answered in one shape.
pub(crate) trait Resource: Serialize + DeserializeOwned {
    /// Stripe's name of the object type.
    const OBJECT: &'static str;
    /// The path of its list.
    const PATH: &'static str;

    fn id(&self) -> &str;
    /// Unix seconds.
    fn created(&self) -> i64;
    /// The intent it belongs to, if it belongs to one.
    fn payment_intent(&self) -> Option<&str>;
    fn metadata(&self) -> &Metadata;

    fn to_json(&self) -> Value {
        let mut json = serde_json::to_value(self).unwrap_or_else(|_| {
            // String keys and plain fields only: there is nothing here that serde_json refuses.
            unreachable!("a {} is always JSON", Self::OBJECT)
        });
        json["object"] = json!(Self::OBJECT);
        json
    }
}

/// An id such as `pi_0190…`, ordered by time.
pub(crate) fn new_id(prefix: &str) -> String {
    format!("{prefix}_{}", Uuid::now_v7().simple())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IntentStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    Processing,
    Succeeded,
    Canceled,
}

impl IntentStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PaymentIntent {
    pub id: String,
    /// Minor units, as every amount here.
    pub amount: i64,
    pub amount_capturable: i64,
    pub amount_received: i64,
    pub canceled_at: Option<i64>,
    pub cancellation_reason: Option<String>,
    pub capture_method: String,
    pub client_secret: String,
    pub confirmation_method: String,
    pub created: i64,
    pub currency: String,
    pub description: Option<String>,
    pub last_payment_error: Option<Value>,
    pub latest_charge: Option<String>,
    pub livemode: bool,
    pub metadata: Metadata,
    pub payment_method: Option<String>,
    pub payment_method_types: Vec<String>,
    pub status: IntentStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChargeStatus {
    Succeeded,
    Pending,
    Failed,
}

#[expect(clippy::struct_excessive_bools, reason = "Stripe's object has these fields")]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub id: String,
    pub amount: i64,
    pub amount_captured: i64,
    pub amount_refunded: i64,
    pub captured: bool,
    pub created: i64,
    pub currency: String,
    pub description: Option<String>,
    pub failure_code: Option<String>,
    pub failure_message: Option<String>,
    pub livemode: bool,
    /// The intent's metadata at the time of the charge.
    pub metadata: Metadata,
    pub paid: bool,
    pub payment_intent: String,
    pub payment_method: String,
    pub refunded: bool,
    pub status: ChargeStatus,
}

impl Charge {
    /// What can still be refunded.
    pub fn refundable(&self) -> i64 {
        self.amount_captured - self.amount_refunded
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub id: String,
    pub amount: i64,
    pub charge: String,
    pub created: i64,
    pub currency: String,
    pub metadata: Metadata,
    pub payment_intent: String,
    pub reason: Option<String>,
    pub status: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PayoutStatus {
    Paid,
    Pending,
    Failed,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Payout {
    pub id: String,
    pub amount: i64,
    pub arrival_date: i64,
    pub automatic: bool,
    pub created: i64,
    pub currency: String,
    pub description: Option<String>,
    pub destination: Option<String>,
    pub failure_code: Option<String>,
    pub failure_message: Option<String>,
    pub livemode: bool,
    pub metadata: Metadata,
    pub method: String,
    pub source_type: String,
    pub status: PayoutStatus,
    #[serde(rename = "type")]
    pub kind: String,
}

macro_rules! resource {
    ($type:ty, $object:literal, $path:literal, $intent:expr) => {
        impl Resource for $type {
            const OBJECT: &'static str = $object;
            const PATH: &'static str = $path;

            fn id(&self) -> &str {
                &self.id
            }

            fn created(&self) -> i64 {
                self.created
            }

            fn payment_intent(&self) -> Option<&str> {
                let intent: fn(&$type) -> Option<&str> = $intent;
                intent(self)
            }

            fn metadata(&self) -> &Metadata {
                &self.metadata
            }
        }
    };
}

resource!(PaymentIntent, "payment_intent", "/v1/payment_intents", |_| None);
resource!(Charge, "charge", "/v1/charges", |charge| Some(
    &charge.payment_intent
));
resource!(Refund, "refund", "/v1/refunds", |refund| Some(
    &refund.payment_intent
));
resource!(Payout, "payout", "/v1/payouts", |_| None);
