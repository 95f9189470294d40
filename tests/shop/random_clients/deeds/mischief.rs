//! Sessions that come and go, and requests that make no sense.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Person;

/// Bodies that are wrong in one way each.
const BODIES: [&str; 9] = [
    "",
    "{",
    "null",
    "[]",
    "\"\\u0000\"",
    "{\"quantity\": -1}",
    "{\"quantity\": 1e999}",
    "{\"price\": {\"amount\": \"99999999999999999999.99\", \"currency\": \"GBP\"}, \"name\": \"\u{202e}\"}",
    "{\"lines\": [{\"sku\": \"SHOP-1\", \"quantity\": 4294967296}], \"country\": \"\", \"payment\": {\"method\": \"barter\"}}",
];
/// What stands in a path for an id or a SKU.
const NAMES: [&str; 5] = ["0", "%00", "null", "a%2Fb", "%F0%9F%AA%91"];
/// Cursors, tags and keys that nobody has given out.
const HEADERS: [(&str, &str); 4] = [
    ("if-match", "\"18446744073709551616\""),
    ("if-none-match", "W/\"x\", *"),
    ("tillstream-min-position", "-1"),
    ("idempotency-key", " "),
];

pub async fn be_somebody(person: &mut Person) {
    match person.random.below(4) {
        0 => {
            let refresh = json!({"refresh_token": person.refresh_token});
            let path = "/api/auth/refresh";
            let route = (Method::POST, path.to_owned());
            let tokens = person.send(&route, path, &[], Some(refresh.to_string())).await;
            if tokens.status == 200 {
                person.take_tokens(&tokens.body);
            } else {
                person.wrong(&format!("a good refresh token is answered {}", tokens.status));
            }
        }
        1 => {
            let refresh = json!({"refresh_token": person.refresh_token});
            let path = "/api/auth/logout";
            person.command(Method::POST, path, path, &refresh).await;
            person.log_in().await;
        }
        2 => {
            let path = "/api/users/me";
            let name = format!("Robin the {}th", person.random.below(100));
            person
                .command(Method::PATCH, path, path, &json!({"first_name": name}))
                .await;
        }
        _ => {
            // Taken, by oneself.
            let email = format!("{}@example.com", person.name);
            let body = json!({"username": person.name, "email": email, "password": "one of ten or more"});
            let path = "/api/auth/register";
            let route = (Method::POST, path.to_owned());
            let refused = person.send(&route, path, &[], Some(body.to_string())).await;
            if refused.status != 409 {
                person.wrong(&format!("a name is taken twice: {}", refused.status));
            }
        }
    }
}

/// Any route, with a body, an id, a query or a header that makes no sense.
pub async fn rubbish(person: &mut Person) {
    let routes = person.world.document.routes();
    let route = routes[pick(person, routes.len())].clone();
    // A session that is ended is missed by who has it; that has a deed of its own.
    let mut path = route.1.clone();
    for name in ["{id}", "{sku}", "{product}"] {
        let value = if person.one_in(2) {
            Uuid::from_u128(u128::from(person.random.next())).to_string()
        } else {
            NAMES[pick(person, NAMES.len())].to_owned()
        };
        path = path.replace(name, &value);
    }
    let is_query = route.0 == Method::GET;
    if is_query && person.one_in(2) {
        path.push_str("?limit=0&cursor=%7B%7D&nothing=1");
    }
    let header = HEADERS[pick(person, HEADERS.len())];
    let headers = if person.one_in(3) { vec![header] } else { vec![] };
    let body = (!is_query).then(|| rubbish_body(person));
    let answer = person.send(&route, &path, &headers, body).await;
    if answer.status.is_client_error() && !is_problem(&answer.body) {
        person.wrong(&format!("{} {path} is refused with {}", route.0, answer.body));
    }
}

fn rubbish_body(person: &mut Person) -> String {
    BODIES[pick(person, BODIES.len())].to_owned()
}

fn is_problem(body: &Value) -> bool {
    body["code"].is_string() && body["status"].is_number()
}

fn pick(person: &mut Person, many: usize) -> usize {
    usize::try_from(person.random.below(many as u64)).unwrap()
}
