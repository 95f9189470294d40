//! API keys as their owners see them, and as the query API checks them. Of a key there is only its hash, and that
//! only while it hasn't been revoked.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use events::api_key::Scope;
use events::envelope::Position;
use events::ids::{AccountId, ApiKeyId};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

/// A row of `api_keys`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub account: AccountId,
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    /// SHA-256, in hex; empty once the key is revoked.
    pub hash: String,
    pub issued_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// The latest command with it that was noted: at most one a day is.
    pub used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// The position at which it was issued: its place in the list.
    pub position: Position,
}

impl ApiKey {
    /// Whether the key with this hash is this one, and good at this time.
    pub fn is_good(&self, hash: &str, now: DateTime<Utc>) -> bool {
        let expired = self.expires_at.is_some_and(|end| now >= end);
        self.revoked_at.is_none() && !expired && self.hash == hash
    }
}

impl Record for ApiKey {
    type Key = ApiKeyId;

    const TABLE: Table = Table {
        name: "api_keys",
        columns: &[
            text("id"),
            text("account"),
            text("name"),
            // A JSON list.
            text("scopes"),
            text("hash"),
            // These four: microseconds since 1970.
            int("issued_at"),
            int("expires_at").or_null(),
            int("used_at").or_null(),
            int("revoked_at").or_null(),
            int("position"),
        ],
        key: 1,
        indexes: &["account, position"],
    };

    fn key(&self) -> ApiKeyId {
        self.id
    }

    fn bind(&self, binds: &mut Binds) {
        let micros = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp_micros());
        binds
            .shown(self.id)
            .shown(self.account)
            .text(&self.name)
            .json(&self.scopes)
            .text(&self.hash)
            .time(self.issued_at)
            .int_or_null(micros(self.expires_at))
            .int_or_null(micros(self.used_at))
            .int_or_null(micros(self.revoked_at))
            .count(self.position);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            id: record::shown(row, "id")?,
            account: record::shown(row, "account")?,
            name: row.try_get("name")?,
            scopes: record::json(row, "scopes")?,
            hash: row.try_get("hash")?,
            issued_at: record::time(row, "issued_at")?,
            expires_at: record::time_or_null(row, "expires_at")?,
            used_at: record::time_or_null(row, "used_at")?,
            revoked_at: record::time_or_null(row, "revoked_at")?,
            position: record::count(row, "position")?,
        })
    }
}
