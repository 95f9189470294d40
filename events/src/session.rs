//! Facts about sessions: a login, and the refresh tokens that descend from it one by one.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{AccountId, SessionId};

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    LoggedOut,
    /// A refresh token was used a second time, so somebody else holds a copy.
    TokenReused,
    PasswordChanged,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionStarted {
    pub session_id: SessionId,
    pub account_id: AccountId,
    /// SHA-256 of the refresh token, in hex.
    pub token_hash: String,
    pub expires_at: DateTime<Utc>,
    /// How often the account's password had been reset when it was asked for: whoever forgets it later and resets it
    /// ends the session.
    pub password_resets: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionRefreshed {
    pub session_id: SessionId,
    pub account_id: AccountId,
    /// SHA-256 of the refresh token that is valid from now on, in hex.
    pub token_hash: String,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionEnded {
    pub session_id: SessionId,
    pub account_id: AccountId,
    pub reason: SessionEnd,
}

events! {
    /// What happens to a session.
    SessionEvent {
        SessionStarted = 2,
        SessionRefreshed = 1,
        SessionEnded = 1,
    }
}
