//! What can be asked of a session. Tokens come as their SHA-256 in hex, never as themselves.

use chrono::{DateTime, Utc};
use events::ids::SessionId;
use events::session::{SessionEnd, SessionStarted};

#[derive(Debug, Clone)]
pub enum SessionCommand {
    Start(SessionStarted),
    Refresh {
        session_id: SessionId,
        presented_hash: String,
        token_hash: String,
        at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    },
    /// Ending what is over changes nothing.
    End {
        session_id: SessionId,
        reason: SessionEnd,
    },
}
