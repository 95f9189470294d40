//! Proving that an address is the account's.

use domain::RefusalKind::Invalid;
use domain::account::Account;
use domain::accounts::{self, ChangeProfile};
use domain::email_verification::{self, RequestEmailVerification, VerifyEmail};
use events::ids::AccountId;
use events::sealed::Sealed;
use uuid::Uuid;

use crate::accounts::registration;
use crate::shop::{ANNA, BOB, Outcome, Shop, at};

fn joined() -> Shop {
    let mut shop = Shop::new();
    let command = registration(ANNA, "anna", Some("anna@example.org"));
    shop.when(|work| accounts::register(work, &command)).ok();
    shop
}

fn request(shop: &mut Shop, token_hash: &str) -> Outcome<()> {
    let command = RequestEmailVerification {
        account_id: ANNA,
        verification_id: Uuid::from_u128(1),
        token_hash: token_hash.to_owned(),
        token: Sealed("token".to_owned()),
        expires_at: at(60),
    };
    shop.when(|work| email_verification::request(work, &command))
}

fn verify(shop: &mut Shop, account_id: AccountId, token_hash: &str, minute: i64) -> Outcome<()> {
    let command = VerifyEmail {
        account_id,
        token_hash: token_hash.to_owned(),
        at: at(minute),
    };
    shop.when(|work| email_verification::verify(work, &command))
}

fn refused(outcome: Outcome<()>) {
    outcome.then_refused(Invalid, "verification_token_invalid", Some("token"));
}

#[test]
fn the_newest_link_verifies_once_until_it_expires() {
    let mut shop = joined();
    refused(verify(&mut shop, ANNA, "first", 1));
    request(&mut shop, "first").then(&["EmailVerificationRequested"]);
    request(&mut shop, "second").then(&["EmailVerificationRequested"]);
    refused(verify(&mut shop, ANNA, "first", 1));
    refused(verify(&mut shop, ANNA, "second", 60));
    // Who isn't there is told the same, so that nobody learns who is.
    refused(verify(&mut shop, BOB, "second", 1));
    assert!(!shop.look::<Account>(ANNA).email_verified());
    verify(&mut shop, ANNA, "second", 59).then(&["EmailVerified"]);
    assert!(shop.look::<Account>(ANNA).email_verified());
    refused(verify(&mut shop, ANNA, "second", 59));
    request(&mut shop, "third").then(&[]);
}

#[test]
fn another_address_is_to_be_verified_anew() {
    let change = |shop: &mut Shop, email: &str| {
        let command = ChangeProfile {
            account_id: ANNA,
            profile: Sealed("profile".to_owned()),
            email: Some((None, email.to_owned())),
            expected_version: None,
        };
        shop.when(|work| accounts::change_profile(work, &command))
    };
    let mut shop = joined();
    change(&mut shop, "a@example.org").then(&["AccountProfileChanged"]);
    request(&mut shop, "hash").ok();
    let lapses = ["AccountProfileChanged", "EmailVerificationLapsed"];
    change(&mut shop, "b@example.org").then(&lapses);
    refused(verify(&mut shop, ANNA, "hash", 1));
    request(&mut shop, "newer").ok();
    verify(&mut shop, ANNA, "newer", 1).then(&["EmailVerified"]);
    change(&mut shop, "c@example.org").then(&lapses);
    assert!(!shop.look::<Account>(ANNA).email_verified());
}
