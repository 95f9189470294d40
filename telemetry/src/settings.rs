//! What the executable says about how it wants to be seen.
//!
//! Where the settings come from is the executable's; what they may be is checked here.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The longest that a batch of spans may take on its way to the collector: a few tries on a slow network.
pub const TRACE_TIMEOUT: Duration = Duration::from_secs(5);

/// Everything that [`start`](crate::start) needs to know.
#[derive(Debug, Clone)]
pub struct TelemetrySettings {
    /// Of this process, such as `command-api`. Its traces are those of the service `tillstream-<role>`.
    pub role: String,
    /// Of the program.
    pub version: &'static str,
    pub logs: LogSettings,
    /// None: no traces are collected.
    pub traces: Option<TraceSettings>,
}

/// How the process says on standard error what it does.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// A filter such as `info` or `warn,workers=debug`.
    pub filter: String,
    pub format: LogFormat,
}

/// For whom the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Human,
    Json,
}

/// Where traces go: by OTLP over HTTP, as protobuf.
#[derive(Debug, Clone)]
pub struct TraceSettings {
    /// The collector's URL, such as `http://127.0.0.1:4318`; `/v1/traces` is added if it isn't there. Without
    /// credentials: those belong into `headers`.
    pub endpoint: String,
    /// The share, from 0 to 1, of the traces that begin here that is collected. A trace that comes from outside
    /// says for itself whether it is.
    pub sampling_ratio: f64,
    /// For a collector that asks who comes.
    pub headers: SecretHeaders,
    /// Until a batch is given up; [`TRACE_TIMEOUT`] by default.
    pub timeout: Duration,
}

impl TraceSettings {
    /// All traces, to this collector.
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            sampling_ratio: 1.0,
            headers: SecretHeaders::default(),
            timeout: TRACE_TIMEOUT,
        }
    }
}

/// Headers whose values nobody may see, in an error neither.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretHeaders(Vec<(String, String)>);

/// The text is no list of headers. Tells where, and never what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("header {number} is not of the form name=value")]
pub struct HeaderError {
    /// From 1.
    number: usize,
}

impl SecretHeaders {
    /// Reads `name=value,name=value`, the form of `OTEL_EXPORTER_OTLP_HEADERS`. Empty text is no header.
    pub fn parse(text: &str) -> Result<Self, HeaderError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let header = |(index, pair): (usize, &str)| {
            let error = HeaderError { number: index + 1 };
            let (name, value) = pair.split_once('=').ok_or(error)?;
            let (name, value) = (name.trim(), value.trim());
            let named = !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            let sendable = !value.is_empty() && value.bytes().all(|b| (b' '..=b'~').contains(&b));
            if !(named && sendable) {
                return Err(error);
            }
            Ok((name.to_ascii_lowercase(), value.to_owned()))
        };
        let headers: Result<_, _> = text.split(',').enumerate().map(header).collect();
        headers.map(Self)
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().cloned()
    }
}

impl fmt::Debug for SecretHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(name, _)| (name, "…")))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_and_never_shown() {
        let headers = SecretHeaders::parse("Authorization=Bearer hunter2, x-tenant = shop").unwrap();
        let pairs: Vec<_> = headers.pairs().collect();
        assert_eq!(
            pairs[0],
            ("authorization".to_owned(), "Bearer hunter2".to_owned())
        );
        assert_eq!(pairs[1], ("x-tenant".to_owned(), "shop".to_owned()));
        let mut traces = TraceSettings::new("http://127.0.0.1:4318");
        traces.headers = headers;
        let shown = format!("{traces:?}");
        assert!(shown.contains("authorization"), "{shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("shop\""), "{shown}");
    }

    #[test]
    fn no_header_is_no_header() {
        assert_eq!(SecretHeaders::parse(" "), Ok(SecretHeaders::default()));
    }

    #[test]
    fn a_malformed_header_is_refused_without_a_word_of_it() {
        for (wrong, number) in [
            ("hunter2", 1),
            ("a=b,=hunter2", 2),
            ("a=b,c=", 2),
            ("a b=hunter2", 1),
            ("a=hunter\n2", 1),
        ] {
            let error = SecretHeaders::parse(wrong).unwrap_err();
            assert_eq!(error, HeaderError { number }, "{wrong:?}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }
}
