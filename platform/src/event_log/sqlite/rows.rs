//! Rows of the log's tables as values, and values as `SQLite` stores them: ids as 16 bytes, a list as JSON.

use events::envelope::{EventMeta, RecordedEvent, StreamId};
use events::ids::EventId;
use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::event_log::stored::{actor_from_text, broken, time_from_micros};
use crate::event_log::{ReadError, StoredOutcome};

/// A row of `position, stream, version, event_type, schema_version, payload, event_id, recorded_at, actor,
/// correlation_id, causation_id, trace_parent`, in this order.
pub(super) fn event_from_row(row: &SqliteRow) -> Result<RecordedEvent, ReadError> {
    let position = get::<i64>(row, 0)?.cast_unsigned();
    let causation: Option<&[u8]> = get(row, 10)?;
    Ok(RecordedEvent {
        position,
        stream: StreamId::from_stored(get(row, 1)?),
        version: get::<i64>(row, 2)?.cast_unsigned(),
        event_type: get(row, 3)?,
        schema_version: get(row, 4)?,
        payload: get(row, 5)?,
        meta: EventMeta {
            event_id: EventId(uuid_from_bytes(get(row, 6)?)?),
            recorded_at: time_from_micros(get(row, 7)?)?,
            actor: actor_from_text(get(row, 8)?)?,
            correlation_id: uuid_from_bytes(get(row, 9)?)?,
            causation_id: causation.map(uuid_from_bytes).transpose()?.map(EventId),
            trace_parent: get(row, 11)?,
        },
    })
}

/// A row that begins with `fingerprint, outcome, position, recorded_at`.
pub(super) fn outcome_from_row(row: &SqliteRow) -> Result<StoredOutcome, ReadError> {
    Ok(StoredOutcome {
        fingerprint: get(row, 0)?,
        outcome: get(row, 1)?,
        position: get::<i64>(row, 2)?.cast_unsigned(),
        recorded_at: time_from_micros(get(row, 3)?)?,
    })
}

pub(super) fn get<'r, T>(row: &'r SqliteRow, column: usize) -> Result<T, ReadError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    row.try_get(column).map_err(ReadError::from)
}

pub(super) fn uuid_from_bytes(bytes: &[u8]) -> Result<Uuid, ReadError> {
    Uuid::from_slice(bytes).map_err(|_| broken(&format!("an id of {} bytes", bytes.len())))
}

/// A list as one JSON text, for `json_each`.
pub(super) fn json_list(items: &[impl Serialize]) -> String {
    // Proof: strings, and tuples of strings, always serialise.
    serde_json::to_string(items).expect("strings serialise")
}
