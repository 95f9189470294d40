//! Facts about API keys: what a program of somebody's calls with in their stead. Of the key itself there is only its hash.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{AccountId, ApiKeyId};

/// A part of the API that a key may be used for. What its account may do there is asked besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    /// One's own products as a whole: the export, their history, what is sold and unsold.
    #[serde(rename = "catalogue:read")]
    CatalogueRead,
    /// Products, their images, prices and stock, categories.
    #[serde(rename = "catalogue:write")]
    CatalogueWrite,
    /// Orders with where they go to, and their payments.
    #[serde(rename = "orders:read")]
    OrdersRead,
    /// What becomes of orders: cancelled, shipped, delivered, returned, refunded, credited.
    #[serde(rename = "orders:write")]
    OrdersWrite,
    /// What became of it all: every report, the dashboard, and the branches that reports speak of.
    #[serde(rename = "reports:read")]
    ReportsRead,
}

impl Scope {
    pub const ALL: [Self; 5] = [
        Self::CatalogueRead,
        Self::CatalogueWrite,
        Self::OrdersRead,
        Self::OrdersWrite,
        Self::ReportsRead,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::CatalogueRead => "catalogue:read",
            Self::CatalogueWrite => "catalogue:write",
            Self::OrdersRead => "orders:read",
            Self::OrdersWrite => "orders:write",
            Self::ReportsRead => "reports:read",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no scope: {}", Scope::ALL.map(Scope::as_str).join(", "))]
pub struct ScopeError {
    text: String,
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| ScopeError {
            text: text.to_owned(),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiKeyIssued {
    pub key_id: ApiKeyId,
    pub account_id: AccountId,
    /// What its owner calls it.
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    /// SHA-256 of the key, in hex.
    pub key_hash: String,
    pub issued_at: DateTime<Utc>,
    /// For ever if missing.
    pub expires_at: Option<DateTime<Utc>>,
}

/// It was used for a command; told at most once a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiKeyUsed {
    pub key_id: ApiKeyId,
    pub account_id: AccountId,
    pub used_at: DateTime<Utc>,
}

/// It is good no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiKeyRevoked {
    pub key_id: ApiKeyId,
    pub account_id: AccountId,
    pub revoked_at: DateTime<Utc>,
}

events! {
    /// What happens to the API keys of an account.
    ApiKeyEvent {
        ApiKeyIssued = 1,
        ApiKeyUsed = 1,
        ApiKeyRevoked = 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_found_by_the_names_that_the_log_has() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        }
        assert!("catalogue".parse::<Scope>().is_err());
    }
}
