//! The schemas in `events/schemas` are the promise to everything that was ever stored.
//!
//! A changed event fails here until its version is raised (and an upcaster written). To accept the
//! schema of a new event or version: `TILLSTREAM_ACCEPT_SCHEMAS=1 cargo test -p events`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use events::Event;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

/// What is said of a field may change as often as it gets better.
fn forget_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            // A property that is named `description` is a schema, not a text.
            members.retain(|name, member| name != "description" || !member.is_string());
            members.values_mut().for_each(forget_descriptions);
        }
        Value::Array(members) => members.iter_mut().for_each(forget_descriptions),
        _ => {}
    }
}

#[test]
fn no_event_changes_without_a_new_version() {
    let accept = std::env::var_os("TILLSTREAM_ACCEPT_SCHEMAS").is_some();
    for (event_type, version, schema) in Event::schemas() {
        let mut schema = Value::from(schema);
        forget_descriptions(&mut schema);
        let path = folder().join(format!("{event_type}.v{version}.json"));
        let now = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if !path.exists() && accept {
            fs::create_dir_all(folder()).unwrap();
            fs::write(&path, &now).unwrap();
        }
        let stored = fs::read_to_string(&path).unwrap_or_else(|_| {
            panic!("{event_type} version {version} has no checked-in schema; see the head of this file")
        });
        assert_eq!(
            stored, now,
            "{event_type} changed: raise its version in `events!` and write an upcaster; stored events keep their shape"
        );
    }
}

#[test]
fn no_schema_is_left_without_its_event() {
    let known: BTreeSet<_> = Event::types()
        .flat_map(|(event_type, newest)| (1..=newest).map(move |v| format!("{event_type}.v{v}.json")))
        .collect();
    let stored: BTreeSet<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(stored, known);
}

#[test]
fn type_names_are_unique_over_all_aggregates() {
    let names: Vec<_> = Event::types().map(|(name, _)| name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}
