//! Which metrics a text asks for, so that a test can hold alerts and dashboards against [`names`](crate::names) or
//! against a running system's page. Knows prefixes and suffixes, and no query language.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

use crate::names::{self, Kind, Metric};

/// What Prometheus' own metrics never begin with, and all of ours do.
const PREFIXES: [&str; 2] = ["tillstream_", "process_"];
/// What a histogram's series have behind its name.
const HISTOGRAM_SUFFIXES: [&str; 3] = ["_bucket", "_count", "_sum"];

/// The metrics of ours that a file, or any file in a folder, names; a histogram's series under its own name.
pub fn metrics_named_in(path: &Path) -> io::Result<BTreeSet<String>> {
    if !path.is_dir() {
        return Ok(metrics_named(&fs::read_to_string(path)?));
    }
    let mut named = BTreeSet::new();
    for entry in fs::read_dir(path)? {
        named.extend(metrics_named_in(&entry?.path())?);
    }
    Ok(named)
}

/// The metrics of ours that a text names: a page of metrics, rules, a dashboard.
pub fn metrics_named(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    text.split(|c| !is_part(c))
        .filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix)))
        .map(|word| base_name(word).to_owned())
        .collect()
}

fn base_name(word: &str) -> &str {
    let histogram = |suffix: &str| {
        let base = word.strip_suffix(suffix)?;
        let metric = |metric: &&Metric| metric.kind == Kind::Histogram && metric.name == base;
        names::ALL.iter().find(metric).map(|metric| metric.name)
    };
    HISTOGRAM_SUFFIXES
        .iter()
        .find_map(|suffix| histogram(suffix))
        .unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_expressions() {
        let text = r#"expr: "sum by (le) (rate(tillstream_http_request_seconds_bucket{route=~\"/api/.*\"}[5m])) > up
            and tillstream_log_head - ignoring(role) tillstream_made_up_count or process_open_fds""#;
        let found: Vec<_> = metrics_named(text).into_iter().collect();
        assert_eq!(
            found,
            [
                "process_open_fds",
                "tillstream_http_request_seconds",
                "tillstream_log_head",
                "tillstream_made_up_count"
            ]
        );
    }
}
