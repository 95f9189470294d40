//! What can be asked of an account.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use events::account::{AccountRegistered, Role};
use events::sealed::Sealed;
use uuid::Uuid;

#[derive(Debug, Clone)]
pub enum AccountCommand {
    Register(AccountRegistered),
    ChangeProfile {
        profile: Sealed,
    },
    ChangeRoles {
        roles: BTreeSet<Role>,
    },
    RequestPasswordReset {
        reset_id: Uuid,
        token_hash: String,
        token: Sealed,
        expires_at: DateTime<Utc>,
    },
    ResetPassword {
        token_hash: String,
        password: Sealed,
        at: DateTime<Utc>,
    },
    ChangePassword {
        password: Sealed,
    },
    /// Asking for what is verified already changes nothing.
    RequestEmailVerification {
        verification_id: Uuid,
        token_hash: String,
        token: Sealed,
        expires_at: DateTime<Utc>,
    },
    VerifyEmail {
        token_hash: String,
        at: DateTime<Utc>,
    },
    /// The address has become another: no link that went to the old one works any more.
    LapseEmailVerification,
}
