//! An account: registered once, changed by its owner, its password reset by a token that is good once.

use std::collections::BTreeSet;

use cqrs_es::Aggregate;
use events::account::{
    AccountEvent, AccountProfileChanged, AccountRegistered, AccountRolesChanged, EmailVerificationLapsed,
    PasswordChanged, PasswordResetRequested, Role,
};
use events::ids::AccountId;
use uuid::Uuid;

use super::{Account, AccountCommand, AccountError};
use crate::RefusalKind::{Conflict, Invalid, NotFound};
use crate::given::{Then, at, given, sealed};

const ACCOUNT: AccountId = AccountId(Uuid::from_u128(1));
const RESET: Uuid = Uuid::from_u128(2);

fn registered() -> AccountRegistered {
    AccountRegistered {
        account_id: ACCOUNT,
        profile: sealed("profile"),
        password: Some(sealed("password")),
        roles: [Role::Customer].into(),
        registered_at: at(0),
    }
}

fn reset_requested(token_hash: &str) -> PasswordResetRequested {
    PasswordResetRequested {
        account_id: ACCOUNT,
        reset_id: RESET,
        token_hash: token_hash.to_owned(),
        token: sealed("token"),
        expires_at: at(60),
    }
}

fn password_changed(reset_id: Option<Uuid>) -> PasswordChanged {
    PasswordChanged {
        account_id: ACCOUNT,
        password: sealed("new password"),
        reset_id,
    }
}

fn change_roles(roles: &[Role]) -> AccountCommand {
    AccountCommand::ChangeRoles {
        roles: roles.iter().copied().collect(),
    }
}

fn request_reset() -> AccountCommand {
    AccountCommand::RequestPasswordReset {
        reset_id: RESET,
        token_hash: "hash".to_owned(),
        token: sealed("token"),
        expires_at: at(60),
    }
}

fn reset_password(token_hash: &str, minute: i64) -> AccountCommand {
    AccountCommand::ResetPassword {
        token_hash: token_hash.to_owned(),
        password: sealed("new password"),
        at: at(minute),
    }
}

fn known() -> Vec<AccountEvent> {
    vec![registered().into()]
}

#[test]
fn an_account_is_registered_once() {
    given::<Account>(vec![])
        .when(AccountCommand::Register(registered()))
        .then_expect_events(known());
    given::<Account>(known())
        .when(AccountCommand::Register(registered()))
        .then_refused(
            AccountError::AlreadyRegistered,
            (Conflict, "account_exists", None),
        );
}

#[test]
fn a_customer_of_the_past_has_no_password_until_they_claim_the_account() {
    let imported = AccountRegistered {
        password: None,
        ..registered()
    };
    let mut account = Account::default();
    account.apply(imported.into());
    assert_eq!((account.exists(), account.password()), (true, None));
    account.apply(reset_requested("hash").into());
    account.apply(password_changed(Some(RESET)).into());
    assert_eq!(account.password(), Some(&sealed("new password")));
}

#[test]
fn an_account_has_a_role() {
    let told = (Invalid, "role_missing", Some("roles"));
    let nobody = AccountRegistered {
        roles: BTreeSet::new(),
        ..registered()
    };
    given::<Account>(vec![])
        .when(AccountCommand::Register(nobody))
        .then_refused(AccountError::NoRole, told);
    given::<Account>(known())
        .when(change_roles(&[]))
        .then_refused(AccountError::NoRole, told);
}

#[test]
fn of_an_account_that_nobody_registered_nothing_can_be_changed() {
    for command in [
        AccountCommand::ChangeProfile {
            profile: sealed("new profile"),
        },
        change_roles(&[Role::Staff]),
        request_reset(),
        reset_password("hash", 1),
        AccountCommand::ChangePassword {
            password: sealed("new password"),
        },
    ] {
        given::<Account>(vec![])
            .when(command)
            .then_refused(AccountError::NotFound, (NotFound, "account_not_found", None));
    }
}

#[test]
fn the_profile_changes() {
    let profile = sealed("new profile");
    given::<Account>(known())
        .when(AccountCommand::ChangeProfile {
            profile: profile.clone(),
        })
        .then_expect_events(vec![
            AccountProfileChanged {
                account_id: ACCOUNT,
                profile,
            }
            .into(),
        ]);
}

#[test]
fn roles_change_unless_they_are_the_same() {
    let roles = BTreeSet::from([Role::Customer, Role::Seller]);
    given::<Account>(known())
        .when(change_roles(&[Role::Seller, Role::Customer]))
        .then_expect_events(vec![
            AccountRolesChanged {
                account_id: ACCOUNT,
                roles,
            }
            .into(),
        ]);
    given::<Account>(known())
        .when(change_roles(&[Role::Customer]))
        .then_nothing();
}

#[test]
fn a_password_is_changed_by_its_owner() {
    given::<Account>(known())
        .when(AccountCommand::ChangePassword {
            password: sealed("new password"),
        })
        .then_expect_events(vec![password_changed(None).into()]);
}

#[test]
fn a_reset_is_asked_for_and_carried_out() {
    given::<Account>(known())
        .when(request_reset())
        .then_expect_events(vec![reset_requested("hash").into()]);
    given::<Account>(known())
        .and(vec![reset_requested("hash").into()])
        .when(reset_password("hash", 59))
        .then_expect_events(vec![password_changed(Some(RESET)).into()]);
}

#[test]
fn a_token_is_good_once_until_it_expires_and_until_the_next() {
    let told = (Invalid, "reset_token_invalid", Some("token"));
    let asked = || AccountEvent::from(reset_requested("hash"));
    for (since, token_hash, minute) in [
        (vec![], "hash", 1),
        (vec![asked()], "another", 1),
        (vec![asked()], "hash", 60),
        (vec![asked(), password_changed(Some(RESET)).into()], "hash", 1),
        (vec![asked(), password_changed(None).into()], "hash", 1),
        (vec![asked(), reset_requested("newer").into()], "hash", 1),
    ] {
        given::<Account>(known())
            .and(since)
            .when(reset_password(token_hash, minute))
            .then_refused(AccountError::ResetTokenInvalid, told);
    }
}

/// Who reads the mail of an address that was given up could still take the account over.
#[test]
fn a_link_to_reset_the_password_dies_with_the_address_that_it_went_to() {
    let lapsed = AccountEvent::from(EmailVerificationLapsed { account_id: ACCOUNT });
    given::<Account>(known())
        .and(vec![reset_requested("hash").into()])
        .when(AccountCommand::LapseEmailVerification)
        .then_expect_events(vec![lapsed.clone()]);
    given::<Account>(known())
        .and(vec![reset_requested("hash").into(), lapsed])
        .when(reset_password("hash", 1))
        .then_refused(
            AccountError::ResetTokenInvalid,
            (Invalid, "reset_token_invalid", Some("token")),
        );
}

#[test]
fn what_it_tells_follows_the_events() {
    let mut account = Account::default();
    assert_eq!(
        (account.exists(), account.profile(), account.password()),
        (false, None, None)
    );
    account.apply(registered().into());
    assert_eq!(account.profile(), Some(&sealed("profile")));
    assert_eq!(account.password(), Some(&sealed("password")));
    assert_eq!(account.roles(), &BTreeSet::from([Role::Customer]));
    account.apply(
        AccountProfileChanged {
            account_id: ACCOUNT,
            profile: sealed("new profile"),
        }
        .into(),
    );
    account.apply(
        AccountRolesChanged {
            account_id: ACCOUNT,
            roles: [Role::Admin].into(),
        }
        .into(),
    );
    assert_eq!(account.profile(), Some(&sealed("new profile")));
    assert_eq!(account.roles(), &BTreeSet::from([Role::Admin]));
}
