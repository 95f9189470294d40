//! The APIs asked by themselves, without the proxy that knows which of them has what: each route is one's alone, so that
//! nobody comes by another door to what the rules keep from them.

use reqwest::StatusCode;
use uuid::Uuid;

use super::calls::Call;
use super::people::{People, Who};
use super::send;
use crate::client::Answer;

/// What an API says of a path that it doesn't have, beside the code that a missing thing has, too.
const NO_ROUTE: &str = "There is no such route.";

/// Whether exactly one of the APIs has the route; nothing is wrong where they are one process.
pub async fn one_has(people: &People, name: &str, call: &Call) -> Result<(), String> {
    if people.doors.is_empty() {
        return Ok(());
    }
    let mut having = 0;
    let mut told = String::new();
    for door in &people.doors {
        // Of this token every route that looks at one thinks nothing.
        let mut forged = people.client(Who::Forged).clone();
        forged.url.clone_from(door);
        let answer = send(people, name, call, &forged, Uuid::new_v4()).await;
        having += usize::from(is_routed(&answer));
        told = format!("{told} {door}: {} {};", answer.status, answer.code());
    }
    if having == 1 {
        return Ok(());
    }
    Err(format!("{having} of the APIs have it:{told}"))
}

fn is_routed(answer: &Answer) -> bool {
    let is_nowhere = answer.status == StatusCode::NOT_FOUND && answer.body["detail"] == NO_ROUTE;
    !is_nowhere && answer.status != StatusCode::METHOD_NOT_ALLOWED
}
