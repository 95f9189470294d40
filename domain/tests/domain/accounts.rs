//! Accounts and sessions: who somebody is, and how long they stay logged in.

use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

use domain::RefusalKind::{Conflict, Invalid, NotFound, Outdated, Unauthenticated};
use domain::account::Account;
use domain::accounts::{
    self, ChangeProfile, EMAIL_SCOPE, RefreshSession, Register, RequestPasswordReset, ResetPassword,
    USERNAME_SCOPE,
};
use domain::session::Session;
use events::account::{AccountRegistered, Role};
use events::ids::{AccountId, SessionId};
use events::sealed::Sealed;
use events::session::{SessionEnd, SessionStarted};
use uuid::Uuid;

use crate::shop::{ANNA, BOB, Outcome, Shop, at};

const SESSION: SessionId = SessionId(Uuid::from_u128(0x5E));

fn sealed(text: &str) -> Sealed {
    Sealed(text.to_owned())
}

pub fn registration(account_id: AccountId, username: &str, email: Option<&str>) -> Register {
    Register {
        registered: AccountRegistered {
            account_id,
            profile: sealed("profile"),
            password: Some(sealed("password")),
            roles: [Role::Customer].into(),
            registered_at: at(0),
        },
        username: username.to_owned(),
        email: email.map(str::to_owned),
    }
}

fn register(shop: &mut Shop, account_id: AccountId, username: &str, email: Option<&str>) -> Outcome<()> {
    let command = registration(account_id, username, email);
    shop.when(|work| accounts::register(work, &command))
}

fn logged_in(shop: &mut Shop) {
    register(shop, ANNA, "anna", Some("anna@example.org")).ok();
    start(shop, ANNA).then(&["SessionStarted"]);
}

fn start(shop: &mut Shop, account_id: AccountId) -> Outcome<BTreeSet<Role>> {
    let started = SessionStarted {
        session_id: SESSION,
        account_id,
        token_hash: "t0".to_owned(),
        expires_at: at(60),
        password_resets: shop.look::<Account>(account_id).password_resets(),
    };
    shop.when(|work| accounts::start_session(work, &started))
}

fn refresh(
    shop: &mut Shop,
    presented: &str,
    next: &str,
    minute: i64,
) -> Outcome<Option<(AccountId, BTreeSet<Role>)>> {
    let command = RefreshSession {
        session_id: SESSION,
        presented_hash: presented.to_owned(),
        token_hash: next.to_owned(),
        at: at(minute),
        expires_at: at(minute + 60),
    };
    shop.when(|work| accounts::refresh_session(work, &command))
}

#[test]
fn names_and_addresses_have_one_owner() {
    let mut shop = Shop::new();
    register(&mut shop, ANNA, "anna", Some("anna@example.org")).then(&["AccountRegistered"]);
    register(&mut shop, BOB, "anna", Some("bob@example.org")).then_taken(USERNAME_SCOPE, "anna");
    register(&mut shop, BOB, "bob", Some("anna@example.org")).then_taken(EMAIL_SCOPE, "anna@example.org");
    register(&mut shop, BOB, "bob", None).ok();
    register(&mut shop, ANNA, "anna", None).then_refused(Conflict, "account_exists", None);
}

#[test]
fn an_address_that_was_given_up_is_free() {
    let mut shop = Shop::new();
    register(&mut shop, ANNA, "anna", Some("a@example.org")).ok();
    let change = ChangeProfile {
        account_id: ANNA,
        profile: sealed("new profile"),
        email: Some((Some("a@example.org".to_owned()), "anna@example.org".to_owned())),
        expected_version: Some(1),
    };
    shop.when(|work| accounts::change_profile(work, &change))
        .then(&["AccountProfileChanged"]);
    shop.when(|work| accounts::change_profile(work, &change))
        .then_refused(Outdated, "version_mismatch", None);
    register(&mut shop, BOB, "bob", Some("a@example.org")).ok();
    assert_eq!(
        shop.claim_owner(EMAIL_SCOPE, "anna@example.org"),
        Some(&*ANNA.to_string())
    );
}

#[test]
fn an_address_of_somebody_else_is_not_taken_over() {
    let mut shop = Shop::new();
    register(&mut shop, ANNA, "anna", Some("anna@example.org")).ok();
    register(&mut shop, BOB, "bob", None).ok();
    let change = ChangeProfile {
        account_id: BOB,
        profile: sealed("new profile"),
        email: Some((None, "anna@example.org".to_owned())),
        expected_version: None,
    };
    shop.when(|work| accounts::change_profile(work, &change))
        .then_taken(EMAIL_SCOPE, "anna@example.org");
    let of_nobody = ChangeProfile {
        account_id: AccountId(Uuid::from_u128(9)),
        email: None,
        ..change
    };
    shop.when(|work| accounts::change_profile(work, &of_nobody))
        .then_refused(NotFound, "account_not_found", None);
}

#[test]
fn roles_are_given_and_seen_at_the_next_refresh() {
    let mut shop = Shop::new();
    logged_in(&mut shop);
    let roles = BTreeSet::from([Role::Customer, Role::Seller]);
    shop.when(|work| accounts::change_roles(work, ANNA, &roles))
        .then(&["AccountRolesChanged"]);
    shop.when(|work| accounts::change_roles(work, ANNA, &roles))
        .then(&[]);
    shop.when(|work| accounts::change_roles(work, ANNA, &BTreeSet::new()))
        .then_refused(Invalid, "role_missing", Some("roles"));
    assert_eq!(refresh(&mut shop, "t0", "t1", 1).ok(), Some((ANNA, roles)));
}

/// A link that Anna asks for, good for an hour, and what she does with it then.
fn forgotten(at_last: DateTime<Utc>) -> (RequestPasswordReset, ResetPassword) {
    let request = RequestPasswordReset {
        account_id: ANNA,
        reset_id: Uuid::from_u128(1),
        token_hash: "hash".to_owned(),
        token: sealed("token"),
        expires_at: at(60),
    };
    let reset = ResetPassword {
        account_id: ANNA,
        token_hash: "hash".to_owned(),
        password: sealed("new password"),
        at: at_last,
    };
    (request, reset)
}

#[test]
fn a_password_is_reset_by_the_link_in_the_email() {
    let mut shop = Shop::new();
    register(&mut shop, ANNA, "anna", None).ok();
    let (request, reset) = forgotten(at(59));
    let told = (Invalid, "reset_token_invalid", Some("token"));
    let carry_out =
        |shop: &mut Shop, reset: &ResetPassword| shop.when(|work| accounts::reset_password(work, reset));
    carry_out(&mut shop, &reset).then_refused(told.0, told.1, told.2);
    shop.when(|work| accounts::request_password_reset(work, &request))
        .then(&["PasswordResetRequested"]);
    carry_out(&mut shop, &reset).then(&["PasswordChanged"]);
    carry_out(&mut shop, &reset).then_refused(told.0, told.1, told.2);
    // Who isn't there is told the same, so that nobody learns who is.
    carry_out(
        &mut shop,
        &ResetPassword {
            account_id: BOB,
            ..reset
        },
    )
    .then_refused(told.0, told.1, told.2);
}

/// Whoever had got hold of the old password stayed logged in.
#[test]
fn a_reset_password_ends_the_sessions_from_before() {
    let mut shop = Shop::new();
    logged_in(&mut shop);
    let (request, reset) = forgotten(at(5));
    shop.when(|work| accounts::request_password_reset(work, &request))
        .ok();
    refresh(&mut shop, "t0", "t1", 4).then(&["SessionRefreshed"]);
    shop.when(|work| accounts::reset_password(work, &reset)).ok();
    assert_eq!(refresh(&mut shop, "t1", "t2", 6).then(&["SessionEnded"]), None);
    assert_eq!(shop.look::<Session>(SESSION).account_id(), None);
    let later = SessionStarted {
        session_id: SessionId(Uuid::from_u128(0x5F)),
        account_id: ANNA,
        token_hash: "u0".to_owned(),
        expires_at: at(60),
        password_resets: 1,
    };
    shop.when(|work| accounts::start_session(work, &later)).ok();
    let again = RefreshSession {
        session_id: later.session_id,
        presented_hash: "u0".to_owned(),
        token_hash: "u1".to_owned(),
        at: at(7),
        expires_at: at(60),
    };
    shop.when(|work| accounts::refresh_session(work, &again))
        .then(&["SessionRefreshed"]);
}

#[test]
fn a_session_lives_on_by_the_newest_token() {
    let mut shop = Shop::new();
    logged_in(&mut shop);
    let anna = Some((ANNA, BTreeSet::from([Role::Customer])));
    assert_eq!(
        refresh(&mut shop, "t0", "t1", 30).then(&["SessionRefreshed"]),
        anna
    );
    assert_eq!(
        refresh(&mut shop, "t1", "t2", 80).then(&["SessionRefreshed"]),
        anna
    );
    refresh(&mut shop, "t2", "t3", 140).then_refused(Unauthenticated, "session_over", None);
}

#[test]
fn a_token_used_twice_ends_the_session_for_thief_and_owner() {
    let mut shop = Shop::new();
    logged_in(&mut shop);
    refresh(&mut shop, "t0", "thief", 1).ok();
    // Accepted, so that the end is recorded; but it gives nothing.
    assert_eq!(refresh(&mut shop, "t0", "owner", 2).then(&["SessionEnded"]), None);
    for token in ["thief", "owner", "t0"] {
        refresh(&mut shop, token, "next", 3).then_refused(Unauthenticated, "session_over", None);
    }
}

#[test]
fn a_session_ends_and_stays_ended() {
    let mut shop = Shop::new();
    logged_in(&mut shop);
    let end = |shop: &mut Shop| shop.when(|work| accounts::end_session(work, SESSION, SessionEnd::LoggedOut));
    end(&mut shop).then(&["SessionEnded"]);
    end(&mut shop).then(&[]);
    refresh(&mut shop, "t0", "t1", 1).then_refused(Unauthenticated, "session_over", None);
    start(&mut shop, ANNA).then_refused(Conflict, "session_exists", None);
    assert_eq!(shop.look::<Session>(SESSION).account_id(), None);
}

#[test]
fn nobody_logs_in_to_an_account_that_is_not_there() {
    let mut shop = Shop::new();
    start(&mut shop, BOB).then_refused(NotFound, "account_not_found", None);
    refresh(&mut shop, "t0", "t1", 1).then_refused(Unauthenticated, "session_over", None);
}
