//! API keys as callers: what each route of the running shop does with a good key, with one that lacks its scope, and with
//! one that is revoked.
//!
//! Routes come from the shop's own document, and what they ask of a key from `web::scopes`, which the routes themselves
//! consult; so that both say the same is tested here, too. That a key which opens a route has its account's rights there
//! and no others is taken from the rules of the accounts: [`calls`](super::calls).

use std::collections::BTreeMap;
use std::fmt::Write;

use events::api_key::Scope;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use web::scopes;

use super::calls::{Call, VARIANTS, call};
use super::people::{People, Who, text};
use super::{allowed, answered, log, operation, refused, route_of, routes};
use crate::client::{Answer, Client};
use crate::process::{Shop, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_opens_the_routes_of_its_scope_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start_with(&data_dir, &[("TILLSTREAM_DEMO", "false")]);
    let people = People::move_in(&shop).await;
    let document = people.nobody.get("/api/openapi.json").await.expect(200);
    let wrong = everywhere(&people, &document).await;
    assert!(wrong.is_empty(), "{wrong}");
    assert!(shop.stop().success());
    run(&data_dir, &["verify", "--views"]);
}

/// Calls every route with every key; what isn't as it should be.
async fn everywhere(people: &People, document: &Value) -> String {
    let keys = Keys::cut(people).await;
    let mut wrong = String::new();
    let routes = routes(document);
    for ((method, path), _) in scopes::DECLARED {
        let declared = format!("{method} {path}");
        if !routes.contains(&declared) {
            let _ = writeln!(wrong, "{declared} takes a key, and is no route");
        }
    }
    for name in routes.iter().map(String::as_str).chain(VARIANTS.iter().copied()) {
        let scope = scope_of(name);
        let described = described(operation(document, route_of(name)));
        if described.as_deref() != scope.map(Scope::as_str) {
            let _ = writeln!(
                wrong,
                "{name} needs {scope:?}, and the document says {described:?}"
            );
        }
        // A route without a call is told of by the matrix.
        let Some(prepared) = call(name, Who::Owner, people).await else {
            continue;
        };
        let outcome = match scope {
            Some(scope) => opened(people, &keys, name, &prepared, scope).await,
            None => closed(people, &keys, name, &prepared).await,
        };
        if let Err(told) = outcome {
            let _ = writeln!(wrong, "{name} with {told}");
        }
    }
    wrong
}

/// What a route asks of a key; none if it takes none.
fn scope_of(name: &str) -> Option<Scope> {
    let (method, path) = route_of(name).split_once(' ').unwrap();
    let method: Method = method.parse().unwrap();
    scopes::of(&method, path)
}

/// The scope that the document names for a key.
fn described(operation: &Value) -> Option<String> {
    let ways = operation["security"].as_array()?;
    let scope = ways.iter().find_map(|way| way["api_key"][0].as_str());
    scope.map(str::to_owned)
}

/// A route that takes a key with this scope.
async fn opened(
    people: &People,
    keys: &Keys,
    name: &str,
    prepared: &Call,
    scope: Scope,
) -> Result<(), String> {
    let lacking = &keys.lacking[&scope];
    told(people, name, prepared, lacking, (403, "scope_required"))
        .await
        .map_err(|told| format!("a key for all but {scope}: {told}"))?;
    told(people, name, prepared, &keys.revoked, (401, "api_key_invalid"))
        .await
        .map_err(|told| format!("a revoked key: {told}"))?;
    for (who, having) in &keys.having[&scope] {
        let outcome = if prepared.rule.allows(*who) {
            allowed(people, name, *who, having).await
        } else {
            refused_in_vain(people, name, prepared, *who, having).await
        };
        outcome.map_err(|told| format!("a key of {who:?} for {scope}: {told}"))?;
    }
    Ok(())
}

/// A route that takes none.
async fn closed(people: &People, keys: &Keys, name: &str, prepared: &Call) -> Result<(), String> {
    let (rule, full, revoked) = (prepared.rule, &keys.full, &keys.revoked);
    if rule.is_public() && rule.allows(Who::Forged) {
        // Nobody looks at what they bring.
        allowed(people, name, Who::Nobody, full)
            .await
            .map_err(|told| format!("any key: {told}"))?;
        return allowed(people, name, Who::Nobody, revoked)
            .await
            .map_err(|told| format!("a revoked key: {told}"));
    }
    if rule.allows(Who::Branch) {
        // A branch's token is asked for, and no account's way in is one.
        sent_in_vain(people, name, prepared, full, 401)
            .await
            .map_err(|told| format!("any key: {told}"))?;
        return Ok(());
    }
    told(people, name, prepared, full, (403, "api_key_not_allowed"))
        .await
        .map_err(|told| format!("a key for everything: {told}"))?;
    told(people, name, prepared, revoked, (401, "api_key_invalid"))
        .await
        .map_err(|told| format!("a revoked key: {told}"))
}

/// Whether the call is refused in these words, and nothing of it is in the log.
async fn told(
    people: &People,
    name: &str,
    call: &Call,
    client: &Client,
    (status, code): (u16, &str),
) -> Result<(), String> {
    let answer = sent_in_vain(people, name, call, client, status).await?;
    if answer.code() == code {
        return Ok(());
    }
    Err(format!("{status} {} in place of {code}", answer.code()))
}

/// Whether somebody who may not is told so, and nothing of it is in the log.
async fn refused_in_vain(
    people: &People,
    name: &str,
    call: &Call,
    who: Who,
    client: &Client,
) -> Result<(), String> {
    let request_id = Uuid::new_v4();
    refused(people, name, call, who, (client, request_id)).await?;
    nothing_of(people, request_id)
}

/// Sends what must be answered with this status, and leave nothing in the log.
async fn sent_in_vain(
    people: &People,
    name: &str,
    call: &Call,
    client: &Client,
    wanted: u16,
) -> Result<Answer, String> {
    let request_id = Uuid::new_v4();
    let answer = answered(people, name, call, client, (request_id, wanted)).await?;
    nothing_of(people, request_id)?;
    Ok(answer)
}

fn nothing_of(people: &People, request_id: Uuid) -> Result<(), String> {
    let events = log::caused_by(&people.data_dir, &[request_id]);
    if events.is_empty() {
        return Ok(());
    }
    Err(format!("refused, and yet the log has {events:?}"))
}

/// Callers with a key each. Those that must be refused for the key's sake are an admin's, or the owner's: their account
/// could do the most.
struct Keys {
    /// Of everybody who is logged in, with one scope.
    having: BTreeMap<Scope, Vec<(Who, Client)>>,
    /// The admin's, with every scope but this.
    lacking: BTreeMap<Scope, Client>,
    /// The admin's, with every scope.
    full: Client,
    /// The owner's, which had every scope.
    revoked: Client,
}

impl Keys {
    async fn cut(people: &People) -> Self {
        let mut having: BTreeMap<Scope, Vec<_>> = BTreeMap::new();
        let mut lacking = BTreeMap::new();
        for scope in Scope::ALL {
            for who in Who::ALL.into_iter().filter(|who| who.is_logged_in()) {
                let (_, key) = cut(people, who, &[scope]).await;
                having.entry(scope).or_default().push((who, key));
            }
            let others: Vec<_> = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
            lacking.insert(scope, cut(people, Who::Admin, &others).await.1);
        }
        let (_, full) = cut(people, Who::Admin, &Scope::ALL).await;
        let (id, revoked) = cut(people, Who::Owner, &Scope::ALL).await;
        // It was good until then.
        let read = revoked.get_after("/api/orders", people.position()).await;
        read.expect(200);
        let revoke = people
            .owner
            .request(Method::DELETE, &format!("/api/api-keys/{id}"));
        people.made(revoke.answer().await.unwrap());
        Self {
            having,
            lacking,
            full,
            revoked,
        }
    }
}

/// The id of a new key, and who calls with it.
async fn cut(people: &People, who: Who, scopes: &[Scope]) -> (String, Client) {
    let body = json!({"name": "a system", "scopes": scopes});
    let issued = people.made(people.client(who).post("/api/api-keys", &body).await);
    let client = people.nobody.clone().with_token(&text(&issued, "key"));
    (text(&issued, "api_key_id"), client)
}
