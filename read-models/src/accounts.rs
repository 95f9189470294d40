//! Accounts as their owners and the admins see them. The profile stays sealed; the password never gets here.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use events::account::Role;
use events::envelope::Position;
use events::ids::AccountId;
use events::sealed::Sealed;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::record::{self, Binds, Record, RowError};
use crate::table::{Table, int, text};

/// A row of `accounts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// An [`events::account::Profile`].
    pub profile: Sealed,
    pub roles: BTreeSet<Role>,
    pub registered_at: DateTime<Utc>,
    /// False for one that came by import and hasn't been claimed yet.
    pub has_password: bool,
    /// Whether the owner has shown that they read the mail of the address.
    pub email_verified: bool,
    /// The version of the account's stream.
    pub version: u64,
    /// The position of the last event that changed the row.
    pub position: Position,
}

impl Record for Account {
    type Key = AccountId;

    const TABLE: Table = Table {
        name: "accounts",
        columns: &[
            text("id"),
            text("profile"),
            // A JSON list.
            text("roles"),
            // Microseconds since 1970.
            int("registered_at"),
            // 0 or 1.
            int("has_password"),
            // 0 or 1.
            int("email_verified"),
            int("version"),
            int("position"),
        ],
        key: 1,
        indexes: &["registered_at, id"],
    };

    fn key(&self) -> AccountId {
        self.id
    }

    fn bind(&self, binds: &mut Binds) {
        binds
            .shown(self.id)
            .text(&self.profile.0)
            .json(&self.roles)
            .time(self.registered_at)
            .int(i64::from(self.has_password))
            .int(i64::from(self.email_verified))
            .count(self.version)
            .count(self.position);
    }

    fn read(row: &AnyRow) -> Result<Self, RowError> {
        Ok(Self {
            id: record::shown(row, "id")?,
            profile: Sealed(row.try_get("profile")?),
            roles: record::json(row, "roles")?,
            registered_at: record::time(row, "registered_at")?,
            has_password: row.try_get::<i64, _>("has_password")? != 0,
            email_verified: row.try_get::<i64, _>("email_verified")? != 0,
            version: record::count(row, "version")?,
            position: record::count(row, "position")?,
        })
    }
}
