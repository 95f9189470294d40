//! Accounts: one's own, and all of them for admins.

use std::collections::BTreeSet;

use events::account::{
    AccountRegistered, AccountRolesChanged, EmailVerificationLapsed, EmailVerified, Profile, Role,
};
use serde_json::Value;

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, admin, customer};
use crate::story::*;

on_each_database! {
    somebody_sees_who_they_are,
    an_imported_customer_has_neither_address_nor_password,
    an_erased_person_is_a_number_among_the_others,
    an_address_is_verified_until_it_changes,
    accounts_are_found_by_how_name_or_address_begin_and_by_role,
    an_admin_reads_any_account,
}

const ME: &str = "/api/users/me";

async fn somebody_sees_who_they_are(database: Database) {
    let shop = Shop::open(database).await;
    let account = registered(&shop, 1).await;
    shop.tell([of_account(account)]).await;
    let answer = shop.get(ME).by(&customer(1)).await.ok();
    insta::assert_json_snapshot!("me", answer.body);
    assert!(answer.tag().starts_with("\"1."), "{}", answer.tag());
    let list = shop.get("/api/users").by(&admin()).await.ok();
    assert_eq!(list.items(), [answer.body]);
    for text in [answer.text, list.text] {
        assert!(!text.contains("argon2"), "{text}");
    }
    shop.get(ME).by(&customer(2)).await.refused(404, "not_found");
}

async fn an_imported_customer_has_neither_address_nor_password(database: Database) {
    let shop = Shop::open(database).await;
    let profile = Profile {
        username: "customer-17850".to_owned(),
        email: None,
        first_name: String::new(),
        last_name: String::new(),
    };
    let imported = AccountRegistered {
        profile: shop.seal(account(3).0, &profile).await,
        password: None,
        ..registered(&shop, 3).await
    };
    let promoted = AccountRolesChanged {
        account_id: account(3),
        roles: BTreeSet::from([Role::Customer, Role::Staff]),
    };
    shop.tell([of_account(imported), of_account(promoted)]).await;
    let answer = shop.get(ME).by(&customer(3)).await.ok();
    assert_eq!(answer.body["email"], Value::Null);
    assert_eq!(answer.body["has_password"], false);
    assert_eq!(answer.body["roles"], serde_json::json!(["customer", "staff"]));
    assert_eq!(answer.body["version"], 2);
}

async fn an_erased_person_is_a_number_among_the_others(database: Database) {
    let shop = Shop::open(database).await;
    for n in [1, 2] {
        let account = registered(&shop, n).await;
        shop.tell([of_account(account)]).await;
    }
    let before = shop.get(ME).by(&customer(1)).await.ok();
    shop.deps.vault.erase(account(1).0).await.unwrap();
    let after = shop
        .get(ME)
        .by(&customer(1))
        .if_none_match(before.tag())
        .await
        .ok();
    let list = shop.get("/api/users").by(&admin()).await.ok();
    assert_eq!(list.items()[0]["username"], "user2");
    for erased in [&after.body, &list.items()[1]] {
        for personal in ["username", "email", "first_name", "last_name"] {
            assert_eq!(erased[personal], Value::Null, "{personal}");
        }
        assert_eq!(number(&erased["id"]), 1);
    }
}

async fn an_address_is_verified_until_it_changes(database: Database) {
    let shop = Shop::open(database).await;
    let account_id = account(1);
    let verified = EmailVerified {
        account_id,
        verification_id: uuid::Uuid::nil(),
        verified_at: at(1),
    };
    let account = registered(&shop, 1).await;
    shop.tell([of_account(account)]).await;
    let seen = async || shop.get(ME).by(&customer(1)).await.ok().body["email_verified"].clone();
    assert_eq!(seen().await, false);
    shop.tell([of_account(verified)]).await;
    assert_eq!(seen().await, true);
    shop.tell([of_account(EmailVerificationLapsed { account_id })])
        .await;
    assert_eq!(seen().await, false);
}

async fn accounts_are_found_by_how_name_or_address_begin_and_by_role(database: Database) {
    let shop = Shop::open(database).await;
    for n in 1..=12 {
        let account = registered(&shop, n).await;
        shop.tell([of_account(account)]).await;
    }
    let promoted = AccountRolesChanged {
        account_id: account(11),
        roles: BTreeSet::from([Role::Customer, Role::Staff]),
    };
    shop.tell([of_account(promoted)]).await;
    shop.deps.vault.erase(account(12).0).await.unwrap();
    let found = async |query: &str| {
        let answer = shop.get(format!("/api/users?{query}")).by(&admin()).await.ok();
        let ids: Vec<_> = answer.items().iter().map(|item| number(&item["id"])).collect();
        (ids, answer.body["next_cursor"].as_str().map(str::to_owned))
    };
    assert_eq!(found("q=USER1").await.0, [11, 10, 1]);
    assert_eq!(found("q=user2%40example.org").await.0, [2]);
    assert_eq!(found("q=archer").await.0, [0; 0], "other names aren't looked at");
    assert_eq!(found("role=staff").await.0, [11]);
    assert_eq!(found("role=staff&q=user1").await.0, [11]);
    assert_eq!(found("role=branch").await.0, [0; 0]);
    let (first, next) = found("q=user1&limit=2").await;
    assert_eq!(first, [11, 10]);
    let (second, next) = found(&format!("q=user1&limit=2&cursor={}", next.unwrap())).await;
    assert_eq!((second, next), (vec![1], None));
    let wrong = shop.get("/api/users?role=king").by(&admin()).await;
    wrong.refused(400, "invalid_parameter");
}

async fn an_admin_reads_any_account(database: Database) {
    let shop = Shop::open(database).await;
    let account = registered(&shop, 1).await;
    shop.tell([of_account(account)]).await;
    let path = format!("/api/users/{}", crate::story::account(1));
    let own = shop.get(ME).by(&customer(1)).await.ok();
    assert_eq!(shop.get(&path).by(&admin()).await.ok().body, own.body);
    shop.get(path)
        .by(&customer(1))
        .await
        .refused(403, "role_required");
}
