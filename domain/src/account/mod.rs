//! An account: who somebody is to the shop, what they may do, and how they prove it.

mod command;
mod error;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::account::{
    AccountEvent, AccountProfileChanged, AccountRegistered, AccountRolesChanged, EmailVerificationLapsed,
    EmailVerificationRequested, EmailVerified, PasswordChanged, PasswordResetRequested, Role,
};
use events::ids::AccountId;
use events::sealed::Sealed;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use command::AccountCommand;
pub use error::AccountError;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PendingReset {
    reset_id: Uuid,
    token_hash: String,
    expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PendingVerification {
    verification_id: Uuid,
    token_hash: String,
    expires_at: DateTime<Utc>,
}

/// See the module. The default is an account that nobody has registered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    id: Option<AccountId>,
    roles: BTreeSet<Role>,
    profile: Option<Sealed>,
    password: Option<Sealed>,
    reset: Option<PendingReset>,
    password_resets: u32,
    email_verified: bool,
    verification: Option<PendingVerification>,
}

impl Account {
    pub fn exists(&self) -> bool {
        self.id.is_some()
    }

    pub fn roles(&self) -> &BTreeSet<Role> {
        &self.roles
    }

    pub fn profile(&self) -> Option<&Sealed> {
        self.profile.as_ref()
    }

    /// The sealed hash; missing until an imported account is claimed.
    pub fn password(&self) -> Option<&Sealed> {
        self.password.as_ref()
    }

    /// Whether a link with this token sets a new password now.
    pub fn accepts_reset(&self, token_hash: &str, at: DateTime<Utc>) -> bool {
        self.pending_reset(token_hash, at).is_some()
    }

    fn pending_reset(&self, token_hash: &str, at: DateTime<Utc>) -> Option<&PendingReset> {
        let reset = self.reset.as_ref();
        reset.filter(|reset| reset.token_hash == token_hash && at < reset.expires_at)
    }

    /// The reset whose link works, until it expires.
    pub fn pending_password_reset(&self) -> Option<Uuid> {
        self.reset.as_ref().map(|pending| pending.reset_id)
    }

    /// How often the password was reset by a link. Each reset ends the sessions that had begun before it.
    pub fn password_resets(&self) -> u32 {
        self.password_resets
    }

    /// Whether the owner has shown that they read the mail of the account's address.
    pub fn email_verified(&self) -> bool {
        self.email_verified
    }

    /// The verification whose link works, until it expires.
    pub fn pending_verification(&self) -> Option<Uuid> {
        self.verification.as_ref().map(|pending| pending.verification_id)
    }

    fn decide(&self, command: AccountCommand) -> Result<Option<AccountEvent>, AccountError> {
        if let AccountCommand::Register(registered) = command {
            return self.register(registered).map(Some);
        }
        let account_id = self.id.ok_or(AccountError::NotFound)?;
        match command {
            AccountCommand::Register(_) => Err(AccountError::AlreadyRegistered),
            AccountCommand::ChangeProfile { profile } => {
                Ok(Some(AccountProfileChanged { account_id, profile }.into()))
            }
            AccountCommand::ChangeRoles { roles } => self.change_roles(account_id, roles),
            AccountCommand::RequestPasswordReset {
                reset_id,
                token_hash,
                token,
                expires_at,
            } => Ok(Some(
                PasswordResetRequested {
                    account_id,
                    reset_id,
                    token_hash,
                    token,
                    expires_at,
                }
                .into(),
            )),
            AccountCommand::ResetPassword {
                token_hash,
                password,
                at,
            } => self
                .reset_password(account_id, &token_hash, password, at)
                .map(Some),
            AccountCommand::ChangePassword { password } => Ok(Some(
                PasswordChanged {
                    account_id,
                    password,
                    reset_id: None,
                }
                .into(),
            )),
            AccountCommand::RequestEmailVerification {
                verification_id,
                token_hash,
                token,
                expires_at,
            } => Ok((!self.email_verified).then(|| {
                EmailVerificationRequested {
                    account_id,
                    verification_id,
                    token_hash,
                    token,
                    expires_at,
                }
                .into()
            })),
            AccountCommand::VerifyEmail { token_hash, at } => {
                self.verify_email(account_id, &token_hash, at).map(Some)
            }
            AccountCommand::LapseEmailVerification => {
                let lapses = self.email_verified || self.verification.is_some() || self.reset.is_some();
                Ok(lapses.then(|| EmailVerificationLapsed { account_id }.into()))
            }
        }
    }

    fn register(&self, registered: AccountRegistered) -> Result<AccountEvent, AccountError> {
        if self.exists() {
            return Err(AccountError::AlreadyRegistered);
        }
        if registered.roles.is_empty() {
            return Err(AccountError::NoRole);
        }
        Ok(registered.into())
    }

    fn change_roles(
        &self,
        account_id: AccountId,
        roles: BTreeSet<Role>,
    ) -> Result<Option<AccountEvent>, AccountError> {
        if roles.is_empty() {
            return Err(AccountError::NoRole);
        }
        Ok((roles != self.roles).then(|| AccountRolesChanged { account_id, roles }.into()))
    }

    fn verify_email(
        &self,
        account_id: AccountId,
        token_hash: &str,
        at: DateTime<Utc>,
    ) -> Result<AccountEvent, AccountError> {
        let pending = self
            .verification
            .as_ref()
            .filter(|pending| pending.token_hash == token_hash && at < pending.expires_at)
            .ok_or(AccountError::VerificationTokenInvalid)?;
        Ok(EmailVerified {
            account_id,
            verification_id: pending.verification_id,
            verified_at: at,
        }
        .into())
    }

    fn reset_password(
        &self,
        account_id: AccountId,
        token_hash: &str,
        password: Sealed,
        at: DateTime<Utc>,
    ) -> Result<AccountEvent, AccountError> {
        let reset = self
            .pending_reset(token_hash, at)
            .ok_or(AccountError::ResetTokenInvalid)?;
        Ok(PasswordChanged {
            account_id,
            password,
            reset_id: Some(reset.reset_id),
        }
        .into())
    }
}

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = AccountError;
    type Services = ();

    async fn handle(
        &mut self,
        command: AccountCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), AccountError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::AccountRegistered(event) => {
                self.id = Some(event.account_id);
                self.roles = event.roles;
                self.profile = Some(event.profile);
                self.password = event.password;
            }
            AccountEvent::AccountProfileChanged(event) => self.profile = Some(event.profile),
            AccountEvent::AccountRolesChanged(event) => self.roles = event.roles,
            AccountEvent::PasswordResetRequested(event) => {
                self.reset = Some(PendingReset {
                    reset_id: event.reset_id,
                    token_hash: event.token_hash,
                    expires_at: event.expires_at,
                });
            }
            AccountEvent::PasswordChanged(event) => {
                self.password = Some(event.password);
                self.reset = None;
                self.password_resets = self
                    .password_resets
                    .saturating_add(event.reset_id.map_or(0, |_| 1));
            }
            AccountEvent::EmailVerificationRequested(event) => {
                self.verification = Some(PendingVerification {
                    verification_id: event.verification_id,
                    token_hash: event.token_hash,
                    expires_at: event.expires_at,
                });
            }
            AccountEvent::EmailVerified(_) => {
                self.email_verified = true;
                self.verification = None;
            }
            AccountEvent::EmailVerificationLapsed(_) => {
                self.email_verified = false;
                self.verification = None;
                // A link to reset the password went to the old address, too.
                self.reset = None;
            }
        }
    }
}
