//! A row that doesn't get in: which, and why.

use std::borrow::Cow;

use crate::field::FieldError;

/// Long enough to recognise a value, short enough for a report.
const VALUE_MAX_CHARS: usize = 200;

/// One row that was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The line in the file, counted from 1 with the header; in a JSON array the item, counted from 1.
    pub row: u64,
    /// The column, or the path in the JSON object.
    pub field: String,
    pub value: String,
    /// Stable, for programs; the server's own code if the server refused.
    pub code: Cow<'static, str>,
    /// For people.
    pub reason: String,
}

impl Rejection {
    pub fn new(
        row: u64,
        field: impl Into<String>,
        value: &str,
        code: impl Into<Cow<'static, str>>,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            row,
            field: field.into(),
            value: value.chars().take(VALUE_MAX_CHARS).collect(),
            code: code.into(),
            reason: reason.into(),
        }
    }

    /// Of a row with a field that is wrong.
    pub fn of_field(row: u64, field: &str, value: &str, error: FieldError) -> Self {
        Self::new(row, field, value, error.code, error.reason)
    }
}
