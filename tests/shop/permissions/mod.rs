//! Who may call what: every route of the running shop, called by everybody.
//!
//! The routes come from the shop's own document, which is made from the router: a route that isn't in [`calls`] fails the
//! test, with what to write there. For each route a call that its owner may make is made ready, and sent by everybody
//! who may not; each is answered 401, 403 or 404 as [`rules`] says, and nothing of it is in the log. Then everybody who
//! may makes one of their own, and it succeeds: else a refusal would prove nothing. On both forms, by the same rules; and
//! where the APIs are processes of their own, each route is one's alone ([`doors`]).
//!
//! What a body may hold is `tests/shop/random_clients` and the endpoints' own tests'.

mod calls;
mod doors;
mod keys;
mod log;
mod people;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Client};
use crate::forms::on_each_form;
use crate::process::{Shop, run};
use calls::{Call, VARIANTS, call};
use people::{People, Who};
use rules::Rule;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

on_each_form!(everybody_may_do_what_the_rules_say_and_nothing_else);
async fn everybody_may_do_what_the_rules_say_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start_with(&data_dir, &[("TILLSTREAM_DEMO", "false")]);
    let people = People::move_in(&shop).await;
    let document = people.nobody.get("/api/openapi.json").await.expect(200);
    let mut wrong = String::new();
    let mut calls = 0;
    let routes = routes(&document);
    for variant in VARIANTS {
        let route = route_of(variant);
        assert!(routes.contains(route), "{variant} is a variant of no route");
    }
    for name in routes.iter().map(String::as_str).chain(VARIANTS.iter().copied()) {
        let operation = operation(&document, route_of(name));
        calls += play(&people, name, operation, &mut wrong).await;
    }
    assert!(wrong.is_empty(), "{wrong}");
    println!("{calls} calls to {} routes", routes.len());
    assert!(shop.stop().success());
    run(&data_dir, &["verify", "--views"]);
}

on_each_form!(a_session_that_has_ended_renews_nothing);
/// The short life of access tokens is worth something only if nothing renews them after the end.
async fn a_session_that_has_ended_renews_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::start_with(&folder.path().join("data"), &[("TILLSTREAM_DEMO", "false")]);
    let people = People::move_in(&shop).await;
    let fresh = people.newcomer().await;
    let tokens = fresh.session().await;
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    let head = log::head(&shop.data_dir);
    people.nobody.post("/api/auth/logout", &refresh).await.expect(204);
    assert_eq!(log::head(&shop.data_dir), head + 1);
    for _ in 0..2 {
        let again = people.nobody.post("/api/auth/refresh", &refresh).await;
        assert_eq!((again.status.as_u16(), again.code()), (401, "session_over"));
    }
    assert_eq!(log::head(&shop.data_dir), head + 1);
}

/// `POST /api/orders`, for every operation of the document.
fn routes(document: &Value) -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
        routes.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    routes
}

fn operation<'d>(document: &'d Value, route: &str) -> &'d Value {
    let (method, path) = route.split_once(' ').unwrap();
    &document["paths"][path][method.to_lowercase()]
}

/// A variant is a route, and in brackets what is special.
fn route_of(name: &str) -> &str {
    name.split_once(" (").map_or(name, |(route, _)| route)
}

/// Lets everybody call one route; how many calls that were. What isn't as it should be is written down.
async fn play(people: &People, name: &str, operation: &Value, wrong: &mut String) -> usize {
    let Some(prepared) = call(name, Who::Owner, people).await else {
        let _ = writeln!(
            wrong,
            "{name} has no rule: say below tests/shop/permissions/calls/ who may call it, and how"
        );
        return 0;
    };
    let rule = prepared.rule;
    let documented = is_for_everybody(operation);
    if documented != rule.is_public() {
        let _ = writeln!(
            wrong,
            "{name}: the document says {documented} to whether anybody may call it"
        );
    }
    let mut calls = 0;
    let mut refusals = BTreeMap::new();
    for who in Who::ALL.into_iter().filter(|who| !rule.allows(*who)) {
        calls += 1;
        let request_id = Uuid::new_v4();
        refusals.insert(request_id, who);
        if let Err(told) = refused(people, name, &prepared, who, (people.client(who), request_id)).await {
            let _ = writeln!(wrong, "{name} by {who:?}: {told}");
        }
    }
    let requests: Vec<_> = refusals.keys().copied().collect();
    for (request_id, event) in log::caused_by(&people.data_dir, &requests) {
        let who = refusals[&request_id];
        let _ = writeln!(wrong, "{name} by {who:?}: refused, and yet the log has {event}");
    }
    if let Err(told) = doors::one_has(people, name, &prepared).await {
        let _ = writeln!(wrong, "{name}: {told}");
    }
    for who in Who::ALL.into_iter().filter(|who| rule.allows(*who)) {
        calls += 1;
        if let Err(told) = allowed(people, name, who, people.client(who)).await {
            let _ = writeln!(wrong, "{name} by {who:?}: {told}");
        }
    }
    calls
}

/// Whether the document lets somebody in without a token.
fn is_for_everybody(operation: &Value) -> bool {
    let ways = operation["security"].as_array();
    ways.is_none_or(|ways| ways.contains(&json!({})))
}

/// Whether somebody who may not is told so, by whatever they call with. What the log has of the request is looked at by
/// the caller.
async fn refused(
    people: &People,
    name: &str,
    call: &Call,
    who: Who,
    (client, request_id): (&Client, Uuid),
) -> Result<(), String> {
    let wanted = call.rule.refusal(who);
    let answer = answered(people, name, call, client, (request_id, wanted)).await?;
    let status = answer.status.as_u16();
    let Some(nowhere) = call.to_nowhere().filter(|_| status == 404) else {
        return Ok(());
    };
    // What belongs to another looks like what isn't there.
    let missing = send(people, name, &nowhere, client, Uuid::new_v4()).await;
    if (missing.status, missing.code()) == (answer.status, answer.code()) {
        return Ok(());
    }
    Err(format!(
        "what is another's is answered {} {}, and what isn't there {} {}",
        answer.status,
        answer.code(),
        missing.status,
        missing.code()
    ))
}

/// Whether somebody who may succeeds, by whatever they call with.
async fn allowed(people: &People, name: &str, who: Who, client: &Client) -> Result<(), String> {
    let Some(call) = call(name, who, people).await else {
        return Err("no call for them".to_owned());
    };
    let answer = send(people, name, &call, client, Uuid::new_v4()).await;
    if call.in_vain.is_some_and(|status| answer.status == status) {
        return Ok(());
    }
    if !answer.status.is_success() {
        return Err(format!("{} in place of success: {}", answer.status, answer.body));
    }
    match &call.shown {
        Some((text, viewers)) => {
            let (seen, may_see) = (
                answer.body.to_string().contains(text.as_str()),
                viewers.contains(&who),
            );
            if seen == may_see {
                return Ok(());
            }
            Err(format!(
                "{text} is {}seen in {}",
                if seen { "" } else { "not " },
                answer.body
            ))
        }
        None => Ok(()),
    }
}

/// Sends what must be answered with this status.
async fn answered(
    people: &People,
    name: &str,
    call: &Call,
    client: &Client,
    (request_id, wanted): (Uuid, u16),
) -> Result<Answer, String> {
    let answer = send(people, name, call, client, request_id).await;
    if answer.status == wanted {
        return Ok(answer);
    }
    Err(format!("{} in place of {wanted}: {}", answer.status, answer.body))
}

async fn send(people: &People, name: &str, call: &Call, client: &Client, request_id: Uuid) -> Answer {
    let (method, _) = name.split_once(' ').unwrap();
    let method: Method = method.parse().unwrap();
    let is_query = method == Method::GET;
    let mut request = client
        .request(method, &call.path)
        .header("x-request-id", request_id.to_string());
    if is_query {
        request = request.header("tillstream-min-position", people.position());
    }
    for (header, value) in &call.headers {
        request = request.header(*header, value);
    }
    if let Some(body) = &call.body {
        request = request.header("content-type", call.media_type).body(body.clone());
    }
    request.answer_once_it_can().await
}

/// A rule lets in whom it names.
#[test]
fn the_rules_are_those_that_they_are_called() {
    let may = |rule: Rule, who| rule.allows(who);
    assert!(may(rules::PUBLIC, Who::Nobody) && may(rules::PUBLIC, Who::Expired));
    assert!(may(rules::PUBLIC_OR_LOGGED_IN, Who::Nobody) && !may(rules::PUBLIC_OR_LOGGED_IN, Who::Expired));
    assert!(!may(rules::STAFF, Who::Owner) && may(rules::STAFF, Who::Admin));
    assert_eq!(rules::STAFF.refusal(Who::Owner), 403);
    assert_eq!(rules::STAFF.refusal(Who::Forged), 401);
    assert_eq!(rules::OWNER_OR_STAFF.refusal(Who::Stranger), 404);
}
