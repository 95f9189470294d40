//! A row as a line of JSON, and back. `SQLite` has five kinds of values; what JSON lacks stands as an object.

use serde::{Deserialize, Serialize};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite, TypeInfo, ValueRef};

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Value {
    Null(()),
    Integer(i64),
    Text(String),
    /// As it is displayed, which reads back to the same bits.
    Real {
        real: String,
    },
    /// Hexadecimal.
    Blob {
        hex: String,
    },
}

/// Why a row can't be copied.
#[derive(Debug)]
pub(super) enum RowError {
    Sql(sqlx::Error),
    Type(String),
}

impl From<sqlx::Error> for RowError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

/// The row's line, without its end.
pub(super) fn encode(row: &SqliteRow) -> Result<Vec<u8>, RowError> {
    let values = (0..row.len())
        .map(|column| value(row, column))
        .collect::<Result<Vec<_>, _>>()?;
    serde_json::to_vec(&values).map_err(|error| RowError::Type(error.to_string()))
}

fn value(row: &SqliteRow, column: usize) -> Result<Value, RowError> {
    let raw = row.try_get_raw(column)?;
    if raw.is_null() {
        return Ok(Value::Null(()));
    }
    let kind = raw.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" => Value::Integer(row.try_get_unchecked(column)?),
        "TEXT" => Value::Text(row.try_get_unchecked(column)?),
        "REAL" => {
            let real: f64 = row.try_get_unchecked(column)?;
            Value::Real {
                real: real.to_string(),
            }
        }
        "BLOB" => {
            let blob: Vec<u8> = row.try_get_unchecked(column)?;
            Value::Blob {
                hex: hex::encode(blob),
            }
        }
        _ => return Err(RowError::Type(kind)),
    })
}

/// The values of a line; `None` if it is none of ours.
pub(super) fn decode(line: &[u8]) -> Option<Vec<Value>> {
    serde_json::from_slice(line).ok()
}

/// Binds the values of a row; `None` if one isn't what it says it is.
pub(super) fn bind(
    mut insert: Query<'_, Sqlite, SqliteArguments>,
    values: Vec<Value>,
) -> Option<Query<'_, Sqlite, SqliteArguments>> {
    for value in values {
        insert = match value {
            Value::Null(()) => insert.bind(None::<i64>),
            Value::Integer(integer) => insert.bind(integer),
            Value::Text(text) => insert.bind(text),
            Value::Real { real } => insert.bind(real.parse::<f64>().ok()?),
            Value::Blob { hex } => insert.bind(hex::decode(hex).ok()?),
        };
    }
    Some(insert)
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection, SqliteConnection};

    use super::*;

    #[tokio::test]
    async fn every_kind_of_value_reads_back_the_same() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let select = "SELECT NULL, -9223372036854775808, 'it''s {\"hex\": 1}', 0.1, x'00ff', '', x'', 1e300";
        let row = sqlx::query(select).fetch_one(&mut connection).await.unwrap();
        let line = encode(&row).unwrap();
        let back = bind(
            sqlx::query("SELECT ?, ?, ?, ?, ?, ?, ?, ?"),
            decode(&line).unwrap(),
        )
        .unwrap();
        let again = back.fetch_one(&mut connection).await.unwrap();
        assert_eq!(encode(&again).unwrap(), line);
        let kinds: Vec<_> = (0..row.len())
            .map(|column| again.try_get_raw(column).unwrap().type_info().name().to_owned())
            .collect();
        assert_eq!(
            kinds[1..],
            ["INTEGER", "TEXT", "REAL", "BLOB", "TEXT", "BLOB", "REAL"]
        );
    }

    #[test]
    fn what_is_no_row_is_refused() {
        for line in ["", "{}", "[true]", "[{\"hex\": 1}]"] {
            assert_eq!(decode(line.as_bytes()), None, "{line}");
        }
        let odd = vec![Value::Blob { hex: "0".to_owned() }];
        assert!(bind(sqlx::query("SELECT ?"), odd).is_none());
    }
}
