//! What `deploy/` says of the executable is true of the executable: every setting, every role, every flag. And it says
//! everywhere what a careful operation asks for.
//!
//! The executable is the one that `cargo test` has just built beside this test, or `TILLSTREAM_TEST_EXECUTABLE`.

mod compose;
mod executable;
mod kubernetes;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// What the project ships for running it.
fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .canonicalize()
        .unwrap()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

/// The members of a mapping; none if there is nothing.
fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The strings of a list.
fn strings(value: &Value) -> Vec<String> {
    elements(value)
        .map(|element| element.as_str().unwrap().to_owned())
        .collect()
}
