//! What a batch adds to the traces that its events are part of: a span for each command whose events it projects, as
//! long as the batch takes.
//!
//! A projector that catches up on a million events has nothing to tell anybody who waits for one of them, so there is
//! a bound.

use events::envelope::RecordedEvent;
use telemetry::TraceParent;
use tracing::Span;

/// Commands of one batch that are traced: more than come at once while all is well, and few beside the batch's own
/// work.
const TRACED_MAX: usize = 100;

/// The spans of a batch; none while no traces are collected. They end when they are dropped.
pub fn of_batch(batch: &[RecordedEvent]) -> Vec<Span> {
    if !telemetry::traces_on() {
        return Vec::new();
    }
    // What one command wrote lies together.
    let commands = batch.chunk_by(|one, next| one.meta.trace_parent == next.meta.trace_parent);
    commands.filter_map(of_command).take(TRACED_MAX).collect()
}

fn of_command(written: &[RecordedEvent]) -> Option<Span> {
    let first = written.first()?;
    let trace_parent = first.meta.trace_parent.as_deref()?;
    let sampled = trace_parent.parse::<TraceParent>().ok()?.is_sampled();
    sampled.then(|| {
        let span = tracing::info_span!(
            "project",
            position = first.position,
            events = written.len(),
            correlation_id = %first.meta.correlation_id,
        );
        telemetry::continue_trace(&span, trace_parent);
        span
    })
}
