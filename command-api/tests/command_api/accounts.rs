//! Joining, and what one's account says.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use command_api::accounts::create_admin;
use events::account::Role;
use serde_json::json;
use web::tokens::AccessTokens;

use crate::harness::{PASSWORD, Shop, payload};

#[tokio::test]
async fn who_registers_has_an_account_that_the_log_keeps_sealed() {
    let shop = Shop::open().await;
    let body = json!({
        "username": "Ann.Lee", "email": "Ann@Example.org", "password": PASSWORD,
        "first_name": "Ann", "last_name": "Lee",
    });
    let answer = shop.post("/api/auth/register").json(&body).await.expect(201);
    assert_eq!(answer.headers["location"], "/api/users/me");
    let events = shop.events_after(0).await;
    assert_eq!(
        shop.types_after(0).await,
        ["AccountRegistered", "EmailVerificationRequested"]
    );
    assert_eq!(answer.position(), events[1].position);
    let registered = payload(&events[0]);
    assert_eq!(registered["account_id"], answer.body["account_id"]);
    assert_eq!(registered["roles"], json!(["customer", "seller"]));
    for secret in ["Ann", "ann", "example", PASSWORD, "argon2"] {
        for event in &events {
            assert!(
                !event.payload.contains(secret),
                "{secret} is in {}",
                event.payload
            );
        }
    }
    let id = answer.text("account_id");
    let profile: serde_json::Value =
        serde_json::from_str(&shop.unseal(&id, &registered["profile"]).await).unwrap();
    assert_eq!(
        profile,
        json!({"username": "ann.lee", "email": "Ann@Example.org", "first_name": "Ann", "last_name": "Lee"})
    );
    assert!(
        shop.unseal(&id, &registered["password"])
            .await
            .starts_with("$argon2id$")
    );
}

#[tokio::test]
async fn names_and_addresses_are_unique_whatever_their_case() {
    let shop = Shop::open().await;
    let register = async |username: &str, email: &str| {
        let body = json!({"username": username, "email": email, "password": PASSWORD});
        shop.post("/api/auth/register").json(&body).await
    };
    register("ann", "ann@example.org").await.expect(201);
    let head = shop.head().await;
    let taken = register("ANN", "other@example.org")
        .await
        .refused(409, "username_taken");
    assert_eq!(taken.body["detail"], "This username is taken.");
    assert!(taken.body.get("account_id").is_none());
    register("other", "ANN@example.ORG")
        .await
        .refused(409, "email_taken");
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn of_two_who_want_one_name_at_once_one_gets_it() {
    let shop = Shop::open().await;
    let body =
        |n: u8| json!({"username": "ann", "email": format!("ann-{n}@example.org"), "password": PASSWORD});
    let both = futures::future::join_all(
        (0..8).map(|n| shop.post("/api/auth/register").json(&body(n)).into_future()),
    );
    let mut statuses: Vec<_> = both
        .await
        .into_iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(
        shop.types_after(0).await,
        ["AccountRegistered", "EmailVerificationRequested"]
    );
}

#[tokio::test]
async fn a_registration_names_every_field_at_fault() {
    let shop = Shop::open().await;
    let body =
        json!({"username": "a", "email": "nobody", "password": "short", "first_name": "x".repeat(101)});
    let answer = shop.post("/api/auth/register").json(&body).await;
    let answer = answer.refused(422, "invalid_field");
    assert_eq!(answer.body["errors"].as_array().unwrap().len(), 4);
    let answer = answer.refused_field("username", "username_invalid");
    let answer = answer.refused_field("email", "email_invalid");
    let answer = answer.refused_field("password", "password_length");
    answer.refused_field("first_name", "too_long");
    let body = json!({"username": "ann", "email": "ann@example.org", "password": "Ann@example.org"});
    let answer = shop.post("/api/auth/register").json(&body).await;
    answer.refused_field("password", "password_obvious");
    assert_eq!(shop.head().await, 0);
}

#[tokio::test]
async fn only_staff_may_leave_address_and_password_out() {
    let shop = Shop::open().await;
    let body = json!({"username": "customer-17850"});
    let answer = shop.post("/api/auth/register").json(&body).await;
    answer
        .refused_field("email", "missing")
        .refused_field("password", "missing");
    let person = shop.person().await;
    let answer = shop.post("/api/auth/register").by(&person).json(&body).await;
    answer.refused_field("email", "missing");
    let admin = shop.admin().await;
    let head = shop.head().await;
    shop.post("/api/auth/register")
        .by(&admin)
        .json(&body)
        .await
        .expect(201);
    let events = shop.events_after(head).await;
    let registered = payload(&events[0]);
    assert_eq!(registered["roles"], json!(["customer"]));
    assert_eq!(registered["password"], json!(null));
    let login = json!({"login": "customer-17850", "password": "nobody's password"});
    shop.post("/api/auth/login")
        .json(&login)
        .await
        .refused(401, "credentials_wrong");
}

#[tokio::test]
async fn the_first_admin_is_made_once() {
    let shop = Shop::open().await;
    let make = async |username: &str, email: &str, password: &str| {
        create_admin(&shop.deps, username, email, password).await
    };
    let id = make("admin", "admin@example.org", PASSWORD).await.unwrap();
    assert_eq!(
        make("Admin", "other@example.org", "another password")
            .await
            .unwrap(),
        id
    );
    assert_eq!(shop.head().await, 1);
    let weak = make("root", "root@example.org", "short").await.unwrap_err();
    assert_eq!(weak.problem().status().as_u16(), 422);
    assert!(
        weak.to_string()
            .contains("password: a password has 10 to 128 characters"),
        "{weak}"
    );
    let taken = make("root", "admin@example.org", PASSWORD).await.unwrap_err();
    assert_eq!(taken.problem().code(), "email_taken");
    let admin = shop.log_in("admin").await;
    let identity = shop.deps.tokens.verify_now(&admin.token).unwrap();
    assert_eq!(
        identity.roles,
        BTreeSet::from([Role::Customer, Role::Staff, Role::Admin])
    );
}

#[tokio::test]
async fn a_profile_changes_with_what_is_unique_about_it() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person().await, shop.person().await);
    let head = shop.head().await;
    let body =
        json!({"username": "ann", "email": "ann@new.example", "first_name": "Ann", "password": PASSWORD});
    let answer = shop.patch("/api/users/me").by(&ann).json(&body).await.expect(200);
    assert_eq!(answer.text("account_id"), ann.id);
    let events = shop.events_after(head).await;
    let changed = [
        "AccountProfileChanged",
        "EmailVerificationLapsed",
        "EmailVerificationRequested",
    ];
    assert_eq!(shop.types_after(head).await, changed);
    let profile = shop.unseal(&ann.id, &payload(&events[0])["profile"]).await;
    let profile: serde_json::Value = serde_json::from_str(&profile).unwrap();
    assert_eq!(
        profile,
        json!({"username": "ann", "email": "ann@new.example", "first_name": "Ann", "last_name": ""})
    );
    shop.log_in("ann").await;
    shop.log_in("ann@new.example").await;
    let login = json!({"login": ann.username, "password": PASSWORD});
    shop.post("/api/auth/login")
        .json(&login)
        .await
        .refused(401, "credentials_wrong");
    // What was given up is free again, and what is held isn't.
    let email = format!("{}@example.org", ann.username);
    let body = json!({"username": ann.username, "email": email, "password": PASSWORD});
    shop.patch("/api/users/me").by(&bob).json(&body).await.expect(200);
    let head = shop.head().await;
    for (field, value) in [("username", "ann"), ("email", "ann@new.example")] {
        let answer = shop
            .patch("/api/users/me")
            .by(&bob)
            .json(&json!({field: value, "password": PASSWORD}))
            .await;
        answer.refused(409, &format!("{field}_taken"));
    }
    let answer = shop
        .patch("/api/users/me")
        .by(&bob)
        .json(&json!({"email": "x"}))
        .await;
    answer.refused_field("email", "email_invalid");
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn another_address_takes_the_password() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let head = shop.head().await;
    let edit = |body: serde_json::Value| shop.patch("/api/users/me").by(&ann).key("move").json(&body);
    edit(json!({"email": "ann@new.example"}))
        .await
        .refused_field("password", "password_missing");
    edit(json!({"email": "ann@new.example", "password": "not it at all"}))
        .await
        .refused(401, "credentials_wrong");
    assert_eq!(shop.head().await, head);
    // The address as it is, only written otherwise, goes without; a key whose command was done, too.
    let same = format!("{}@EXAMPLE.org", ann.username);
    let unproved = shop.patch("/api/users/me").by(&ann);
    unproved.json(&json!({"email": same})).await.expect(200);
    let right = json!({"email": "ann@new.example", "password": PASSWORD});
    let done = edit(right.clone()).await.expect(200);
    for _ in 0..12 {
        assert_eq!(edit(right.clone()).await.expect(200).position(), done.position());
    }
    // Whoever guesses is braked as if they logged in.
    let guess = |n: usize| json!({"email": format!("{n}@new.example"), "password": "not it at all"});
    let mut statuses = vec![];
    for n in 0..12 {
        statuses.push(
            shop.patch("/api/users/me")
                .by(&ann)
                .json(&guess(n))
                .await
                .status
                .as_u16(),
        );
    }
    assert_eq!((statuses[0], statuses.last()), (401, Some(&429)));
}

#[tokio::test]
async fn a_profile_that_stays_the_same_is_no_event() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let head = shop.head().await;
    for body in [json!({}), json!({"username": ann.username})] {
        let answer = shop.patch("/api/users/me").by(&ann).json(&body).await.expect(200);
        assert_eq!(answer.position(), head);
    }
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn of_edits_at_once_none_is_lost() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let (first, last) = (json!({"first_name": "Ann"}), json!({"last_name": "Lee"}));
    let edit = |body| shop.patch("/api/users/me").by(&ann).json(body).into_future();
    for answer in futures::future::join_all([edit(&first), edit(&last)]).await {
        answer.expect(200);
    }
    let events = shop.events_of(&format!("account-{}", ann.id)).await;
    let profile = shop
        .unseal(&ann.id, &payload(events.last().unwrap())["profile"])
        .await;
    assert!(
        profile.contains(r#""first_name":"Ann","last_name":"Lee""#),
        "{profile}"
    );
}

#[tokio::test]
async fn an_edit_of_an_old_version_is_refused() {
    let shop = Shop::open().await;
    let ann = shop.person().await;
    let edit = |version| {
        shop.patch("/api/users/me")
            .by(&ann)
            .if_match(version)
            .json(&json!({"first_name": "Ann"}))
    };
    // Two, since a registration also asks for a link to verify the address.
    edit(2).await.expect(200);
    edit(2).await.refused(412, "precondition_failed");
    let answer = shop
        .patch("/api/users/me")
        .by(&ann)
        .header("if-match", "x")
        .json(&json!({}))
        .await;
    answer.refused(400, "invalid_if_match");
}

#[tokio::test]
async fn an_admin_sets_roles_and_never_takes_their_own() {
    let shop = Shop::open().await;
    let (admin, ann) = (shop.admin().await, shop.person().await);
    let set = |by, id: &str, roles: &[&str]| {
        shop.put(format!("/api/users/{id}/roles"))
            .by(by)
            .json(&json!({"roles": roles}))
    };
    let head = shop.head().await;
    let answer = set(&admin, &ann.id, &["staff", "customer"]).await.expect(200);
    assert_eq!(
        answer.body,
        json!({"account_id": ann.id, "roles": ["customer", "staff"]})
    );
    assert_eq!(shop.types_after(head).await, ["AccountRolesChanged"]);
    // They hold from the next token on.
    shop.post("/api/categories")
        .by(&ann)
        .json(&json!({"name": "Mugs"}))
        .await
        .refused(403, "role_required");
    let body = json!({"refresh_token": ann.refresh_token});
    let refreshed = shop.post("/api/auth/refresh").json(&body).await.expect(200);
    let bearer = format!("Bearer {}", refreshed.text("access_token"));
    let create = shop.post("/api/categories").header("authorization", &bearer);
    create.json(&json!({"name": "Mugs"})).await.expect(201);
    let head = shop.head().await;
    set(&admin, &admin.id, &["customer"])
        .await
        .refused(409, "own_admin_role");
    set(&admin, &ann.id, &[])
        .await
        .refused_field("roles", "role_missing");
    set(&admin, &ann.id, &["king"])
        .await
        .refused(422, "invalid_field");
    set(&ann, &ann.id, &["admin"]).await.refused(403, "role_required");
    let nobody = uuid::Uuid::now_v7().to_string();
    set(&admin, &nobody, &["staff"])
        .await
        .refused(404, "account_not_found");
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn a_token_of_another_shop_or_of_long_ago_is_refused() {
    let shop = Shop::open().await;
    let mut ann = shop.person().await;
    let identity = shop.deps.tokens.verify_now(&ann.token).unwrap();
    let issue = |tokens: &AccessTokens, age| {
        tokens.issue(
            identity.account,
            identity.session,
            &identity.roles,
            shop.now() - age,
        )
    };
    let other = AccessTokens::new(&[8; 32]).unwrap();
    ann.token = issue(&other, TimeDelta::zero());
    shop.patch("/api/users/me")
        .by(&ann)
        .json(&json!({}))
        .await
        .refused(401, "token_invalid");
    ann.token = issue(&shop.deps.tokens, TimeDelta::minutes(16));
    shop.patch("/api/users/me")
        .by(&ann)
        .json(&json!({}))
        .await
        .refused(401, "token_expired");
}
