//! The log of a running shop, looked at from outside.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

fn open(data_dir: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    Connection::open_with_flags(data_dir.join("log.db"), flags).unwrap()
}

/// The position of its newest event.
pub fn head(data_dir: &Path) -> u64 {
    let head = "SELECT position FROM log_head";
    open(data_dir)
        .query_row(head, [], |row| row.get::<_, i64>(0))
        .unwrap()
        .cast_unsigned()
}

/// The types of the events that a request has caused.
pub fn caused_by(data_dir: &Path, request_id: Uuid) -> Vec<String> {
    let log = open(data_dir);
    let mut events = log
        .prepare("SELECT event_type FROM events WHERE correlation_id = ?1")
        .unwrap();
    let types = events
        .query_map([request_id.as_bytes()], |row| row.get(0))
        .unwrap();
    types.collect::<Result<_, _>>().unwrap()
}

/// A request that is accepted is seen; else that a refused one isn't would prove nothing.
#[tokio::test]
async fn what_a_request_has_caused_is_seen() {
    use crate::client::{Client, answer};
    use crate::process::Shop;

    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::start_with(&folder.path().join("data"), &[("TILLSTREAM_DEMO", "false")]);
    let admin = Client::admin(&shop).await;
    let (request_id, before) = (Uuid::new_v4(), head(&shop.data_dir));
    let request = admin
        .request(reqwest::Method::POST, "/api/categories")
        .header("x-request-id", request_id.to_string())
        .json(&serde_json::json!({"name": "Seen"}));
    answer(request).await.unwrap().expect(201);
    assert_eq!(caused_by(&shop.data_dir, request_id), ["CategoryCreated"]);
    assert_eq!(head(&shop.data_dir), before + 1);
}
