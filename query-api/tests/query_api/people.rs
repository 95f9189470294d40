//! Accounts: one's own, and all of them for admins.

use std::collections::BTreeSet;

use events::account::{AccountRegistered, AccountRolesChanged, Profile, Role};
use serde_json::Value;

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, admin, customer};
use crate::story::*;

on_each_database! {
    somebody_sees_who_they_are,
    an_imported_customer_has_neither_address_nor_password,
    an_erased_person_is_a_number_among_the_others,
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
