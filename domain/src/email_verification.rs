//! Use cases of proving that an address is the account's. Tokens come hashed, and sealed for the email.

use chrono::{DateTime, Utc};
use events::ids::AccountId;
use events::sealed::Sealed;
use uuid::Uuid;

use crate::account::{Account, AccountCommand, AccountError};
use crate::unit_of_work::{Decision, UnitOfWork};

/// An email with a link is to go to the account's address.
#[derive(Debug, Clone)]
pub struct RequestEmailVerification {
    pub account_id: AccountId,
    pub verification_id: Uuid,
    pub token_hash: String,
    pub token: Sealed,
    pub expires_at: DateTime<Utc>,
}

/// Asks for the link; nothing happens if the address is verified.
pub fn request(work: &mut UnitOfWork, command: &RequestEmailVerification) -> Decision<()> {
    let RequestEmailVerification {
        account_id,
        verification_id,
        token_hash,
        token,
        expires_at,
    } = command.clone();
    let request = AccountCommand::RequestEmailVerification {
        verification_id,
        token_hash,
        token,
        expires_at,
    };
    work.handle::<Account>(account_id, request)
}

/// The link was followed.
#[derive(Debug, Clone)]
pub struct VerifyEmail {
    pub account_id: AccountId,
    pub token_hash: String,
    pub at: DateTime<Utc>,
}

pub fn verify(work: &mut UnitOfWork, command: &VerifyEmail) -> Decision<()> {
    let VerifyEmail {
        account_id,
        token_hash,
        at,
    } = command.clone();
    // An unknown account is told as a wrong token: the answer says nothing about who has an account.
    if !work.read::<Account>(account_id)?.exists() {
        return Err(AccountError::VerificationTokenInvalid.into());
    }
    work.handle::<Account>(account_id, AccountCommand::VerifyEmail { token_hash, at })
}
