//! A collector that takes connections and never answers: nobody waits for it, and what is lost is counted.

use std::net::TcpListener;
use std::time::Duration;

use telemetry::{LogFormat, LogSettings, TelemetrySettings, TraceSettings, names};

/// Far more spans than fit into any queue on their way out.
const SPANS: usize = 50_000;

fn lost() -> Option<f64> {
    let page = telemetry::metrics_page();
    let prefix = format!("{} ", names::TRACE_SPANS_LOST);
    let value = page.lines().find_map(|line| line.strip_prefix(&prefix))?;
    value.parse().ok()
}

#[tokio::test]
async fn a_silent_collector_stops_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut traces = TraceSettings::new(format!("http://{}", listener.local_addr().unwrap()));
    traces.timeout = Duration::from_millis(50);
    let settings = TelemetrySettings {
        role: "workers".to_owned(),
        version: "1.2.3",
        logs: LogSettings {
            filter: "warn".to_owned(),
            format: LogFormat::Human,
        },
        traces: Some(traces),
    };
    let telemetry = telemetry::start(&settings).unwrap();
    for _ in 0..SPANS {
        drop(tracing::info_span!("unheard"));
    }
    while lost().is_none_or(|lost| lost < 1.0) {
        tokio::task::yield_now().await;
    }
    // Also on a thread of the runtime, though that isn't recommended: it ends, and nothing panics.
    telemetry.shutdown();
}
