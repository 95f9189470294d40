//! Facts about accounts. Names, addresses and password hashes are sealed with the person's own key.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::events;
use crate::ids::AccountId;
use crate::sealed::Sealed;

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys.
    Customer,
    /// Lists products of their own.
    Seller,
    /// Runs the shop: catalogue, stock, fulfilment, history.
    Staff,
    /// Everything, and the roles of others.
    Admin,
    /// A branch of the chain, as it calls headquarters.
    Branch,
}

impl Role {
    pub const ALL: [Self; 5] = [
        Self::Customer,
        Self::Seller,
        Self::Staff,
        Self::Admin,
        Self::Branch,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Seller => "seller",
            Self::Staff => "staff",
            Self::Admin => "admin",
            Self::Branch => "branch",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no role: customer, seller, staff, admin or branch")]
pub struct RoleError {
    text: String,
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| RoleError {
                text: text.to_owned(),
            })
    }
}

/// What a sealed profile holds once it is opened, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    pub username: String,
    /// Missing for an imported customer whose address isn't known.
    pub email: Option<String>,
    #[serde(default)]
    pub first_name: String,
    #[serde(default)]
    pub last_name: String,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile(…)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountRegistered {
    pub account_id: AccountId,
    /// A [`Profile`].
    pub profile: Sealed,
    /// An argon2id hash in PHC form; missing for a customer who came by import and claims the account later.
    pub password: Option<Sealed>,
    pub roles: BTreeSet<Role>,
    pub registered_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountProfileChanged {
    pub account_id: AccountId,
    pub profile: Sealed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountRolesChanged {
    pub account_id: AccountId,
    pub roles: BTreeSet<Role>,
}

/// A link to set a new password was asked for. The last one asked for is the one that works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PasswordResetRequested {
    pub account_id: AccountId,
    pub reset_id: Uuid,
    /// SHA-256 of the token, in hex.
    pub token_hash: String,
    /// The token itself, for the email.
    pub token: Sealed,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PasswordChanged {
    pub account_id: AccountId,
    /// An argon2id hash in PHC form.
    pub password: Sealed,
    /// The reset that allowed it, unless the owner changed it while logged in.
    pub reset_id: Option<Uuid>,
}

/// A link to prove that the address is the account's was asked for: by the registration, by a change of the address, or
/// anew. The last one asked for is the one that works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EmailVerificationRequested {
    pub account_id: AccountId,
    pub verification_id: Uuid,
    /// SHA-256 of the token, in hex.
    pub token_hash: String,
    /// The token itself, for the email.
    pub token: Sealed,
    pub expires_at: DateTime<Utc>,
}

/// The link was followed: whoever has the account reads the mail of its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EmailVerified {
    pub account_id: AccountId,
    pub verification_id: Uuid,
    pub verified_at: DateTime<Utc>,
}

/// The address has become another: what was proved, or asked for, of the old one counts no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EmailVerificationLapsed {
    pub account_id: AccountId,
}

events! {
    /// What happens to an account.
    AccountEvent {
        AccountRegistered = 1,
        AccountProfileChanged = 1,
        AccountRolesChanged = 1,
        PasswordResetRequested = 1,
        PasswordChanged = 1,
        EmailVerificationRequested = 1,
        EmailVerified = 1,
        EmailVerificationLapsed = 1,
    }
}
