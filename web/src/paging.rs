//! Keyset pages: how many items, after which one. The keys and their SQL are each query's own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{FieldError, Problem};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// For `?cursor=…` of the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of up to `limit` items out of up to `limit + 1` that were read: the surplus one
    /// shows that there are more. `key_of` gives the last item's place in the order.
    pub fn cut<K: Serialize>(mut items: Vec<T>, limit: Limit, key_of: impl Fn(&T) -> K) -> Self {
        let more = items.len() > limit.get();
        items.truncate(limit.get());
        let next_cursor = items
            .last()
            .filter(|_| more)
            .map(|last| encode_cursor(&key_of(last)));
        Self { items, next_cursor }
    }

    /// The same page of other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next_cursor: self.next_cursor,
        }
    }
}

/// How many items a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schema(value_type = u32, minimum = 1, maximum = 100, default = 20)]
pub struct Limit(u32);

impl Limit {
    /// A screenful.
    pub const DEFAULT: u32 = 20;
    /// Bounds the work of one request, and so what one client can take from all others.
    pub const MAX: u32 = 100;

    pub fn get(self) -> usize {
        self.0 as usize
    }

    /// One more than the page holds, to see whether there is a next one.
    pub fn with_lookahead(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

/// A limit out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a page holds 1 to {max} items, not {found}", max = Limit::MAX)]
pub struct LimitError {
    found: u32,
}

impl TryFrom<u32> for Limit {
    type Error = LimitError;

    fn try_from(found: u32) -> Result<Self, LimitError> {
        if (1..=Self::MAX).contains(&found) {
            Ok(Self(found))
        } else {
            Err(LimitError { found })
        }
    }
}

impl From<Limit> for u32 {
    fn from(limit: Limit) -> Self {
        limit.0
    }
}

/// A place in a list as an opaque text: base64url of the key tuple as JSON.
///
/// # Panics
/// Never with the keys it's for: tuples of texts, numbers and ids have a JSON form.
pub fn encode_cursor<K: Serialize>(key: &K) -> String {
    let json = serde_json::to_vec(key).expect("a key is a tuple of texts, numbers and ids");
    URL_SAFE_NO_PAD.encode(json)
}

/// Reads a cursor of the same list and order; 400 `invalid_cursor` for any other.
pub fn decode_cursor<K: DeserializeOwned>(cursor: &str) -> Result<K, Problem> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(invalid_cursor)
}

/// 400: the cursor is none, or one of another list or order.
pub fn invalid_cursor() -> Problem {
    let why = "The cursor isn't one that this list has given with the same order.";
    let error = FieldError::new("cursor", "invalid_cursor", why);
    Problem::bad_request("invalid_cursor", why).with_errors(vec![error])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::parse_query;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let key = ("price".to_owned(), -5_i64);
        let cursor = encode_cursor(&key);
        assert!(
            cursor
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        assert_eq!(decode_cursor::<(String, i64)>(&cursor), Ok(key));
    }

    #[test]
    fn a_wrong_cursor_is_a_400() {
        for wrong in ["", "x", "%%%", "bnVsbA", &encode_cursor(&"x")] {
            let problem = decode_cursor::<(String, i64)>(wrong).unwrap_err();
            assert_eq!(
                (problem.status().as_u16(), problem.code()),
                (400, "invalid_cursor"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_page_has_a_next_one_only_if_there_is_more() {
        let limit = Limit::try_from(2).unwrap();
        let full = Page::cut(vec![1, 2, 3], limit, |n| *n);
        assert_eq!(full.items, [1, 2]);
        assert_eq!(decode_cursor::<i32>(&full.next_cursor.unwrap()), Ok(2));
        assert_eq!(Page::cut(vec![1, 2], limit, |n| *n).next_cursor, None);
        assert_eq!(Page::cut(Vec::<i32>::new(), limit, |n| *n).next_cursor, None);
    }

    #[derive(Debug, Deserialize)]
    struct Params {
        #[serde(default)]
        limit: Limit,
    }

    #[test]
    fn a_limit_is_bounded_and_has_a_default() {
        assert_eq!(parse_query::<Params>("").unwrap().limit.get(), 20);
        assert_eq!(
            parse_query::<Params>("limit=100").unwrap().limit.with_lookahead(),
            101
        );
        for wrong in ["0", "101", "-1", "x", ""] {
            let problem = parse_query::<Params>(&format!("limit={wrong}")).unwrap_err();
            assert_eq!(problem.errors()[0].field, "limit", "{wrong}");
        }
    }
}
