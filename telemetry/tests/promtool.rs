//! Prometheus' own tool on what is meant for Prometheus: its configuration, the alerts with their cases, and every
//! expression of the dashboards.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn monitoring() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/monitoring")
}

fn promtool(arguments: &[&str]) {
    let output = Command::new("promtool")
        .args(arguments)
        .current_dir(monitoring())
        .output()
        .expect("promtool of Debian's package prometheus");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success(), "promtool {arguments:?}: {said:?}");
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn the_configuration_is_sound() {
    promtool(&["check", "config", "prometheus.yml"]);
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn every_alert_fires_and_is_silent_where_it_should() {
    promtool(&["test", "rules", "alerts_test.yml"]);
    let cases = fs::read_to_string(monitoring().join("alerts_test.yml")).unwrap();
    let alerts = fs::read_to_string(monitoring().join("alerts.yml")).unwrap();
    let alerts: Vec<_> = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(!alerts.is_empty());
    for alert in alerts {
        for case in ["fires", "is silent"] {
            let name = format!("- name: {alert} {case}\n");
            assert!(cases.contains(&name), "{alert} has no case in which it {case}");
        }
    }
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn every_panel_asks_what_prometheus_understands() {
    let mut rules = "groups:\n  - name: panels\n    rules:\n".to_owned();
    let mut panels = 0;
    for entry in fs::read_dir(monitoring().join("grafana/dashboards")).unwrap() {
        let dashboard: Value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let data_source = &dashboard["templating"]["list"][0];
        assert_eq!(data_source["type"], "datasource");
        for panel in dashboard["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().into_iter().flatten() {
                assert_eq!(target["datasource"]["uid"], "${datasource}", "{panel}");
                let expression = target["expr"].as_str().unwrap();
                let expression = expression
                    .replace("$__rate_interval", "1m")
                    .replace("$job", ".*")
                    .replace("$route", ".*");
                let quoted = Value::from(expression); // a JSON string is a YAML one
                let _ = writeln!(rules, "      - record: panel:{panels}\n        expr: {quoted}");
                panels += 1;
            }
        }
    }
    assert!(panels > 0);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), rules).unwrap();
    promtool(&["check", "rules", file.path().to_str().unwrap()]);
}
