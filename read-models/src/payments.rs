//! Payments as they stand now. The card's token never gets here.

use chrono::{DateTime, Utc};
use events::envelope::Position;
use events::ids::{AccountId, AttemptId, PaymentId, RefundId};
use events::money::Money;
use events::payment::Purpose;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    Processing,
    Settled,
    Declined,
    Cancelled,
    PartiallyRefunded,
    Refunded,
}

impl PaymentStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Settled => "settled",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }
}

/// How it is paid, without what it is paid with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodKind {
    Card,
    Wallet,
    External,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    Processing,
    Settled,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub id: RefundId,
    pub amount: Money,
    pub status: RefundStatus,
    pub reason: String,
    pub provider_reference: Option<String>,
    pub failure: Option<Refusal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptStatus {
    Processing,
    Settled,
    Declined,
    /// Called off before it was known to have succeeded.
    Cancelled,
}

/// One try to be paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Missing where no provider was asked.
    pub id: Option<AttemptId>,
    pub method: MethodKind,
    pub status: AttemptStatus,
    pub started_at: DateTime<Utc>,
    /// When its outcome was known.
    pub ended_at: Option<DateTime<Utc>>,
    pub decline: Option<Refusal>,
}

/// What the provider said when it said no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Such as `card_declined`.
    pub code: String,
    pub message: String,
}

/// The document of a payment, as an answer shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDocument {
    pub id: PaymentId,
    pub purpose: Purpose,
    pub customer: Option<AccountId>,
    pub amount: Money,
    pub method: MethodKind,
    pub status: PaymentStatus,
    /// The provider's name for the charge, or what staff noted.
    pub provider_reference: Option<String>,
    /// Why the last attempt was declined; missing once it has been settled or is tried again.
    pub decline: Option<Refusal>,
    /// The newest ones, oldest first.
    pub attempts: Vec<Attempt>,
    /// What was given back so far, over all settled refunds.
    pub refunded: Money,
    pub refunds: Vec<Refund>,
    pub created_at: DateTime<Utc>,
    pub settled_at: Option<DateTime<Utc>>,
    /// The version of the payment's stream.
    pub version: u64,
}

/// A row of `payments`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub document: PaymentDocument,
    /// The position of the last event that changed the row.
    pub position: Position,
}

impl Record for Payment {
    type Key = PaymentId;

    const TABLE: Table = Table {
        name: "payments",
        columns: &[
            text("id"),
            // `order` or `deposit`.
            text("purpose"),
            // The order's or the account's id.
            text("purpose_id"),
            text("customer").or_null(),
            text("status"),
            // Microseconds since 1970.
            int("created_at"),
            int("version"),
            int("position"),
            // A `PaymentDocument`.
            text("doc"),
        ],
        key: 1,
        indexes: &[
            "created_at, id",
            "customer, created_at, id",
            "status, created_at, id",
            "purpose_id",
        ],
    };

    fn key(&self) -> PaymentId {
        self.document.id
    }

    fn bind(&self, binds: &mut Binds) {
        let document = &self.document;
        let (purpose, purpose_id) = match document.purpose {
            Purpose::Order(order) => ("order", order.to_string()),
            Purpose::Deposit(account) => ("deposit", account.to_string()),
        };
        binds
            .shown(document.id)
            .text(purpose)
            .text(purpose_id)
            .shown_or_null(document.customer)
            .text(document.status.as_str())
            .time(document.created_at)
            .count(document.version)
            .count(self.position)
            .json(document);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            document: record::json(row, "doc")?,
            position: record::count(row, "position")?,
        })
    }
}
