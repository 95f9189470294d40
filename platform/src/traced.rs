//! What a batch adds to the traces that its events are part of: a span for each command whose events it carries on, as
//! long as the batch takes.
//!
//! Who catches up on a million events has nothing to tell anybody who waits for one of them, so there is a bound.

use events::envelope::RecordedEvent;
use telemetry::TraceParent;
use tracing::Span;

/// Commands of one batch that are traced: more than come at once while all is well, and few beside the batch's own
/// work.
const TRACED_MAX: usize = 100;

/// The spans of a batch; none while no traces are collected. They end when they are dropped. `span` makes one of the
/// events that one command wrote.
pub fn spans_of(batch: &[RecordedEvent], span: impl Fn(&[RecordedEvent]) -> Span) -> Vec<Span> {
    if !telemetry::traces_on() {
        return Vec::new();
    }
    // What one command wrote lies together.
    let commands = batch.chunk_by(|one, next| one.meta.trace_parent == next.meta.trace_parent);
    let traced = commands.filter_map(|written| {
        let trace_parent = written.first()?.meta.trace_parent.as_deref()?;
        let sampled = trace_parent.parse::<TraceParent>().ok()?.is_sampled();
        sampled.then(|| {
            let span = span(written);
            telemetry::continue_trace(&span, trace_parent);
            span
        })
    });
    traced.take(TRACED_MAX).collect()
}
