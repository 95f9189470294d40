//! What can be asked of an account's API keys. Keys come as their SHA-256 in hex, never as themselves.

use chrono::{DateTime, Utc};
use events::api_key::ApiKeyIssued;
use events::ids::ApiKeyId;

#[derive(Debug, Clone)]
pub enum ApiKeyCommand {
    Issue(ApiKeyIssued),
    /// Does nothing if its use was noted on the same day.
    NoteUse {
        key_id: ApiKeyId,
        at: DateTime<Utc>,
    },
    Revoke {
        key_id: ApiKeyId,
        at: DateTime<Utc>,
    },
}
