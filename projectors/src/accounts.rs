//! Accounts, from their own events.

use events::Event;
use events::account::{AccountEvent, AccountRegistered};
use events::ids::AccountId;
use read_models::accounts::Account;
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct Accounts;

impl Projection for Accounts {
    const VIEW: ViewName = ViewName::Accounts;
    type Row = Account;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<AccountId> {
        let Event::Account(event) = event else {
            return Vec::new();
        };
        vec![match event {
            AccountEvent::AccountRegistered(e) => e.account_id,
            AccountEvent::AccountProfileChanged(e) => e.account_id,
            AccountEvent::AccountRolesChanged(e) => e.account_id,
            AccountEvent::PasswordResetRequested(e) => e.account_id,
            AccountEvent::PasswordChanged(e) => e.account_id,
            AccountEvent::EmailVerificationRequested(e) => e.account_id,
            AccountEvent::EmailVerified(e) => e.account_id,
            AccountEvent::EmailVerificationLapsed(e) => e.account_id,
        }]
    }

    fn apply(_: &AccountId, row: Option<Account>, fact: &Fact, _: &mut Vec<NoEntries>) -> Option<Account> {
        let Event::Account(event) = &fact.event else {
            return row;
        };
        if let AccountEvent::AccountRegistered(e) = event {
            return Some(registered(e, fact));
        }
        // A stream begins with the registration; without it there is nothing to change.
        let mut account = row?;
        match event {
            AccountEvent::AccountProfileChanged(e) => account.profile = e.profile.clone(),
            AccountEvent::AccountRolesChanged(e) => account.roles.clone_from(&e.roles),
            AccountEvent::PasswordChanged(_) => account.has_password = true,
            AccountEvent::EmailVerified(_) => account.email_verified = true,
            AccountEvent::EmailVerificationLapsed(_) => account.email_verified = false,
            AccountEvent::PasswordResetRequested(_)
            | AccountEvent::EmailVerificationRequested(_)
            | AccountEvent::AccountRegistered(_) => {}
        }
        account.version = fact.version;
        account.position = fact.position;
        Some(account)
    }
}

fn registered(event: &AccountRegistered, fact: &Fact) -> Account {
    Account {
        id: event.account_id,
        profile: event.profile.clone(),
        roles: event.roles.clone(),
        registered_at: event.registered_at,
        has_password: event.password.is_some(),
        email_verified: false,
        version: fact.version,
        position: fact.position,
    }
}
