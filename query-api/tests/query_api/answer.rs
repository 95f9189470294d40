//! An answer, and what it must be.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use events::envelope::Position;
use serde_json::Value;
use web::position::POSITION;

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Null if the answer has no JSON.
    pub body: Value,
    pub text: String,
}

impl Answer {
    /// That it is a document with all that a document of the query API comes with.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        assert_eq!(self.headers[CONTENT_TYPE], "application/json");
        let keep = self.headers[CACHE_CONTROL].to_str().unwrap();
        assert!(
            keep == "public, no-cache" || keep == "private, no-cache",
            "{keep}"
        );
        assert!(self.tag().starts_with('"') && self.tag().len() > 2);
        self.position();
        self
    }

    /// That it is a problem with this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.body["code"], code, "{}", self.text);
        assert_eq!(self.headers[CONTENT_TYPE], "application/problem+json");
        assert_eq!(self.headers[CACHE_CONTROL], "no-store");
        self
    }

    /// That it is a 304 without a body, which tells the same tag again.
    #[track_caller]
    pub fn unchanged(self) -> Self {
        assert_eq!(self.status, StatusCode::NOT_MODIFIED, "{}", self.text);
        assert!(self.text.is_empty() && !self.headers.contains_key(CONTENT_TYPE));
        self.position();
        self
    }

    #[track_caller]
    pub fn tag(&self) -> &str {
        self.headers[ETAG].to_str().unwrap()
    }

    #[track_caller]
    pub fn position(&self) -> Position {
        self.headers[POSITION].to_str().unwrap().parse().unwrap()
    }

    #[track_caller]
    pub fn items(&self) -> &[Value] {
        self.body["items"].as_array().expect(&self.text)
    }

    /// One member of each item, as text.
    #[track_caller]
    pub fn each(&self, member: &str) -> Vec<&str> {
        let items = self.items().iter();
        items
            .map(|item| item[member].as_str().expect(&self.text))
            .collect()
    }
}
