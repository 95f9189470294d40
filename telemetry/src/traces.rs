//! Traces on their way to a collector, by OTLP over HTTP.
//!
//! Spans wait in a bounded queue for a thread that sends them. While the collector is down the queue fills, and
//! what doesn't fit is dropped: nobody else ever waits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{Protocol, SpanExporter as OtlpExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData, SpanExporter,
};
use url::Url;
use uuid::Uuid;

use crate::names;
use crate::settings::{TelemetrySettings, TraceSettings};
use crate::start::TelemetryError;

/// Where OTLP takes traces, below a collector's address.
const TRACES_PATH: &str = "/v1/traces";
/// Spans that wait to be sent: some seconds of a busy process, and a few megabytes.
const QUEUE_SPANS: usize = 8_192;
/// Spans in one request: the collectors' own default.
const BATCH_SPANS: usize = 512;
/// How long a span waits for company. Short, so that one can look at a trace right after the click.
const BATCH_DELAY: Duration = Duration::from_secs(1);
/// Attributes of a span or event, and events of a span: far above what any has.
const SPAN_PARTS_MAX: u32 = 64;

pub(crate) fn provider(
    settings: &TelemetrySettings,
    traces: &TraceSettings,
) -> Result<SdkTracerProvider, TelemetryError> {
    let ratio = traces.sampling_ratio;
    if !(0.0..=1.0).contains(&ratio) {
        return Err(TelemetryError::SamplingRatio { ratio });
    }
    if traces.timeout.is_zero() {
        return Err(TelemetryError::NoTimeout);
    }
    let exporter = OtlpExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint(&traces.endpoint)?)
        .with_timeout(traces.timeout)
        .with_headers(traces.headers.pairs().collect())
        .build()
        .map_err(|error| TelemetryError::Exporter {
            reason: error.to_string(),
        })?;
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE_SPANS)
        .with_max_export_batch_size(BATCH_SPANS)
        .with_scheduled_delay(BATCH_DELAY)
        .build();
    let processor = BatchSpanProcessor::builder(Told::new(exporter))
        .with_batch_config(batches)
        .build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio))))
        .with_max_attributes_per_span(SPAN_PARTS_MAX)
        .with_max_attributes_per_event(SPAN_PARTS_MAX)
        .with_max_events_per_span(SPAN_PARTS_MAX)
        .with_resource(resource(settings))
        .build();
    Ok(provider)
}

/// The URL that batches go to. What is wrong with another is told without a word of it: it may hold a password.
fn endpoint(text: &str) -> Result<String, TelemetryError> {
    let refuse = |problem: String| TelemetryError::Endpoint { problem };
    let mut url = Url::parse(text).map_err(|error| refuse(format!("is no URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("begins neither with http:// nor with https://".to_owned()));
    }
    if url.scheme() == "https" && cfg!(not(feature = "tls")) {
        return Err(refuse(
            "needs https, which this program is built without".to_owned(),
        ));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(refuse(
            "holds credentials or a query; credentials belong into a header".to_owned(),
        ));
    }
    if !url.path().ends_with(TRACES_PATH) {
        let path = format!("{}{TRACES_PATH}", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    Ok(url.into())
}

fn resource(settings: &TelemetrySettings) -> Resource {
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.namespace", "tillstream"),
            KeyValue::new("service.name", format!("tillstream-{}", settings.role)),
            KeyValue::new("service.version", settings.version),
            KeyValue::new("service.instance.id", Uuid::new_v4().to_string()),
        ])
        .build()
}

/// An exporter that says once that the collector can't be reached, and once that it can again, not at every batch.
#[derive(Debug)]
struct Told<E> {
    exporter: E,
    failing: AtomicBool,
}

impl<E> Told<E> {
    fn new(exporter: E) -> Self {
        Self {
            exporter,
            failing: AtomicBool::new(false),
        }
    }

    fn tell(&self, spans: u64, result: &OTelSdkResult) {
        match result {
            Ok(()) if self.failing.swap(false, Ordering::Relaxed) => {
                tracing::info!("traces are collected again");
            }
            Ok(()) => {}
            Err(error) => {
                metrics::counter!(names::TRACE_SPANS_LOST).increment(spans);
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "traces can't be delivered and are lost until they can");
                }
            }
        }
    }
}

impl<E: SpanExporter> SpanExporter for Told<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let result = self.exporter.export(batch).await;
        self.tell(spans, &result);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_completed() {
        for (given, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
            ("http://collector/otlp/", "http://collector/otlp/v1/traces"),
            ("http://collector/v1/traces", "http://collector/v1/traces"),
        ] {
            assert_eq!(endpoint(given).unwrap(), expected);
        }
    }

    #[test]
    fn a_wrong_endpoint_is_refused_without_a_word_of_it() {
        for wrong in [
            "hunter2",
            "ftp://hunter2",
            "http://shop:hunter2@collector",
            "http://collector/?key=hunter2",
        ] {
            let error = endpoint(wrong).unwrap_err();
            assert!(matches!(error, TelemetryError::Endpoint { .. }), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
