//! Orphans as they stand now: money that moved at the payment provider and that the log doesn't account for.

use chrono::{DateTime, Utc};
use events::envelope::Position;
use events::ids::{OrphanId, PaymentId};
use events::money::Money;
use events::orphan::{OrphanKind, OrphanReason};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::payments::Refusal;
use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrphanStatus {
    /// Somebody has to look at it.
    Open,
    Refunding,
    Refunded,
    Acknowledged,
}

impl OrphanStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
            Self::Acknowledged => "acknowledged",
        }
    }
}

/// The document of an orphan, as an answer shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrphanDocument {
    pub id: OrphanId,
    pub kind: OrphanKind,
    pub reason: OrphanReason,
    pub status: OrphanStatus,
    /// The provider's name for the movement.
    pub provider_reference: String,
    /// The payment that it says it belongs to.
    pub payment_id: Option<PaymentId>,
    pub amount: Money,
    /// By the provider's clock.
    pub moved_at: DateTime<Utc>,
    pub found_at: DateTime<Utc>,
    /// What staff said when they gave it back or acknowledged it.
    pub note: Option<String>,
    /// The provider's name for the refund.
    pub refund_reference: Option<String>,
    /// Why the last try to give it back failed.
    pub failure: Option<Refusal>,
    /// The version of the orphan's stream.
    pub version: u64,
}

/// A row of `orphans`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    pub document: OrphanDocument,
    /// The position of the last event that changed the row.
    pub position: Position,
}

impl Record for Orphan {
    type Key = OrphanId;

    const TABLE: Table = Table {
        name: "orphans",
        columns: &[
            text("id"),
            text("status"),
            // Microseconds since 1970.
            int("moved_at"),
            int("version"),
            int("position"),
            // An `OrphanDocument`.
            text("doc"),
        ],
        key: 1,
        indexes: &["moved_at, id", "status, moved_at, id"],
    };

    fn key(&self) -> OrphanId {
        self.document.id
    }

    fn bind(&self, binds: &mut Binds) {
        let document = &self.document;
        binds
            .shown(document.id)
            .text(document.status.as_str())
            .time(document.moved_at)
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
