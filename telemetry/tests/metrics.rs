//! The page of metrics, as Prometheus reads it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use telemetry::names::{self, Kind};
use telemetry::{
    LogFormat, LogSettings, Telemetry, TelemetryError, TelemetrySettings, metrics_named, metrics_page,
};

fn settings() -> TelemetrySettings {
    TelemetrySettings {
        role: "query-api".to_owned(),
        version: "1.2.3",
        logs: LogSettings {
            filter: "info,access=warn".to_owned(),
            format: LogFormat::Human,
        },
        traces: None,
    }
}

/// Once for all tests of this process.
fn start() {
    static STARTED: OnceLock<Telemetry> = OnceLock::new();
    STARTED.get_or_init(|| telemetry::start(&settings()).unwrap());
}

/// The samples of a page, each by its name and labels. Panics at whatever isn't of the text format.
fn samples(page: &str) -> BTreeMap<String, String> {
    let mut samples = BTreeMap::new();
    let mut types = BTreeMap::new();
    for line in page.lines().filter(|line| !line.is_empty()) {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (name, kind) = declared.split_once(' ').unwrap();
            assert!(types.insert(name, kind).is_none(), "{name} is declared twice");
        } else if !line.starts_with("# HELP ") {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            let declared = types.keys().any(|declared| name.starts_with(declared));
            assert!(declared, "{name} has no type");
            value.parse::<f64>().unwrap();
            let twice = samples.insert(series.to_owned(), value.to_owned());
            assert_eq!(twice, None, "{series} is there twice");
        }
    }
    samples
}

#[test]
fn what_was_counted_is_on_the_page() {
    start();
    metrics::counter!(names::COMMANDS, "result" => "accepted").increment(3);
    metrics::gauge!(names::LOG_HEAD).set(42.0);
    metrics::histogram!(names::HTTP_REQUEST_SECONDS, "method" => "GET", "route" => "/a\"b\\c\n")
        .record(0.004);
    metrics::histogram!(names::LOG_BATCH_EVENTS).record(7.0);
    let page = metrics_page();
    let samples = samples(&page);
    assert_eq!(samples["tillstream_commands_total{result=\"accepted\"}"], "3");
    assert_eq!(samples["tillstream_log_head"], "42");
    assert_eq!(
        samples["tillstream_build_info{version=\"1.2.3\",role=\"query-api\"}"],
        "1"
    );
    let labels = r#"method="GET",route="/a\"b\\c\n""#;
    for (le, count) in [("0.0025", "0"), ("0.005", "1"), ("+Inf", "1")] {
        let series = format!("tillstream_http_request_seconds_bucket{{{labels},le=\"{le}\"}}");
        assert_eq!(samples[&series], count, "{series}");
    }
    assert_eq!(samples["tillstream_log_batch_events_bucket{le=\"5\"}"], "0");
    assert_eq!(samples["tillstream_log_batch_events_bucket{le=\"10\"}"], "1");
    assert!(page.contains("# TYPE tillstream_http_request_seconds histogram"));
    assert!(page.contains("# HELP tillstream_log_head The position"));
    assert!(metrics_named(&page).contains("process_open_fds"));
}

#[test]
fn a_second_start_is_refused() {
    start();
    let error = telemetry::start(&settings()).unwrap_err();
    assert!(matches!(error, TelemetryError::AlreadyStarted), "{error:?}");
}

#[test]
fn a_wrong_setting_is_told_by_name() {
    let mut wrong = settings();
    wrong.logs.filter = "tillstream=loud".to_owned();
    let error = telemetry::start(&wrong).unwrap_err().to_string();
    assert!(error.starts_with("log.filter \"tillstream=loud\""), "{error}");
    let mut wrong = settings();
    let mut traces = telemetry::TraceSettings::new("http://127.0.0.1:9");
    traces.sampling_ratio = 1.5;
    wrong.traces = Some(traces);
    let error = telemetry::start(&wrong).unwrap_err().to_string();
    assert_eq!(error, "the traces' sampling ratio 1.5 is not between 0 and 1");
}

#[test]
fn every_metric_has_a_kind_that_its_name_shows() {
    let histograms = names::ALL.iter().filter(|metric| metric.kind == Kind::Histogram);
    for metric in histograms {
        let units = ["_seconds", "_appends", "_events"];
        assert!(
            units.iter().any(|unit| metric.name.ends_with(unit)),
            "{}",
            metric.name
        );
    }
}
