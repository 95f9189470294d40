//! Rows of the log's tables as values, and values as `SQLite` stores them: times as microseconds, ids as 16 bytes, an
//! actor as a readable word.

use chrono::{DateTime, Utc};
use events::envelope::{Actor, EventMeta, RecordedEvent, StreamId};
use events::ids::{AccountId, EventId};
use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::event_log::{ReadError, StoredOutcome};

const ANONYMOUS: &str = "anonymous";
const SYSTEM: &str = "system";
const ACCOUNT_PREFIX: &str = "account:";

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

pub(super) fn actor_to_text(actor: Actor) -> String {
    match actor {
        Actor::Anonymous => ANONYMOUS.to_owned(),
        Actor::System => SYSTEM.to_owned(),
        Actor::Account(id) => format!("{ACCOUNT_PREFIX}{id}"),
    }
}

fn actor_from_text(text: &str) -> Result<Actor, ReadError> {
    let account = text
        .strip_prefix(ACCOUNT_PREFIX)
        .and_then(|id| id.parse::<AccountId>().ok());
    match (text, account) {
        (ANONYMOUS, _) => Ok(Actor::Anonymous),
        (SYSTEM, _) => Ok(Actor::System),
        (_, Some(id)) => Ok(Actor::Account(id)),
        _ => Err(broken(&format!("the actor {text:?}"))),
    }
}

fn time_from_micros(micros: i64) -> Result<DateTime<Utc>, ReadError> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| broken(&format!("the time {micros} µs")))
}

/// A list as one JSON text, for `json_each`.
pub(super) fn json_list(items: &[impl Serialize]) -> String {
    // Proof: strings, and tuples of strings, always serialise.
    serde_json::to_string(items).expect("strings serialise")
}

fn broken(what: &str) -> ReadError {
    ReadError {
        reason: format!("a row holds {what}, which Tillstream never writes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_reads_back_and_a_stranger_is_refused() {
        for actor in [
            Actor::Anonymous,
            Actor::System,
            Actor::Account(AccountId::generate()),
        ] {
            assert_eq!(actor_from_text(&actor_to_text(actor)).unwrap(), actor);
        }
        assert!(actor_from_text("account:").is_err());
        assert!(actor_from_text("root").is_err());
    }
}
