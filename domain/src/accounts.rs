//! Use cases of accounts and sessions. Passwords and tokens come hashed, personal data sealed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use events::account::{AccountRegistered, Role};
use events::ids::{AccountId, SessionId};
use events::sealed::Sealed;
use events::session::{SessionEnd, SessionStarted};
use uuid::Uuid;

use crate::account::{Account, AccountCommand, AccountError};
use crate::session::{Session, SessionCommand, SessionError};
use crate::unit_of_work::{Decision, UnitOfWork};

/// The scope of claimed email addresses, in lower case.
pub const EMAIL_SCOPE: &str = "email";
/// The scope of claimed user names, in lower case.
pub const USERNAME_SCOPE: &str = "username";

/// A person joins, or staff enter a customer of the past.
#[derive(Debug, Clone)]
pub struct Register {
    pub registered: AccountRegistered,
    /// In lower case, to be unique in the shop.
    pub username: String,
    /// In lower case, to be unique in the shop.
    pub email: Option<String>,
}

pub fn register(work: &mut UnitOfWork, command: &Register) -> Decision<()> {
    let account_id = command.registered.account_id;
    work.handle::<Account>(account_id, AccountCommand::Register(command.registered.clone()))?;
    work.claim(USERNAME_SCOPE, &command.username, account_id);
    if let Some(email) = &command.email {
        work.claim(EMAIL_SCOPE, email, account_id);
    }
    Ok(())
}

/// The owner changes name or address.
#[derive(Debug, Clone)]
pub struct ChangeProfile {
    pub account_id: AccountId,
    pub profile: Sealed,
    /// The claimed address before and after, in lower case, if it changes.
    pub email: Option<(Option<String>, String)>,
    pub expected_version: Option<u64>,
}

pub fn change_profile(work: &mut UnitOfWork, command: &ChangeProfile) -> Decision<()> {
    let account_id = command.account_id;
    work.expect_version::<Account>(account_id, command.expected_version)?;
    let profile = command.profile.clone();
    work.handle::<Account>(account_id, AccountCommand::ChangeProfile { profile })?;
    if let Some((before, after)) = &command.email {
        work.handle::<Account>(account_id, AccountCommand::LapseEmailVerification)?;
        if let Some(before) = before {
            work.release(EMAIL_SCOPE, before, account_id);
        }
        work.claim(EMAIL_SCOPE, after, account_id);
    }
    Ok(())
}

pub fn change_roles(work: &mut UnitOfWork, account_id: AccountId, roles: &BTreeSet<Role>) -> Decision<()> {
    work.handle::<Account>(account_id, AccountCommand::ChangeRoles { roles: roles.clone() })
}

/// Somebody forgot their password, or claims an imported account.
#[derive(Debug, Clone)]
pub struct RequestPasswordReset {
    pub account_id: AccountId,
    pub reset_id: Uuid,
    pub token_hash: String,
    pub token: Sealed,
    pub expires_at: DateTime<Utc>,
}

pub fn request_password_reset(work: &mut UnitOfWork, command: &RequestPasswordReset) -> Decision<()> {
    let RequestPasswordReset {
        account_id,
        reset_id,
        token_hash,
        token,
        expires_at,
    } = command.clone();
    let request = AccountCommand::RequestPasswordReset {
        reset_id,
        token_hash,
        token,
        expires_at,
    };
    work.handle::<Account>(account_id, request)
}

/// The link in the email was followed.
#[derive(Debug, Clone)]
pub struct ResetPassword {
    pub account_id: AccountId,
    pub token_hash: String,
    pub password: Sealed,
    pub at: DateTime<Utc>,
}

pub fn reset_password(work: &mut UnitOfWork, command: &ResetPassword) -> Decision<()> {
    let ResetPassword {
        account_id,
        token_hash,
        password,
        at,
    } = command.clone();
    // An unknown account is told as a wrong token: the answer says nothing about who has an account.
    if !work.read::<Account>(account_id)?.exists() {
        return Err(AccountError::ResetTokenInvalid.into());
    }
    work.handle::<Account>(
        account_id,
        AccountCommand::ResetPassword {
            token_hash,
            password,
            at,
        },
    )
}

pub fn start_session(work: &mut UnitOfWork, started: &SessionStarted) -> Decision<BTreeSet<Role>> {
    let account = work.read::<Account>(started.account_id)?;
    if !account.exists() {
        return Err(AccountError::NotFound.into());
    }
    work.handle::<Session>(started.session_id, SessionCommand::Start(started.clone()))?;
    Ok(account.roles().clone())
}

/// A refresh token is exchanged for the next one.
#[derive(Debug, Clone)]
pub struct RefreshSession {
    pub session_id: SessionId,
    pub presented_hash: String,
    pub token_hash: String,
    pub at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// The session's owner and their roles of now; `None` if the session is ended by this: the token had been used before, or
/// the password was reset since the session began.
pub fn refresh_session(
    work: &mut UnitOfWork,
    command: &RefreshSession,
) -> Decision<Option<(AccountId, BTreeSet<Role>)>> {
    let RefreshSession {
        session_id,
        presented_hash,
        token_hash,
        at,
        expires_at,
    } = command.clone();
    if is_older_than_a_reset(work, session_id)? {
        end_session(work, session_id, SessionEnd::PasswordChanged)?;
        return Ok(None);
    }
    let refresh = SessionCommand::Refresh {
        session_id,
        presented_hash,
        token_hash,
        at,
        expires_at,
    };
    work.handle::<Session>(session_id, refresh)?;
    let Some(account_id) = work.read::<Session>(session_id)?.account_id() else {
        return Ok(None);
    };
    let account = work.read::<Account>(account_id)?;
    if !account.exists() {
        return Err(SessionError::Over.into());
    }
    Ok(Some((account_id, account.roles().clone())))
}

/// Who replaces a forgotten password may do so because somebody else has it, and a session of theirs.
fn is_older_than_a_reset(work: &mut UnitOfWork, session_id: SessionId) -> Decision<bool> {
    let session = work.read::<Session>(session_id)?;
    let (account_id, seen) = (session.account_id(), session.password_resets());
    let Some(account_id) = account_id else {
        return Ok(false);
    };
    Ok(work.read::<Account>(account_id)?.password_resets() > seen)
}

pub fn end_session(work: &mut UnitOfWork, session_id: SessionId, reason: SessionEnd) -> Decision<()> {
    work.handle::<Session>(session_id, SessionCommand::End { session_id, reason })
}
