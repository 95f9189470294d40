//! What the process says while it runs, on standard error: for people, or as JSON for machines.

use std::io::IsTerminal;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

use crate::settings::{LogFormat, LogSettings};
use crate::start::TelemetryError;

/// Least of what a trace shows: what a log at `info` does, whatever the log itself is filtered by.
pub(crate) const TRACED: LevelFilter = LevelFilter::INFO;

pub(crate) fn filter(settings: &LogSettings) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::try_new(&settings.filter).map_err(|error| TelemetryError::LogFilter {
        filter: settings.filter.clone(),
        reason: error.to_string(),
    })
}

pub(crate) fn layer<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span>,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Human => layer.with_ansi(std::io::stderr().is_terminal()).compact().boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    }
}
