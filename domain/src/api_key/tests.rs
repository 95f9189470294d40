//! API keys: issued, used, expired, revoked, and never too many.

use std::collections::BTreeSet;

use events::api_key::{ApiKeyEvent, ApiKeyIssued, ApiKeyRevoked, ApiKeyUsed, Scope};
use events::ids::{AccountId, ApiKeyId};
use uuid::Uuid;

use super::{ApiKeyCommand, ApiKeyError, ApiKeys, KEYS_MAX, NAME_MAX_CHARS};
use crate::RefusalKind::{Conflict, Invalid, NotFound};
use crate::given::{Then, after, at, given};

const OWNER: AccountId = AccountId(Uuid::from_u128(1));

fn key(n: usize) -> ApiKeyId {
    ApiKeyId(Uuid::from_u128(n as u128))
}

/// Key `n`, issued in minute 0, good until minute `until` if that is given.
fn issued(n: usize, until: Option<i64>) -> ApiKeyIssued {
    ApiKeyIssued {
        key_id: key(n),
        account_id: OWNER,
        name: "warehouse".to_owned(),
        scopes: BTreeSet::from([Scope::CatalogueWrite]),
        key_hash: format!("hash {n}"),
        issued_at: at(0),
        expires_at: until.map(at),
    }
}

fn revoked(n: usize) -> ApiKeyEvent {
    let (key_id, account_id, revoked_at) = (key(n), OWNER, at(5));
    ApiKeyRevoked {
        key_id,
        account_id,
        revoked_at,
    }
    .into()
}

fn used(n: usize, minute: i64) -> ApiKeyEvent {
    let (key_id, account_id, used_at) = (key(n), OWNER, at(minute));
    ApiKeyUsed {
        key_id,
        account_id,
        used_at,
    }
    .into()
}

fn refused(issue: ApiKeyIssued, error: ApiKeyError, code: &'static str, field: &str) {
    given::<ApiKeys>(vec![])
        .when(ApiKeyCommand::Issue(issue))
        .then_refused(error, (Invalid, code, Some(field)));
}

#[test]
fn a_key_is_good_under_its_hash_until_it_expires_or_is_revoked() {
    let keys: ApiKeys = after([issued(1, Some(10)).into(), issued(2, None).into()]);
    let good = |n, hash, minute| keys.good(key(n), hash, at(minute)).is_some();
    assert!(good(1, "hash 1", 9) && good(2, "hash 2", 1_000_000));
    assert!(!good(1, "hash 1", 10), "expired");
    assert!(!good(1, "hash 2", 9), "another's hash");
    assert!(!good(3, "hash 3", 9), "never issued");
    let keys: ApiKeys = after([issued(1, None).into(), revoked(1)]);
    assert_eq!(keys.good(key(1), "hash 1", at(6)), None);
}

#[test]
fn what_makes_no_key_is_refused() {
    let named = |name: String| ApiKeyIssued {
        name,
        ..issued(1, None)
    };
    let wrong_name = || ApiKeyError::Name {
        max_chars: NAME_MAX_CHARS,
    };
    refused(
        named(" ".to_owned()),
        wrong_name(),
        "api_key_name_invalid",
        "name",
    );
    refused(
        named("x".repeat(101)),
        wrong_name(),
        "api_key_name_invalid",
        "name",
    );
    let without = ApiKeyIssued {
        scopes: BTreeSet::new(),
        ..issued(1, None)
    };
    refused(without, ApiKeyError::NoScope, "scopes_missing", "scopes");
    refused(
        issued(1, Some(0)),
        ApiKeyError::ExpiresInThePast,
        "expires_in_the_past",
        "expires_at",
    );
}

#[test]
fn there_are_so_many_keys_and_no_more_that_are_good() {
    let full = |until| (0..KEYS_MAX).map(|n| issued(n, until).into()).collect::<Vec<_>>();
    let one_more = || ApiKeyIssued {
        issued_at: at(20),
        ..issued(99, None)
    };
    given::<ApiKeys>(full(None))
        .when(ApiKeyCommand::Issue(one_more()))
        .then_refused(
            ApiKeyError::TooMany { max: KEYS_MAX },
            (Conflict, "api_key_count", None),
        );
    let room = full(None).into_iter().chain([revoked(7)]).collect();
    for history in [room, full(Some(10))] {
        given::<ApiKeys>(history)
            .when(ApiKeyCommand::Issue(one_more()))
            .then_expect_events(vec![one_more().into()]);
    }
}

#[test]
fn a_use_is_noted_once_a_day() {
    let note = |minute| ApiKeyCommand::NoteUse {
        key_id: key(1),
        at: at(minute),
    };
    let day = 24 * 60;
    given::<ApiKeys>(vec![issued(1, None).into()])
        .when(note(1))
        .then_expect_events(vec![used(1, 1)]);
    given::<ApiKeys>(vec![issued(1, None).into(), used(1, 1)])
        .when(note(2))
        .then_nothing();
    given::<ApiKeys>(vec![issued(1, None).into(), used(1, 1)])
        .when(note(day))
        .then_expect_events(vec![used(1, day)]);
    let keys: ApiKeys = after([issued(1, None).into(), used(1, 1)]);
    assert!(!keys.good(key(1), "hash 1", at(2)).unwrap().is_news);
    assert!(keys.good(key(1), "hash 1", at(day)).unwrap().is_news);
}

#[test]
fn a_key_is_revoked_once() {
    let revoke = || ApiKeyCommand::Revoke {
        key_id: key(1),
        at: at(5),
    };
    given::<ApiKeys>(vec![issued(1, None).into()])
        .when(revoke())
        .then_expect_events(vec![revoked(1)]);
    given::<ApiKeys>(vec![issued(1, None).into(), revoked(1)])
        .when(revoke())
        .then_refused(ApiKeyError::NotFound, (NotFound, "api_key_not_found", None));
}
