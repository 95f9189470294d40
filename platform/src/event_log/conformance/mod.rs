//! What every adapter of the event log must do, each written once, against any storage.
//!
//! An adapter's tests implement [`LogFixture`] and call [`log_conformance!`](crate::log_conformance).

pub mod appends;
pub mod batches;
pub mod claims;
pub mod closing;
pub mod crashes;
pub mod idempotency;
pub mod model;
pub mod processes;
pub mod readers;

use std::time::Duration;

use chrono::{SubsecRound, Utc};
use events::envelope::{Actor, EventMeta, Position, RecordedEvent, StreamId};
use events::ids::EventId;
use uuid::Uuid;

use super::{Append, AppendError, EventLog, IdempotencyKey, LogOptions, NewEvent, StreamHead, StreamWrite};

/// How long a test may take before it counts as hanging. Far above what any of them needs.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// A storage of a test's own.
pub trait LogFixture: Send + Sync + 'static {
    /// Runs of the property tests, each with a storage of its own. Fewer where one is costly to make.
    const CASES: u32 = 48;

    /// An empty storage, which goes away when this is dropped.
    fn new() -> Self;

    /// Another handle on it, as another process would have.
    fn open(&self, options: LogOptions) -> impl Future<Output = EventLog> + Send;
}

/// Makes one test of each promise, for one kind of storage. Attributes in front of the fixture's type go to every test:
/// `log_conformance!(#[ignore = "why"] Fixture)`.
#[macro_export]
macro_rules! log_conformance {
    ($(#[$attribute:meta])* $fixture:ty) => {
        // Only one thread: what is sent without a pause in between is one batch, for certain.
        $crate::log_conformance!(@tests [$(#[$attribute])*] $fixture, one_thread, "current_thread",
            appends::{
                positions_are_gapless_from_one,
                an_event_reads_back_as_it_was_written,
                an_append_is_atomic_over_its_streams,
                the_right_version_of_another_event_is_a_conflict,
                a_conflict_names_the_streams_that_moved,
                a_check_holds_or_fails_and_writes_nothing,
                an_append_of_nothing_answers_the_head,
                streams_read_back_in_order_however_many,
            },
            batches::{
                what_waits_together_is_one_batch,
                a_conflict_in_a_batch_fails_alone,
                dependents_of_a_failed_append_fail_too,
                claims_and_keys_hold_within_a_batch,
                a_flood_is_split_and_loses_nothing,
                an_append_beyond_the_bounds_of_a_batch_is_whole,
            },
            claims::{
                a_claim_is_taken_kept_and_released,
                only_the_owner_releases_a_claim,
                a_claim_moves_within_one_append,
                a_failed_append_takes_and_releases_nothing,
                odd_values_are_claimed_as_they_are,
            },
            idempotency::{
                a_key_runs_once_whatever_its_fingerprint,
                callers_do_not_share_keys,
                a_key_without_events_is_kept_too,
                old_outcomes_are_forgotten_and_new_ones_kept,
            },
            crashes::{
                a_crash_at_any_step_is_all_or_nothing,
                what_was_answered_survives_a_crash_under_load,
            },
            closing::{
                close_finishes_what_was_accepted,
                a_closed_log_refuses,
                dropping_the_answer_does_not_take_the_append_back,
                dropping_every_handle_finishes_what_was_accepted,
            },
        );
        $crate::log_conformance!(@tests [$(#[$attribute])*] $fixture, many_threads, "multi_thread",
            claims::{ thirty_two_tasks_race_for_one_claim },
            idempotency::{ two_at_once_run_once },
            readers::{
                a_reader_with_small_limits_misses_nothing,
                the_feed_waits_for_events_and_ends_at_shutdown,
                the_feed_ends_when_the_log_closes,
                the_watch_sees_other_processes,
                a_hint_makes_the_log_look_at_once,
            },
            processes::{
                readers_see_every_position_once_in_order,
                sixty_four_writers_share_one_stream,
                a_stale_head_is_a_conflict_between_processes,
            },
            model::{ any_appends_do_as_the_model_does },
        );
    };
    (@tests $attributes:tt $fixture:ty, $runtime:ident, $flavor:literal,
        $($module:ident::{ $($test:ident),+ $(,)? }),+ $(,)?
    ) => {
        mod $runtime {
            use super::*;
            $(mod $module {
                use super::*;
                $($crate::log_conformance!(@test $attributes $fixture, $flavor, $module::$test);)+
            })+
        }
    };
    (@test [$($attribute:tt)*] $fixture:ty, $flavor:literal, $module:ident::$test:ident) => {
        #[tokio::test(flavor = $flavor)]
        $($attribute)*
        async fn $test() {
            use $crate::event_log::conformance as suite;
            let fixture = <$fixture as suite::LogFixture>::new();
            tokio::time::timeout(suite::PATIENCE, suite::$module::$test(&fixture))
                .await
                .expect("the test hangs");
        }
    };
}

async fn open(fixture: &impl LogFixture) -> EventLog {
    fixture.open(LogOptions::default()).await
}

fn stream(key: &str) -> StreamId {
    StreamId::new("test", key)
}

fn event() -> NewEvent {
    let event_id = EventId::generate();
    NewEvent {
        event_type: "SomethingHappened",
        schema_version: 1,
        payload: format!(r#"{{"id":"{event_id}"}}"#),
        meta: EventMeta {
            event_id,
            recorded_at: Utc::now().trunc_subsecs(6),
            actor: Actor::System,
            correlation_id: Uuid::now_v7(),
            causation_id: None,
            trace_parent: None,
        },
    }
}

/// `count` events on `stream`, if it stands at `expected`.
fn write(stream: &StreamId, expected: StreamHead, count: usize) -> StreamWrite {
    StreamWrite {
        stream: stream.clone(),
        expected,
        events: (0..count).map(|_| event()).collect(),
    }
}

fn append(writes: impl Into<Vec<StreamWrite>>) -> Append {
    Append {
        writes: writes.into(),
        ..Append::default()
    }
}

/// Where `write` leaves its stream.
fn head_after(write: &StreamWrite) -> StreamHead {
    write
        .events
        .iter()
        .fold(write.expected, |head, event| StreamHead {
            version: head.version + 1,
            event_id: Some(event.meta.event_id),
        })
}

fn key(scope: &str, key: &str, fingerprint: &str) -> IdempotencyKey {
    IdempotencyKey {
        scope: scope.to_owned(),
        key: key.to_owned(),
        fingerprint: fingerprint.to_owned(),
    }
}

async fn head_of(log: &EventLog, stream: &StreamId) -> StreamHead {
    let events = log.read_streams(std::slice::from_ref(stream)).await.unwrap();
    events
        .last()
        .map(|event| StreamHead {
            version: event.version,
            event_id: Some(event.meta.event_id),
        })
        .unwrap_or_default()
}

/// The whole log, whose positions and versions must be gapless.
async fn all(log: &EventLog) -> Vec<RecordedEvent> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.position);
        let more = log.read(after, EventLog::READ_LIMIT).await.unwrap();
        if more.is_empty() {
            break;
        }
        events.extend(more);
    }
    assert_gapless(&events);
    assert_eq!(log.head().await.unwrap(), events.len() as Position);
    events
}

fn assert_gapless(events: &[RecordedEvent]) {
    let mut versions = std::collections::HashMap::new();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(
            event.position, position,
            "a position is missing, repeated or out of order"
        );
        let version = versions.entry(&event.stream).or_insert(0);
        *version += 1;
        assert_eq!(
            event.version, *version,
            "a version of {} is missing or repeated",
            event.stream
        );
    }
}

fn event_ids(events: &[RecordedEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.meta.event_id).collect()
}

/// The streams of a conflict.
fn conflict<T: std::fmt::Debug>(result: Result<T, AppendError>) -> Vec<StreamId> {
    match result {
        Err(AppendError::Conflict { streams }) => streams,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

fn is_unavailable<T>(result: &Result<T, AppendError>) -> bool {
    matches!(result, Err(AppendError::Unavailable { .. }))
}
