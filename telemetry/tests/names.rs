//! Alerts and dashboards ask for nothing that nobody counts, and for all that somebody does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use telemetry::{metrics_named_in, names};

fn monitoring() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/monitoring")
}

fn ours() -> BTreeSet<String> {
    let all = names::ALL.iter().chain(names::PROCESS);
    all.map(|metric| metric.name.to_owned()).collect()
}

#[test]
fn everything_that_is_asked_for_is_counted() {
    let ours = ours();
    for asking in ["alerts.yml", "alerts_test.yml", "grafana/dashboards"] {
        let named = metrics_named_in(&monitoring().join(asking)).unwrap();
        assert!(!named.is_empty(), "{asking} names no metric");
        let unknown: Vec<_> = named.difference(&ours).collect();
        assert!(unknown.is_empty(), "{asking} names {unknown:?}");
    }
}

#[test]
fn everything_of_ours_that_is_counted_is_shown() {
    let shown = metrics_named_in(&monitoring().join("grafana/dashboards")).unwrap();
    let unseen: Vec<_> = names::ALL
        .iter()
        .filter(|metric| !shown.contains(metric.name))
        .map(|metric| metric.name)
        .collect();
    assert!(unseen.is_empty(), "no dashboard shows {unseen:?}");
}
