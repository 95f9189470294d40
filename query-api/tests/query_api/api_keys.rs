//! API keys: those of an account, and the queries that one of them opens.

use chrono::{DateTime, TimeDelta, Utc};
use events::Event;
use events::account::{AccountEvent, AccountRolesChanged, Role};
use events::api_key::{ApiKeyEvent, ApiKeyIssued, ApiKeyRevoked, ApiKeyUsed, Scope};
use events::ids::ApiKeyId;
use serde_json::json;
use uuid::Uuid;
use web::api_keys::{ApiKey, SECRET_BYTES};

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, customer};
use crate::story::*;

on_each_database! {
    a_key_opens_what_its_scopes_and_its_account_open,
    a_key_that_is_not_good_is_refused_as_of_the_position_asked_for,
    keys_are_listed_to_their_owner_without_the_keys,
}

/// Key `n`, of account 1.
fn key(n: u128) -> ApiKey {
    let secret = [u8::try_from(n).unwrap(); SECRET_BYTES];
    ApiKey::new(account(1), ApiKeyId(Uuid::from_u128(n)), secret)
}

fn of_key(event: impl Into<ApiKeyEvent>) -> Event {
    Event::ApiKey(event.into())
}

fn issued(n: u128, scopes: &[Scope], expires_at: Option<DateTime<Utc>>) -> Event {
    let key = key(n);
    of_key(ApiKeyIssued {
        key_id: key.id,
        account_id: key.account,
        name: format!("key {n}"),
        scopes: scopes.iter().copied().collect(),
        key_hash: key.hash(),
        issued_at: at(1),
        expires_at,
    })
}

/// Staff, as long as nobody says otherwise.
async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    let story = [
        of_account(registered(&shop, 1).await),
        roles(&[Role::Staff]),
        of_catalogue(added(1, "Mug", 150)),
        issued(1, &[Scope::OrdersRead, Scope::ReportsRead], None),
    ];
    shop.tell(story).await;
    shop
}

fn roles(roles: &[Role]) -> Event {
    let changed = AccountRolesChanged {
        account_id: account(1),
        roles: roles.iter().copied().collect(),
    };
    Event::Account(AccountEvent::from(changed))
}

async fn a_key_opens_what_its_scopes_and_its_account_open(database: Database) {
    let shop = shop(database).await;
    let with = async |path: &str| shop.get(path).with_key(&key(1)).await;
    with("/api/orders").await.ok();
    with("/api/analytics/sales").await.ok();
    with("/api/products").await.ok();
    let unsold = with("/api/dashboard/unsold").await;
    unsold.refused(403, "scope_required");
    for path in ["/api/wallet", "/api/users", "/api/users/me", "/api/api-keys"] {
        with(path).await.refused(403, "api_key_not_allowed");
    }
    shop.tell([roles(&[Role::Customer])]).await;
    with("/api/analytics/sales").await.refused(403, "role_required");
}

async fn a_key_that_is_not_good_is_refused_as_of_the_position_asked_for(database: Database) {
    let shop = shop(database).await;
    let over = Utc::now() - TimeDelta::seconds(1);
    shop.tell([issued(2, &[Scope::OrdersRead], Some(over))]).await;
    for unknown in [key(2), key(3)] {
        let answer = shop.get("/api/orders").with_key(&unknown).await;
        answer.refused(401, "api_key_invalid");
    }
    let good = key(1);
    let revoked = ApiKeyRevoked {
        key_id: good.id,
        account_id: good.account,
        revoked_at: at(9),
    };
    let position = shop.append([of_key(revoked)]).await;
    let answer = shop.get("/api/orders").with_key(&good).min(position).await;
    answer.refused(401, "api_key_invalid");
}

async fn keys_are_listed_to_their_owner_without_the_keys(database: Database) {
    let shop = shop(database).await;
    let (first, second) = (key(1), key(2));
    let used = ApiKeyUsed {
        key_id: first.id,
        account_id: first.account,
        used_at: at(5),
    };
    let revoked = ApiKeyRevoked {
        key_id: second.id,
        account_id: second.account,
        revoked_at: at(9),
    };
    let story = [
        issued(2, &[Scope::CatalogueWrite], None),
        of_key(used),
        of_key(revoked),
    ];
    shop.tell(story).await;
    let answer = shop.get("/api/api-keys").by(&customer(1)).await.ok();
    assert_eq!(answer.each("name"), ["key 2", "key 1"]);
    let items = answer.items();
    assert_eq!(items[1]["scopes"], json!(["orders:read", "reports:read"]));
    assert_eq!(items[1]["last_used_on"], json!(at(5).date_naive()));
    assert!(items[0]["revoked_at"].is_string() && items[1]["revoked_at"].is_null());
    for secret in [first.reveal(), &first.hash(), &second.hash()] {
        assert!(!answer.text.contains(secret));
    }
    let page = shop.get("/api/api-keys?limit=1").by(&customer(1)).await.ok();
    let cursor = page.body["next_cursor"].as_str().unwrap().to_owned();
    let rest = shop
        .get(format!("/api/api-keys?cursor={cursor}"))
        .by(&customer(1));
    assert_eq!(rest.await.ok().each("name"), ["key 1"]);
    let others = shop.get("/api/api-keys").by(&customer(2)).await.ok();
    assert_eq!(others.body, json!({"items": [], "next_cursor": null}));
    shop.get("/api/api-keys").await.refused(401, "token_missing");
}
