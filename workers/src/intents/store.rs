//! The SQL of the intents, as functions over one connection. When and why they run is left to the callers.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::{Claimed, Finish, IntentId, IntentsError, NewIntent, Parked, SettledCharge, Unsent};
use crate::intents::effect::Lane;

/// Of an effect that an earlier file may have carried out, and that can't be asked about.
pub(super) const NOT_SENT: &str = "unknown, not sent";

const INSERT: &str = "INSERT INTO intents
    (event_id, position, kind, recipient, lane, stream, effect, correlation_id, trace_parent, planned_at,
     state, due_at, recovered, outcome, finished_at, last_error)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
    ON CONFLICT (event_id, kind, recipient) DO NOTHING";

/// An effect waits while an earlier one of its lane and stream isn't done, also if that one is parked.
const CLAIM: &str = "UPDATE intents
    SET state = 'leased', lease_owner = ?1, due_at = ?2, claims = claims + 1, attempts = attempts + 1
    WHERE seq IN (
        SELECT due.seq FROM intents AS due
        WHERE due.lane = ?3 AND due.state IN ('pending', 'leased') AND due.due_at <= ?4
          AND NOT EXISTS (
            SELECT 1 FROM intents AS earlier
            WHERE earlier.lane = due.lane AND earlier.stream = due.stream AND earlier.seq < due.seq
              AND earlier.state <> 'done')
        ORDER BY due.due_at, due.seq LIMIT ?5)
    RETURNING seq, event_id, effect, correlation_id, trace_parent, planned_at, claims, attempts, recovered, memo";

/// Of a lease that still is the one which `claims` counts.
const FINISH: &str = "UPDATE intents
    SET state = ?1, due_at = coalesce(?2, due_at), attempts = max(attempts + ?3, 0), memo = coalesce(?4, memo),
        last_error = coalesce(?5, last_error), outcome = ?6, finished_at = ?7, lease_owner = NULL
    WHERE seq = ?8 AND state = 'leased' AND lease_owner = ?9 AND claims = ?10";

const PARKED: &str = "SELECT parked.seq, parked.kind, parked.stream, parked.event_id, parked.position,
        parked.attempts, coalesce(parked.last_error, '') AS last_error, parked.finished_at,
        (SELECT count(*) FROM intents AS later
         WHERE later.lane = parked.lane AND later.stream = parked.stream AND later.seq > parked.seq
           AND later.state <> 'done') AS waiting
    FROM intents AS parked WHERE parked.state = 'parked' AND parked.seq > ?1 ORDER BY parked.seq LIMIT ?2";

pub(super) fn micros(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros()
}

fn time(row: &SqliteRow, column: &str) -> Result<DateTime<Utc>, sqlx::Error> {
    let micros: i64 = row.try_get(column)?;
    DateTime::from_timestamp_micros(micros).ok_or_else(|| sqlx::Error::Decode("a time out of range".into()))
}

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    new: &NewIntent,
    now: DateTime<Utc>,
    recovered: bool,
) -> Result<bool, IntentsError> {
    let effect = serde_json::to_string(&new.effect).map_err(|_| IntentsError::Unreadable {
        intent: IntentId(0),
        reason: "no JSON form".to_owned(),
    })?;
    let lane = new.effect.lane();
    let unknown = recovered && lane == Lane::Email;
    let inserted = sqlx::query(INSERT)
        .bind(new.event_id.to_string())
        .bind(new.position.cast_signed())
        .bind(new.effect.kind())
        .bind(new.effect.recipient())
        .bind(lane.as_str())
        .bind(new.effect.stream().as_str().to_owned())
        .bind(effect)
        .bind(new.correlation_id.to_string())
        .bind(new.trace_parent.as_deref())
        .bind(micros(now))
        .bind(match (unknown, &new.parked) {
            (_, Some(_)) => "parked",
            (true, None) => "done",
            (false, None) => "pending",
        })
        .bind(micros(new.due_at.unwrap_or(now)))
        .bind(recovered)
        .bind(unknown.then_some(NOT_SENT))
        .bind((unknown || new.parked.is_some()).then(|| micros(now)))
        .bind(new.parked.as_deref())
        .execute(connection)
        .await?;
    Ok(inserted.rows_affected() > 0)
}

pub(super) async fn note_settled(
    connection: &mut SqliteConnection,
    charge: &SettledCharge,
) -> Result<(), IntentsError> {
    sqlx::query(
        "INSERT INTO charges_to_confirm (provider_reference, payment_id, amount_minor, currency, settled_at)
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (provider_reference) DO NOTHING",
    )
    .bind(&charge.provider_reference)
    .bind(charge.payment_id.to_string())
    .bind(charge.amount.amount_minor())
    .bind(charge.amount.currency().code())
    .bind(micros(charge.settled_at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn charges_to_confirm(
    connection: &mut SqliteConnection,
    settled_before: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<SettledCharge>, IntentsError> {
    let rows = sqlx::query(
        "SELECT provider_reference, payment_id, amount_minor, currency, settled_at FROM charges_to_confirm
         WHERE settled_at <= ?1 ORDER BY settled_at, provider_reference LIMIT ?2",
    )
    .bind(micros(settled_before))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter().map(settled_charge).collect()
}

fn settled_charge(row: &SqliteRow) -> Result<SettledCharge, IntentsError> {
    let wrong = |error: &dyn std::fmt::Display| sqlx::Error::Decode(error.to_string().into());
    let payment_id: String = row.try_get("payment_id")?;
    let currency: String = row.try_get("currency")?;
    let currency = currency.parse().map_err(|error| wrong(&error))?;
    Ok(SettledCharge {
        provider_reference: row.try_get("provider_reference")?,
        payment_id: payment_id.parse().map_err(|error| wrong(&error))?,
        amount: events::money::Money::new(row.try_get("amount_minor")?, currency),
        settled_at: time(row, "settled_at")?,
    })
}

pub(super) async fn claim(
    connection: &mut SqliteConnection,
    lane: Lane,
    owner: &str,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Claimed>, IntentsError> {
    let rows = sqlx::query(CLAIM)
        .bind(owner)
        .bind(micros(lease_until))
        .bind(lane.as_str())
        .bind(micros(now))
        .bind(limit)
        .fetch_all(&mut *connection)
        .await?;
    let mut taken = Vec::with_capacity(rows.len());
    for row in &rows {
        match claimed(row) {
            Ok(intent) => taken.push(intent),
            Err(IntentsError::Unreadable { intent, reason }) => {
                park(connection, intent, &reason, now).await?;
            }
            Err(error) => return Err(error),
        }
    }
    taken.sort_by_key(|intent| intent.id);
    Ok(taken)
}

/// Sets aside a row that this program can't read, perhaps since a newer one wrote it.
async fn park(
    connection: &mut SqliteConnection,
    id: IntentId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), IntentsError> {
    tracing::error!(intent = id.0, reason, "an intent can't be read and is parked");
    sqlx::query(
        "UPDATE intents SET state = 'parked', last_error = ?1, finished_at = ?2, lease_owner = NULL WHERE seq = ?3",
    )
    .bind(reason)
    .bind(micros(now))
    .bind(id.0)
    .execute(connection)
    .await?;
    Ok(())
}

fn claimed(row: &SqliteRow) -> Result<Claimed, IntentsError> {
    let id = IntentId(row.try_get("seq")?);
    let unreadable = |reason: String| IntentsError::Unreadable { intent: id, reason };
    let effect: &str = row.try_get("effect")?;
    let event_id: &str = row.try_get("event_id")?;
    let correlation_id: &str = row.try_get("correlation_id")?;
    Ok(Claimed {
        id,
        effect: serde_json::from_str(effect).map_err(|error| unreadable(error.to_string()))?,
        event_id: event_id
            .parse()
            .map_err(|_| unreadable("its event's id is none".to_owned()))?,
        correlation_id: correlation_id
            .parse()
            .map_err(|_| unreadable("its correlation id is none".to_owned()))?,
        trace_parent: row.try_get("trace_parent")?,
        planned_at: time(row, "planned_at")?,
        claims: row.try_get("claims")?,
        attempts: row.try_get("attempts")?,
        recovered: row.try_get("recovered")?,
        memo: row.try_get("memo")?,
    })
}

/// Whether the lease still held.
pub(super) async fn finish(
    connection: &mut SqliteConnection,
    owner: &str,
    (id, claims): (IntentId, u32),
    finish: &Finish,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let (state, due_at, attempts, memo, error, outcome) = match finish {
        Finish::Done { outcome } => ("done", None, 0, None, None, Some(outcome)),
        Finish::Retry { due_at, reason } => ("pending", Some(micros(*due_at)), 0, None, Some(reason), None),
        Finish::Wait { due_at, memo } => ("pending", Some(micros(*due_at)), -1, memo.as_ref(), None, None),
        Finish::Park { reason } => ("parked", None, 0, None, Some(reason), None),
    };
    let ended = matches!(finish, Finish::Done { .. } | Finish::Park { .. });
    let finished = sqlx::query(FINISH)
        .bind(state)
        .bind(due_at)
        .bind(attempts)
        .bind(memo)
        .bind(error)
        .bind(outcome)
        .bind(ended.then(|| micros(now)))
        .bind(id.0)
        .bind(owner)
        .bind(claims)
        .execute(connection)
        .await?;
    Ok(finished.rows_affected() == 1)
}

/// The next time at which something becomes due.
pub(super) async fn next_due(
    connection: &mut SqliteConnection,
    lane: Lane,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, IntentsError> {
    let due: Option<i64> = sqlx::query_scalar(
        "SELECT min(due_at) FROM intents WHERE lane = ?1 AND state IN ('pending', 'leased') AND due_at > ?2",
    )
    .bind(lane.as_str())
    .bind(micros(now))
    .fetch_one(connection)
    .await?;
    Ok(due.and_then(DateTime::from_timestamp_micros))
}

pub(super) async fn parked(
    connection: &mut SqliteConnection,
    after: IntentId,
    limit: u32,
) -> Result<Vec<Parked>, IntentsError> {
    let rows = sqlx::query(PARKED)
        .bind(after.0)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    let parked = |row: &SqliteRow| -> Result<Parked, IntentsError> {
        let event_id: String = row.try_get("event_id")?;
        let id = IntentId(row.try_get("seq")?);
        Ok(Parked {
            id,
            kind: row.try_get("kind")?,
            stream: row.try_get("stream")?,
            event_id: event_id.parse().map_err(|_| IntentsError::Unreadable {
                intent: id,
                reason: "its event's id is none".to_owned(),
            })?,
            position: row.try_get::<i64, _>("position")?.cast_unsigned(),
            attempts: row.try_get("attempts")?,
            last_error: row.try_get("last_error")?,
            parked_at: time(row, "finished_at")?,
            waiting: row.try_get("waiting")?,
        })
    };
    rows.iter().map(parked).collect()
}

pub(super) async fn unsent(
    connection: &mut SqliteConnection,
    after: IntentId,
    limit: u32,
) -> Result<Vec<Unsent>, IntentsError> {
    let rows = sqlx::query(
        "SELECT seq, kind, stream, position FROM intents
         WHERE seq > ?1 AND state = 'done' AND outcome = ?2 ORDER BY seq LIMIT ?3",
    )
    .bind(after.0)
    .bind(NOT_SENT)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let unsent = |row: &SqliteRow| -> Result<Unsent, IntentsError> {
        Ok(Unsent {
            id: IntentId(row.try_get("seq")?),
            kind: row.try_get("kind")?,
            stream: row.try_get("stream")?,
            position: row.try_get::<i64, _>("position")?.cast_unsigned(),
        })
    };
    rows.iter().map(unsent).collect()
}

/// Puts back what is parked or was never sent; its lane, if it was one of these.
pub(super) async fn resend(
    connection: &mut SqliteConnection,
    id: IntentId,
    now: DateTime<Utc>,
) -> Result<bool, IntentsError> {
    let put_back = sqlx::query(
        "UPDATE intents SET state = 'pending', due_at = ?1, attempts = 0, outcome = NULL, finished_at = NULL
         WHERE seq = ?2 AND (state = 'parked' OR (state = 'done' AND outcome = ?3))",
    )
    .bind(micros(now))
    .bind(id.0)
    .bind(NOT_SENT)
    .execute(connection)
    .await?;
    Ok(put_back.rows_affected() == 1)
}

/// Ends the leases of `owner`, or of everybody. What they were for is due at once.
pub(super) async fn release(
    connection: &mut SqliteConnection,
    owner: Option<&str>,
    now: DateTime<Utc>,
) -> Result<u64, IntentsError> {
    let released = sqlx::query(
        "UPDATE intents SET state = 'pending', due_at = ?1, lease_owner = NULL
         WHERE state = 'leased' AND lease_owner = coalesce(?2, lease_owner)",
    )
    .bind(micros(now))
    .bind(owner)
    .execute(connection)
    .await?;
    Ok(released.rows_affected())
}
