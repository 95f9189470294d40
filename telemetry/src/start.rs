//! Starts what makes the process visible, once, and ends it so that the last of it still arrives.

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::subscriber::set_global_default;
use tracing_subscriber::layer::{Layer, SubscriberExt};

use crate::metrics_page::Upkeep;
use crate::settings::TelemetrySettings;
use crate::{logs, metrics_page, trace_context, traces};

/// How long a process that stops waits for its last spans to arrive: one try at a collector that is there.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// Why the process can't be made visible.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("log.filter {filter:?} is no filter: {reason}")]
    LogFilter { filter: String, reason: String },
    #[error("the traces' endpoint {problem}")]
    Endpoint { problem: String },
    #[error("the traces' sampling ratio {ratio} is not between 0 and 1")]
    SamplingRatio { ratio: f64 },
    #[error("the traces' timeout is zero")]
    NoTimeout,
    #[error("traces can't be exported: {reason}")]
    Exporter { reason: String },
    #[error("metrics can't be collected: {reason}")]
    Metrics { reason: String },
    #[error("logs, traces and metrics have been started before")]
    AlreadyStarted,
}

/// Keeps telemetry going. Dropped without [`shutdown`](Self::shutdown), it goes on to the process' end, which then
/// comes without the last spans.
#[must_use = "its shutdown delivers the last spans"]
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
    _upkeep: Upkeep,
}

/// Begins to log, to count, and, if there is a collector, to trace. Once per process, before anything is counted.
///
/// May be called inside an async runtime or outside; it needs none.
pub fn start(settings: &TelemetrySettings) -> Result<Telemetry, TelemetryError> {
    let filter = logs::filter(&settings.logs)?;
    let provider = settings
        .traces
        .as_ref()
        .map(|traces| traces::provider(settings, traces))
        .transpose()?;
    let installed = match &provider {
        // The filter stands before everything: what isn't logged costs nothing.
        None => {
            let registry = tracing_subscriber::registry().with(filter);
            set_global_default(registry.with(logs::layer(settings.logs.format)))
        }
        Some(provider) => {
            let spans = tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("tillstream"))
                .with_context_activation(false)
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_tracked_inactivity(false);
            let logs = logs::layer(settings.logs.format).with_filter(filter);
            let registry = tracing_subscriber::registry().with(logs);
            set_global_default(registry.with(spans.with_filter(logs::TRACED)))
        }
    };
    installed.map_err(|_| TelemetryError::AlreadyStarted)?;
    let upkeep = metrics_page::install(&settings.role, settings.version)?;
    if provider.is_some() {
        trace_context::turn_on();
    }
    Ok(Telemetry {
        provider,
        _upkeep: upkeep,
    })
}

impl Telemetry {
    /// Delivers what is left, for at most 3 seconds, during which it blocks the thread: best called where no
    /// async runtime is left.
    pub fn shutdown(mut self) {
        let Some(provider) = self.provider.take() else {
            return;
        };
        if let Err(error) = provider.shutdown_with_timeout(FLUSH_TIMEOUT) {
            tracing::warn!(%error, "the last spans may not have arrived");
        }
    }
}
