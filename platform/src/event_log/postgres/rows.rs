//! Rows of the log's tables as values.

use events::envelope::{EventMeta, RecordedEvent, StreamId};
use events::ids::EventId;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::event_log::stored::{actor_from_text, time_from_micros};
use crate::event_log::{ReadError, StoredOutcome};

/// A row of `position, stream, version, event_type, schema_version, payload, event_id, recorded_at, actor,
/// correlation_id, causation_id, trace_parent`, in this order.
pub(super) fn event_from_row(row: &PgRow) -> Result<RecordedEvent, ReadError> {
    Ok(RecordedEvent {
        position: unsigned(row, 0)?,
        stream: StreamId::from_stored(get(row, 1)?),
        version: unsigned(row, 2)?,
        event_type: get(row, 3)?,
        schema_version: get::<i32>(row, 4)?.cast_unsigned(),
        payload: get(row, 5)?,
        meta: EventMeta {
            event_id: EventId(get(row, 6)?),
            recorded_at: time_from_micros(get(row, 7)?)?,
            actor: actor_from_text(get(row, 8)?)?,
            correlation_id: get(row, 9)?,
            causation_id: get::<Option<Uuid>>(row, 10)?.map(EventId),
            trace_parent: get(row, 11)?,
        },
    })
}

/// A row that begins with `fingerprint, outcome, position, recorded_at`.
pub(super) fn outcome_from_row(row: &PgRow) -> Result<StoredOutcome, ReadError> {
    Ok(StoredOutcome {
        fingerprint: get(row, 0)?,
        outcome: get(row, 1)?,
        position: unsigned(row, 2)?,
        recorded_at: time_from_micros(get(row, 3)?)?,
    })
}

pub(super) fn unsigned(row: &PgRow, column: usize) -> Result<u64, ReadError> {
    get::<i64>(row, column).map(i64::cast_unsigned)
}

pub(super) fn get<'r, T>(row: &'r PgRow, column: usize) -> Result<T, ReadError>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(column).map_err(ReadError::from)
}
