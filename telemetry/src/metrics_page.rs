//! What has been counted, as the page that Prometheus reads.
//!
//! Serving the page is the executable's, which has a listener anyway.

use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::names::{self, Kind, Metric};
use crate::process;
use crate::start::TelemetryError;

/// The content type of [`metrics_page`].
pub const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// From a cached document to the request's deadline.
const SECONDS_BUCKETS: &[f64] = &[
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];
/// From one at a time to the largest batch.
const COUNT_BUCKETS: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0,
];
/// How often samples that nobody has fetched are put into their buckets, so that they don't pile up.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

static PAGE: OnceLock<PrometheusHandle> = OnceLock::new();

/// A thread that keeps the recorder small, for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Upkeep {
    /// Nothing is ever sent; that it is gone is the sign to stop.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // it has no result
        }
    }
}

pub(crate) fn install(role: &str, version: &'static str) -> Result<Upkeep, TelemetryError> {
    let failed = |reason: String| TelemetryError::Metrics { reason };
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let recorder = PrometheusBuilder::new()
        .set_buckets(COUNT_BUCKETS)
        .and_then(|builder| builder.set_buckets_for_metric(seconds, SECONDS_BUCKETS))
        .map_err(|error| failed(error.to_string()))?
        .build_recorder();
    let page = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| TelemetryError::AlreadyStarted)?;
    describe();
    metrics::gauge!(names::BUILD_INFO, "version" => version, "role" => role.to_owned()).set(1.0);
    // There from the start, so that the first one lost is an increase.
    metrics::counter!(names::TRACE_SPANS_LOST).increment(0);
    let upkeep = keep_up(page.clone()).map_err(|error| failed(error.to_string()))?;
    PAGE.set(page).map_err(|_| TelemetryError::AlreadyStarted)?;
    Ok(upkeep)
}

fn keep_up(page: PrometheusHandle) -> std::io::Result<Upkeep> {
    let (stop, stopped) = channel::<()>();
    let run = move || {
        while stopped.recv_timeout(UPKEEP_INTERVAL) == Err(RecvTimeoutError::Timeout) {
            page.run_upkeep();
        }
    };
    let thread = thread::Builder::new().name("metrics".to_owned()).spawn(run)?;
    Ok(Upkeep {
        stop: Some(stop),
        thread: Some(thread),
    })
}

fn describe() {
    for Metric { name, kind, help } in names::ALL {
        match kind {
            Kind::Counter => metrics::describe_counter!(*name, *help),
            Kind::Gauge => metrics::describe_gauge!(*name, *help),
            Kind::Histogram => metrics::describe_histogram!(*name, *help),
        }
    }
}

/// All metrics at this moment, in Prometheus' text format. Before [`start`](crate::start), only the process' own.
pub fn metrics_page() -> String {
    let mut page = PAGE.get().map(PrometheusHandle::render).unwrap_or_default();
    process::write(&mut page);
    page
}
