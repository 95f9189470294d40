//! What can be asked of a branch.

use chrono::{DateTime, Utc};
use events::branch::{BranchProfile, BranchRegistered};

#[derive(Debug, Clone)]
pub enum BranchCommand {
    Register(BranchRegistered),
    /// What is the same as before changes nothing.
    Edit {
        profile: BranchProfile,
    },
    RotateToken {
        token_hash: String,
        at: DateTime<Utc>,
    },
    /// Revoking what is revoked changes nothing.
    RevokeToken {
        at: DateTime<Utc>,
    },
}
