//! Rows on their way out, whichever database they come from.

use std::error::Error;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use events::envelope::Position;
use events::money::Money;
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use crate::intents::held::Claim;
use crate::intents::{Backlog, Claimed, IntentId, IntentsError, Parked, SettledCharge, Unsent};

/// A row of either database, with columns of four types.
pub(super) trait Columns {
    fn integer(&self, column: &str) -> Result<i64, sqlx::Error>;
    fn flag(&self, column: &str) -> Result<bool, sqlx::Error>;
    fn text(&self, column: &str) -> Result<String, sqlx::Error>;
    fn text_or_none(&self, column: &str) -> Result<Option<String>, sqlx::Error>;

    fn count(&self, column: &str) -> Result<u32, sqlx::Error> {
        u32::try_from(self.integer(column)?).map_err(|error| sqlx::Error::Decode(error.into()))
    }

    fn position(&self, column: &str) -> Result<Position, sqlx::Error> {
        Ok(self.integer(column)?.cast_unsigned())
    }

    fn time(&self, column: &str) -> Result<DateTime<Utc>, sqlx::Error> {
        DateTime::from_timestamp_micros(self.integer(column)?)
            .ok_or_else(|| sqlx::Error::Decode("a time out of range".into()))
    }

    fn parsed<T: FromStr<Err: Error + Send + Sync + 'static>>(&self, column: &str) -> Result<T, sqlx::Error> {
        self.text(column)?
            .parse()
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))
    }
}

impl Columns for SqliteRow {
    fn integer(&self, column: &str) -> Result<i64, sqlx::Error> {
        self.try_get(column)
    }

    fn flag(&self, column: &str) -> Result<bool, sqlx::Error> {
        self.try_get(column)
    }

    fn text(&self, column: &str) -> Result<String, sqlx::Error> {
        self.try_get(column)
    }

    fn text_or_none(&self, column: &str) -> Result<Option<String>, sqlx::Error> {
        self.try_get(column)
    }
}

impl Columns for PgRow {
    fn integer(&self, column: &str) -> Result<i64, sqlx::Error> {
        self.try_get(column)
    }

    fn flag(&self, column: &str) -> Result<bool, sqlx::Error> {
        self.try_get(column)
    }

    fn text(&self, column: &str) -> Result<String, sqlx::Error> {
        self.try_get(column)
    }

    fn text_or_none(&self, column: &str) -> Result<Option<String>, sqlx::Error> {
        self.try_get(column)
    }
}

pub(super) fn id(row: &impl Columns) -> Result<IntentId, sqlx::Error> {
    Ok(IntentId(row.integer("seq")?))
}

pub(super) fn claim(row: &impl Columns) -> Result<Claim, sqlx::Error> {
    Ok((id(row)?, row.count("claims")?))
}

pub(super) fn claimed(row: &impl Columns) -> Result<Claimed, IntentsError> {
    let id = id(row)?;
    let unreadable = |reason: String| IntentsError::Unreadable { intent: id, reason };
    Ok(Claimed {
        id,
        effect: serde_json::from_str(&row.text("effect")?).map_err(|error| unreadable(error.to_string()))?,
        event_id: row
            .parsed("event_id")
            .map_err(|error| unreadable(error.to_string()))?,
        correlation_id: row
            .parsed("correlation_id")
            .map_err(|error| unreadable(error.to_string()))?,
        trace_parent: row.text_or_none("trace_parent")?,
        planned_at: row.time("planned_at")?,
        lease_until: row.time("due_at")?,
        claims: row.count("claims")?,
        attempts: row.count("attempts")?,
        recovered: row.flag("recovered")?,
        memo: row.text_or_none("memo")?,
    })
}

pub(super) fn parked(row: &impl Columns) -> Result<Parked, sqlx::Error> {
    Ok(Parked {
        id: id(row)?,
        kind: row.text("kind")?,
        stream: row.text("stream")?,
        event_id: row.parsed("event_id")?,
        position: row.position("position")?,
        attempts: row.count("attempts")?,
        last_error: row.text_or_none("last_error")?.unwrap_or_default(),
        parked_at: row.time("finished_at")?,
        waiting: row.count("waiting")?,
    })
}

pub(super) fn unsent(row: &impl Columns) -> Result<Unsent, sqlx::Error> {
    Ok(Unsent {
        id: id(row)?,
        kind: row.text("kind")?,
        stream: row.text("stream")?,
        position: row.position("position")?,
    })
}

pub(super) fn backlog(row: &impl Columns) -> Result<Backlog, sqlx::Error> {
    Ok(Backlog {
        lane: row.text("lane")?,
        state: row.text("state")?,
        count: row.integer("count")?.cast_unsigned(),
    })
}

pub(super) fn settled_charge(row: &impl Columns) -> Result<SettledCharge, sqlx::Error> {
    Ok(SettledCharge {
        provider_reference: row.text("provider_reference")?,
        payment_id: row.parsed("payment_id")?,
        amount: Money::new(row.integer("amount_minor")?, row.parsed("currency")?),
        settled_at: row.time("settled_at")?,
    })
}
