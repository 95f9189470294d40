//! The log of a running shop, looked at from outside: in its file, or in its database where the form has one.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use crate::forms::{self, on_each_form};

fn open(data_dir: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    Connection::open_with_flags(data_dir.join("log.db"), flags).unwrap()
}

/// The position of its newest event.
pub fn head(data_dir: &Path) -> u64 {
    if let Some(stage) = forms::stage() {
        let head = stage.sql(data_dir, "SELECT position FROM event_log.log_head");
        return head.trim().parse().unwrap();
    }
    let head = "SELECT position FROM log_head";
    open(data_dir)
        .query_row(head, [], |row| row.get::<_, i64>(0))
        .unwrap()
        .cast_unsigned()
}

/// The events that these requests have caused: whose each is, and its type.
pub fn caused_by(data_dir: &Path, requests: &[Uuid]) -> Vec<(Uuid, String)> {
    let wanted = |table: &str, literal: fn(&Uuid) -> String| {
        let requests: Vec<_> = requests.iter().map(literal).collect();
        let requests = requests.join(", ");
        format!("SELECT correlation_id, event_type FROM {table} WHERE correlation_id IN ({requests})")
    };
    if requests.is_empty() {
        return vec![];
    }
    if let Some(stage) = forms::stage() {
        let events = stage.sql(data_dir, &wanted("event_log.events", |id| format!("'{id}'")));
        return events.lines().map(event).collect();
    }
    let log = open(data_dir);
    let wanted = wanted("events", |id| format!("X'{}'", id.simple()));
    let mut events = log.prepare(&wanted).unwrap();
    let events = events.query_map([], |row| Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?)));
    events.unwrap().collect::<Result<_, _>>().unwrap()
}

/// From `id|type`.
fn event(line: &str) -> (Uuid, String) {
    let (id, event_type) = line.split_once('|').unwrap();
    (id.parse().unwrap(), event_type.to_owned())
}

on_each_form!(what_a_request_has_caused_is_seen);
/// A request that is accepted is seen; else that a refused one isn't would prove nothing.
async fn what_a_request_has_caused_is_seen() {
    use crate::client::Client;
    use crate::process::Shop;

    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::start_with(&folder.path().join("data"), &[("TILLSTREAM_DEMO", "false")]);
    let admin = Client::admin(&shop).await;
    let (request_id, before) = (Uuid::new_v4(), head(&shop.data_dir));
    let request = admin
        .request(reqwest::Method::POST, "/api/categories")
        .header("x-request-id", request_id.to_string())
        .json(&serde_json::json!({"name": "Seen"}));
    request.answer().await.unwrap().expect(201);
    let seen = caused_by(&shop.data_dir, &[Uuid::new_v4(), request_id]);
    assert_eq!(seen, [(request_id, "CategoryCreated".to_owned())]);
    assert_eq!(head(&shop.data_dir), before + 1);
}
