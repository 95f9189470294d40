//! A trace beyond its process: as a W3C `traceparent` in requests, events and messages.
//!
//! All of it does nothing, at the price of one look at a flag, while no traces are collected. Who makes spans,
//! and of what, is each crate's own affair.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The version that is written. A later one is read as if it were this one, as the standard asks for.
const VERSION: &str = "00";
/// The version that the standard forbids.
const VERSION_NEVER: &str = "ff";
/// `<version>-<trace id>-<span id>-<flags>`, each in hexadecimal digits.
const PART_LENS: [usize; 4] = [2, 32, 16, 2];

/// Whether spans go anywhere. Set once, at start.
static ON: AtomicBool = AtomicBool::new(false);

/// Whether traces are collected in this process, and what serves only them is worth its cost.
pub fn traces_on() -> bool {
    ON.load(Ordering::Relaxed)
}

#[cfg(feature = "install")]
pub(crate) fn turn_on() {
    ON.store(true, Ordering::Relaxed);
}

/// A `traceparent`, read: which span of which trace comes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: TraceId,
    span_id: SpanId,
    flags: TraceFlags,
}

/// The text is no `traceparent` of W3C Trace Context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTraceParent;

impl fmt::Display for NoTraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a traceparent is of the form 00-<32 hex digits>-<16 hex digits>-<2 hex digits>")
    }
}

impl std::error::Error for NoTraceParent {}

impl TraceParent {
    /// Whether this trace is recorded, and not only named.
    pub fn is_sampled(&self) -> bool {
        self.flags.is_sampled()
    }

    /// The trace that it belongs to, as 32 hexadecimal digits when displayed.
    pub fn trace_id(&self) -> impl fmt::Display + use<> {
        self.trace_id
    }

    fn of(context: &SpanContext) -> Option<Self> {
        context.is_valid().then(|| Self {
            trace_id: context.trace_id(),
            span_id: context.span_id(),
            flags: context.trace_flags(),
        })
    }

    fn as_remote(self) -> SpanContext {
        SpanContext::new(self.trace_id, self.span_id, self.flags, true, TraceState::NONE)
    }
}

impl FromStr for TraceParent {
    type Err = NoTraceParent;

    fn from_str(text: &str) -> Result<Self, NoTraceParent> {
        let mut parts = text.split('-');
        let mut part = |len: usize| {
            let is_hex = |part: &&str| {
                let digits = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
                part.len() == len && digits
            };
            parts.next().filter(is_hex).ok_or(NoTraceParent)
        };
        let [version_len, trace_len, span_len, flags_len] = PART_LENS;
        let version = part(version_len)?;
        let trace_id = TraceId::from_hex(part(trace_len)?).map_err(|_| NoTraceParent)?;
        let span_id = SpanId::from_hex(part(span_len)?).map_err(|_| NoTraceParent)?;
        let flags = u8::from_str_radix(part(flags_len)?, 16).map_err(|_| NoTraceParent)?;
        let more = parts.next().is_some();
        let of_this_version = version == VERSION && !more || version != VERSION && version != VERSION_NEVER;
        let named = trace_id != TraceId::INVALID && span_id != SpanId::INVALID;
        if !(of_this_version && named) {
            return Err(NoTraceParent);
        }
        // Of the flags only this one means anything to us, and what isn't understood isn't passed on.
        let flags = TraceFlags::new(flags) & TraceFlags::SAMPLED;
        Ok(Self {
            trace_id,
            span_id,
            flags,
        })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = self.flags.to_u8();
        write!(f, "{VERSION}-{}-{}-{flags:02x}", self.trace_id, self.span_id)
    }
}

/// Makes a span the child of one in another process, or of one that has long ended. It must be new: nobody may
/// have entered it yet. Text that is no `traceparent` changes nothing.
pub fn continue_trace(span: &Span, trace_parent: &str) {
    if !traces_on() {
        return;
    }
    if let Ok(parent) = trace_parent.parse::<TraceParent>() {
        let context = Context::new().with_remote_span_context(parent.as_remote());
        // Fails for a span that no layer has taken, which then has no trace to continue.
        let _ = span.set_parent(context);
    }
}

/// The `traceparent` by which others can continue this span's trace, if it has one.
pub fn trace_parent_of(span: &Span) -> Option<TraceParent> {
    if !traces_on() {
        return None;
    }
    TraceParent::of(span.context().span().span_context())
}

/// The `traceparent` of the span that this code runs in: 55 characters.
pub fn current_trace_parent() -> Option<String> {
    trace_parent_of(&Span::current()).map(|parent| parent.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_trace_parent_is_read_and_written_alike() {
        let parent: TraceParent = GOOD.parse().unwrap();
        assert!(parent.is_sampled());
        assert_eq!(parent.to_string(), GOOD);
        assert_eq!(parent.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let unsampled: TraceParent = GOOD.replace("-01", "-00").parse().unwrap();
        assert!(!unsampled.is_sampled());
    }

    #[test]
    fn a_later_version_is_read_as_ours() {
        let later = GOOD.replacen("00", "01", 1) + "-more";
        let parent: TraceParent = later.parse().unwrap();
        assert_eq!(parent.to_string(), GOOD);
    }

    #[test]
    fn flags_that_are_not_understood_are_not_passed_on() {
        let parent: TraceParent = GOOD.replace("-01", "-ff").parse().unwrap();
        assert_eq!(parent.to_string(), GOOD);
    }

    #[test]
    fn what_is_malformed_is_no_trace_parent() {
        let more = format!("{GOOD}-more");
        let endless = "0".repeat(100_000);
        for wrong in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473z-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            &more,
            &endless,
        ] {
            assert_eq!(wrong.parse::<TraceParent>(), Err(NoTraceParent), "{wrong}");
        }
    }

    #[test]
    fn without_a_collector_there_is_no_trace() {
        let span = tracing::info_span!("anything");
        continue_trace(&span, GOOD);
        assert_eq!(trace_parent_of(&span), None);
        assert_eq!(current_trace_parent(), None);
    }
}
