//! Logging in and staying logged in, and getting a new password.

use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Answer, PASSWORD, Person, Shop, payload};

async fn log_in(shop: &Shop, login: &str, password: &str) -> Answer {
    let body = json!({"login": login, "password": password});
    shop.post("/api/auth/login").json(&body).await
}

async fn refresh(shop: &Shop, token: &str) -> Answer {
    let body = json!({"refresh_token": token});
    shop.post("/api/auth/refresh").json(&body).await
}

#[tokio::test]
async fn a_login_begins_a_session_by_name_or_address() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let head = shop.head().await;
    for login in [
        ann.username.to_uppercase(),
        format!("{}@Example.org", ann.username),
    ] {
        let answer = log_in(&shop, &login, PASSWORD).await.expect(200);
        assert_eq!(answer.body["token_type"], "Bearer");
        assert_eq!(answer.body["expires_in_s"], 900);
        assert_eq!(answer.body["account_id"], ann.id.as_str());
        assert_eq!(answer.body["roles"], json!(["customer", "seller"]));
        assert_eq!(answer.position(), shop.head().await);
    }
    let events = shop.events_after(head).await;
    assert_eq!(shop.types_after(head).await, ["SessionStarted", "SessionStarted"]);
    let answer = log_in(&shop, &ann.username, PASSWORD).await.expect(200);
    let token = answer.text("refresh_token");
    assert!(
        !events
            .iter()
            .any(|event| event.payload.contains(token.split_once('.').unwrap().1))
    );
    assert_eq!(payload(&events[0])["token_hash"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_are_the_same_error() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let head = shop.head().await;
    let wrong_password = log_in(&shop, &ann.username, "wrong horse battery")
        .await
        .refused(401, "credentials_wrong");
    let wrong_name = log_in(&shop, "nobody-at-all", PASSWORD)
        .await
        .refused(401, "credentials_wrong");
    assert_eq!(wrong_password.body, wrong_name.body);
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn who_guesses_has_to_wait() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person().await, shop.person().await);
    let guesses = join_all((0..30).map(|n| {
        let (shop, name) = (&shop, &ann.username);
        async move { log_in(shop, name, &format!("wrong password {n}")).await }
    }));
    let mut statuses: Vec<_> = guesses
        .await
        .into_iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!((statuses[9], statuses[10]), (401, 429));
    let answer = log_in(&shop, &ann.username, PASSWORD)
        .await
        .refused(429, "too_many_requests");
    assert_eq!(
        answer.headers["retry-after"].to_str().unwrap(),
        answer.body["retry_after"].to_string()
    );
    log_in(&shop, &bob.username, PASSWORD).await.expect(200);
    shop.pass(TimeDelta::minutes(15));
    log_in(&shop, &ann.username, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_copy_ends_the_session() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let head = shop.head().await;
    let second = refresh(&shop, &ann.refresh_token)
        .await
        .expect(200)
        .text("refresh_token");
    let third = refresh(&shop, &second).await.expect(200).text("refresh_token");
    refresh(&shop, &second).await.refused(401, "session_over");
    refresh(&shop, &third).await.refused(401, "session_over");
    let types = shop.types_after(head).await;
    assert_eq!(types, ["SessionRefreshed", "SessionRefreshed", "SessionEnded"]);
    let ended = shop.events_after(head + 2).await;
    assert_eq!(payload(&ended[0])["reason"], "token_reused");
    for wrong in ["", "x.y", &format!("{}.AAAA", uuid::Uuid::now_v7())] {
        refresh(&shop, wrong).await.refused(401, "session_over");
    }
}

#[tokio::test]
async fn a_session_that_is_not_used_runs_out() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    shop.pass(TimeDelta::days(29));
    let token = refresh(&shop, &ann.refresh_token)
        .await
        .expect(200)
        .text("refresh_token");
    shop.pass(TimeDelta::days(30));
    refresh(&shop, &token).await.refused(401, "session_over");
}

#[tokio::test]
async fn who_logs_out_is_out() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let body = json!({"refresh_token": ann.refresh_token});
    for _ in 0..2 {
        let answer = shop.post("/api/auth/logout").json(&body).await.expect(204);
        assert_eq!(answer.position(), shop.head().await);
    }
    refresh(&shop, &ann.refresh_token)
        .await
        .refused(401, "session_over");
    let body = json!({"refresh_token": "x"});
    shop.post("/api/auth/logout")
        .json(&body)
        .await
        .refused(401, "session_over");
}

#[tokio::test]
async fn a_password_changes_for_who_knows_the_old_one() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let change = |old: &str, new: &str| {
        let body = json!({"old_password": old, "new_password": new});
        shop.put("/api/users/me/password").by(&ann).json(&body)
    };
    let head = shop.head().await;
    change("wrong horse battery", "another password")
        .await
        .refused(401, "credentials_wrong");
    change(PASSWORD, "short")
        .await
        .refused_field("new_password", "password_length");
    change(PASSWORD, &ann.username.to_uppercase())
        .await
        .refused_field("new_password", "password_obvious");
    assert_eq!(shop.head().await, head);
    // The old password is wrong by the second time, and the answer is the same.
    let first = change(PASSWORD, "another password").key("k").await.expect(204);
    let second = change(PASSWORD, "another password").key("k").await.expect(204);
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert_eq!(second.position(), first.position());
    assert_eq!(shop.types_after(head).await, ["PasswordChanged"]);
    log_in(&shop, &ann.username, PASSWORD)
        .await
        .refused(401, "credentials_wrong");
    log_in(&shop, &ann.username, "another password").await.expect(200);
}

/// The token in the link that the newest email of this account would have.
async fn reset_token(shop: &Shop, account_id: &str) -> String {
    let events = shop.events_of(&format!("account-{account_id}")).await;
    let requested = events
        .iter()
        .rfind(|event| event.event_type == "PasswordResetRequested")
        .unwrap();
    shop.unseal(account_id, &payload(requested)["token"]).await
}

async fn forget(shop: &Shop, person: &Person) -> Answer {
    let body = json!({"email": format!("{}@EXAMPLE.org", person.username)});
    shop.post("/api/auth/password/forgot").json(&body).await
}

async fn reset(shop: &Shop, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "password": password});
    shop.post("/api/auth/password/reset").json(&body).await
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_once() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let answer = forget(&shop, &ann).await.expect(202);
    let unknown = json!({"email": "nobody@example.org"});
    let other = shop
        .post("/api/auth/password/forgot")
        .json(&unknown)
        .await
        .expect(202);
    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!((names(&answer), &answer.body), (names(&other), &Value::Null));
    let token = reset_token(&shop, &ann.id).await;
    let head = shop.head().await;
    reset(&shop, &token, "short")
        .await
        .refused_field("password", "password_length");
    let mut forged = token.clone();
    forged.replace_range(token.len() - 3.., "AAA");
    reset(&shop, &forged, "another password")
        .await
        .refused_field("token", "reset_token_invalid");
    reset(&shop, "nonsense", "another password")
        .await
        .refused_field("token", "reset_token_invalid");
    let random = token.split_once('.').unwrap().1;
    let of_nobody = format!("{}.{random}", uuid::Uuid::now_v7());
    reset(&shop, &of_nobody, "another password")
        .await
        .refused_field("token", "reset_token_invalid");
    assert_eq!(shop.head().await, head);
    reset(&shop, &token, "another password").await.expect(204);
    reset(&shop, &token, "a third password")
        .await
        .refused_field("token", "reset_token_invalid");
    log_in(&shop, &ann.username, PASSWORD)
        .await
        .refused(401, "credentials_wrong");
    // Whoever had the old one may have a session, too.
    refresh(&shop, &ann.refresh_token)
        .await
        .refused(401, "session_over");
    let anew = log_in(&shop, &ann.username, "another password").await.expect(200);
    refresh(&shop, &anew.text("refresh_token")).await.expect(200);
}

/// An account's id is no secret, and the answer told whether its address had been guessed.
#[tokio::test]
async fn who_has_no_link_learns_nothing_of_the_account() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let (bob, head) = (shop.person().await, shop.head().await);
    let random = bob.refresh_token.split_once('.').unwrap().1;
    let no_link = format!("{}.{random}", ann.id);
    for guess in [
        format!("{}@example.org", ann.username),
        "another password".to_owned(),
        "short".to_owned(),
    ] {
        reset(&shop, &no_link, &guess)
            .await
            .refused_field("token", "reset_token_invalid");
    }
    assert_eq!(shop.head().await, head);
}

/// Whoever had got hold of the old password stayed logged in for as long as they liked.
#[tokio::test]
async fn a_reset_password_logs_everybody_out() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    forget(&shop, &ann).await.expect(202);
    let token = reset_token(&shop, &ann.id).await;
    reset(&shop, &token, "another password").await.expect(204);
    let head = shop.head().await;
    refresh(&shop, &ann.refresh_token)
        .await
        .refused(401, "session_over");
    let ended = shop.events_after(head).await;
    assert_eq!(payload(&ended[0])["reason"], "password_changed");
    let again = log_in(&shop, &ann.username, "another password")
        .await
        .expect(200)
        .text("refresh_token");
    refresh(&shop, &again).await.expect(200);
}

#[tokio::test]
async fn a_link_works_for_an_hour_and_only_the_newest() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    forget(&shop, &ann).await.expect(202);
    let first = reset_token(&shop, &ann.id).await;
    forget(&shop, &ann).await.expect(202);
    let second = reset_token(&shop, &ann.id).await;
    reset(&shop, &first, "another password")
        .await
        .refused_field("token", "reset_token_invalid");
    shop.pass(TimeDelta::minutes(61));
    reset(&shop, &second, "another password")
        .await
        .refused_field("token", "reset_token_invalid");
}

#[tokio::test]
async fn nobody_is_flooded_with_links() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let head = shop.head().await;
    for _ in 0..3 {
        forget(&shop, &ann).await.expect(202);
    }
    forget(&shop, &ann).await.refused(429, "too_many_requests");
    assert_eq!(shop.types_after(head).await.len(), 3);
    shop.pass(TimeDelta::minutes(15));
    forget(&shop, &ann).await.expect(202);
}

#[tokio::test]
async fn a_customer_whom_staff_entered_claims_the_account() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let body = json!({"username": "customer-1", "email": "customer-1@example.org"});
    let answer = shop
        .post("/api/auth/register")
        .by(&admin)
        .json(&body)
        .await
        .expect(201);
    let body = json!({"email": "customer-1@example.org"});
    shop.post("/api/auth/password/forgot")
        .json(&body)
        .await
        .expect(202);
    let token = reset_token(&shop, &answer.text("account_id")).await;
    reset(&shop, &token, PASSWORD).await.expect(204);
    shop.log_in("customer-1").await;
}

#[tokio::test]
async fn who_was_erased_is_gone() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    forget(&shop, &ann).await.expect(202);
    let token = reset_token(&shop, &ann.id).await;
    shop.deps.vault.erase(ann.id.parse().unwrap()).await.unwrap();
    let head = shop.head().await;
    log_in(&shop, &ann.username, PASSWORD)
        .await
        .refused(401, "credentials_wrong");
    shop.patch("/api/users/me")
        .by(&ann)
        .json(&json!({"first_name": "A"}))
        .await
        .refused(404, "account_not_found");
    forget(&shop, &ann).await.expect(202);
    reset(&shop, &token, "another password")
        .await
        .refused_field("token", "reset_token_invalid");
    assert_eq!(shop.head().await, head);
}
