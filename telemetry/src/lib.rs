//! What can be seen of a running process from outside: logs, traces and metrics.
//!
//! Every crate may use the light part: the metrics' names, and the two functions by which a trace goes on
//! beyond its process. Installing what receives it all is the executable's, under the feature `install`.
//! Where a page of metrics is served, and what is worth counting, is left to others.

#[cfg(feature = "install")]
mod logs;
#[cfg(feature = "install")]
mod metrics_page;
mod named;
pub mod names;
#[cfg(feature = "install")]
mod process;
#[cfg(feature = "install")]
mod settings;
#[cfg(feature = "install")]
mod start;
mod trace_context;
#[cfg(feature = "install")]
mod traces;

#[cfg(feature = "install")]
pub use metrics_page::{METRICS_CONTENT_TYPE, metrics_page};
pub use named::{metrics_named, metrics_named_in};
#[cfg(feature = "install")]
pub use settings::{HeaderError, LogFormat, LogSettings, SecretHeaders, TelemetrySettings, TraceSettings};
#[cfg(feature = "install")]
pub use start::{Telemetry, TelemetryError, start};
pub use trace_context::{TraceParent, continue_trace, current_trace_parent, trace_parent_of, traces_on};
