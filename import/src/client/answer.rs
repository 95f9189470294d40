//! Answers of the API: what was done, or the problem (RFC 9457) that kept it from being done.

use serde_json::Value;

use crate::error::ImportError;

/// How a request came out.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Done {
        body: Value,
        /// An earlier run had this answer already, so nothing has changed now.
        replayed: bool,
    },
    Refused(Problem),
}

/// Why a request was refused, as the server tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub status: u16,
    pub code: String,
    pub detail: String,
    pub fields: Vec<ProblemField>,
    /// The whole document, for members of its own such as `product_id`.
    pub document: Value,
}

/// What is wrong with one field of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemField {
    /// A path such as `lines[3].sku`.
    pub field: String,
    pub code: String,
    pub message: String,
}

impl Answer {
    pub(super) fn read(status: u16, body: &[u8], replayed: bool) -> Self {
        if !(200..300).contains(&status) {
            return Self::Refused(Problem::read(status, body));
        }
        Self::Done {
            body: serde_json::from_slice(body).unwrap_or(Value::Null),
            replayed,
        }
    }
}

impl Problem {
    /// Reads what there is: also an answer of a proxy, which has no code.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        let document: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let fields = document["errors"].as_array().into_iter().flatten();
        Self {
            status,
            code: text(&document, "code").unwrap_or_else(|| format!("http_{status}")),
            detail: text(&document, "detail")
                .or_else(|| text(&document, "title"))
                .unwrap_or_else(|| format!("the server answered with status {status}")),
            fields: fields.filter_map(ProblemField::read).collect(),
            document,
        }
    }

    /// A member that the problem has beyond the standard ones.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.document[name].as_str()
    }

    /// The code and the words that tell most: of the first field at fault, if the server names one.
    pub fn cause(&self) -> (&String, String) {
        match self.fields.first() {
            Some(field) if field.message.is_empty() => (&field.code, self.detail.clone()),
            Some(field) => (&field.code, format!("{}: {}", field.field, field.message)),
            None => (&self.code, self.detail.clone()),
        }
    }

    pub(super) fn into_error(self, doing: String) -> ImportError {
        ImportError::Refused {
            doing,
            status: self.status,
            code: self.code,
            detail: self.detail,
        }
    }
}

impl ProblemField {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            field: text(value, "field")?,
            code: text(value, "code").unwrap_or_default(),
            message: text(value, "message").unwrap_or_default(),
        })
    }

    /// Which line of a sale it's about: `lines[3].sku` is about the line 3, counted from 0.
    pub fn line(&self) -> Option<usize> {
        let (index, _) = self.field.strip_prefix("lines[")?.split_once(']')?;
        index.parse().ok()
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_read_with_its_fields_and_members() {
        let body = br#"{"type":"/problems/sku_taken","status":409,"title":"Conflict","code":"sku_taken",
            "detail":"This sku is taken.","product_id":"p","errors":[
            {"field":"lines[12].sku","code":"sku_invalid","message":"no"},{"field":"country"}]}"#;
        let Answer::Refused(problem) = Answer::read(409, body, false) else {
            panic!("409 is a refusal");
        };
        assert_eq!(
            (problem.code.as_str(), problem.member("product_id")),
            ("sku_taken", Some("p"))
        );
        assert_eq!(
            problem.cause(),
            (&"sku_invalid".to_owned(), "lines[12].sku: no".to_owned())
        );
        let lines: Vec<Option<usize>> = problem.fields.iter().map(ProblemField::line).collect();
        assert_eq!(lines, [Some(12), None]);
    }

    #[test]
    fn an_answer_that_is_no_problem_document_still_says_something() {
        let Answer::Refused(problem) = Answer::read(502, b"<html>bad gateway", false) else {
            panic!("502 is a refusal");
        };
        assert_eq!(problem.code, "http_502");
        assert!(problem.detail.contains("502"));
    }
}
