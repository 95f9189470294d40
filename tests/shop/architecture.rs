//! The arrows between the crates: what may depend on what.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Each crate with the crates of ours that it may use outside its tests.
const ARROWS: &[(&str, &[&str])] = &[
    ("events", &[]),
    ("domain", &["events"]),
    // Names and spans: whoever does something may say so.
    ("telemetry", &[]),
    ("platform", &["events", "telemetry"]),
    ("executor", &["domain", "events", "platform", "telemetry"]),
    ("wording", &[]),
    ("web", &["events", "platform", "telemetry", "wording"]),
    ("relay", &["events", "platform", "telemetry"]),
    ("read-models", &["events", "platform", "telemetry"]),
    ("projectors", &["events", "platform", "read-models", "telemetry"]),
    (
        "command-api",
        &["bulk", "domain", "events", "executor", "platform", "web"],
    ),
    ("query-api", &["bulk", "events", "platform", "read-models", "web"]),
    (
        "workers",
        &["domain", "events", "executor", "platform", "telemetry"],
    ),
    // A client of the API and a stand-in for a provider know nothing of the inside.
    ("bulk", &["events", "wording"]),
    ("import", &["bulk", "events"]),
    ("payment-sandbox", &[]),
    ("terminal", &[]),
];

/// Crates that would bring the outside world into decisions.
const NOT_IN_DOMAIN: &[&str] = &["sqlx", "reqwest", "axum", "platform"];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let normal = |package: &cargo_metadata::Package| {
        let kept = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal);
        kept.map(|dependency| dependency.name.clone()).collect()
    };
    metadata
        .packages
        .iter()
        .map(|package| (package.name.to_string(), normal(package)))
        .collect()
}

#[test]
fn every_crate_uses_only_what_its_room_allows() {
    let dependencies = dependencies();
    let ours: BTreeSet<_> = dependencies.keys().cloned().collect();
    for (name, allowed) in ARROWS {
        let used: BTreeSet<_> = dependencies[*name]
            .intersection(&ours)
            .map(String::as_str)
            .collect();
        let allowed: BTreeSet<_> = allowed.iter().copied().collect();
        let forbidden: Vec<_> = used.difference(&allowed).collect();
        assert!(forbidden.is_empty(), "{name} must not use {forbidden:?}");
    }
}

#[test]
fn decisions_reach_nothing_outside() {
    let domain = &dependencies()["domain"];
    let reached: Vec<_> = NOT_IN_DOMAIN
        .iter()
        .filter(|name| domain.contains(**name))
        .collect();
    assert!(reached.is_empty(), "domain must not use {reached:?}");
}

#[test]
fn every_crate_has_its_arrows_here() {
    let outside = ["tillstream", "test-servers", "xtask", "benches"];
    let named: BTreeSet<_> = ARROWS.iter().map(|(name, _)| *name).chain(outside).collect();
    let missing: Vec<_> = dependencies()
        .into_keys()
        .filter(|name| !named.contains(name.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "{missing:?} have no place in the architecture yet"
    );
}
