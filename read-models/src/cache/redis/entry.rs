//! The keys, and what stands under them: a document or a page with a line before it that says to which filling it
//! belongs and what it was made of.
//!
//! All keys of a shop carry its prefix in braces, by which a Redis Cluster keeps them on one node.

use bytes::Bytes;
use events::envelope::Position;
use events::ids::ProductId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::cache::Document;

/// The form of keys and entries. Programs of another form don't see them.
const FORM: u32 = 1;

/// Makes keys.
#[derive(Debug, Clone)]
pub struct Keys {
    base: String,
}

impl Keys {
    pub fn new(prefix: &str) -> Self {
        Self {
            base: format!("{{{prefix}}}:{FORM}:"),
        }
    }

    pub fn mark(&self) -> String {
        format!("{}mark", self.base)
    }

    pub fn document(&self, id: ProductId) -> String {
        format!("{}document:{id}", self.base)
    }

    /// By the query's hash, since a client may write what it likes into it.
    pub fn page(&self, query: &str) -> String {
        let hash = hex::encode(Sha256::digest(query));
        format!("{}page:{hash}", self.base)
    }
}

/// What stands under a key: `<filling> <made_at> <etag>`, a line feed, and the body. The tag has no space in it: it is
/// made of letters, digits and points in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub filling: Uuid,
    /// Of a page: what the mark's `changed_at` was when it was made.
    pub made_at: Position,
    pub document: Document,
}

impl Entry {
    /// The text of an entry of a filling.
    pub fn text(filling: Uuid, made_at: Position, document: &Document) -> Vec<u8> {
        let mut text = format!("{} {made_at} {}\n", filling.simple(), document.etag).into_bytes();
        text.extend_from_slice(&document.body);
        text
    }

    /// `None` if it isn't an entry's text.
    pub fn parse(text: Vec<u8>) -> Option<Self> {
        let text = Bytes::from(text);
        let end = text.iter().position(|byte| *byte == b'\n')?;
        let mut words = std::str::from_utf8(&text[..end]).ok()?.splitn(3, ' ');
        let filling = Uuid::try_parse(words.next()?).ok()?;
        let made_at = words.next()?.parse().ok()?;
        let etag = words.next()?.into();
        let body = text.slice(end + 1..);
        Some(Self {
            filling,
            made_at,
            document: Document { body, etag },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let document = Document {
            body: Bytes::from_static(b"{\"name\":\n\"two lines\"}"),
            etag: "\"1.2\"".into(),
        };
        let filling = Uuid::new_v4();
        let read = Entry::parse(Entry::text(filling, 7, &document)).unwrap();
        assert_eq!(
            (read.filling, read.made_at, read.document),
            (filling, 7, document)
        );
        for text in ["", "no line", "x 1 \"1\"\n", "\n"] {
            assert_eq!(Entry::parse(text.into()), None, "{text:?}");
        }
    }

    #[test]
    fn all_keys_of_a_shop_lie_on_one_node() {
        let keys = Keys::new("shop");
        for key in [
            keys.mark(),
            keys.document(ProductId::generate()),
            keys.page("q={x}"),
        ] {
            assert!(key.starts_with("{shop}:"), "{key}");
        }
        assert_ne!(keys.page("q=a"), keys.page("q=b"));
    }
}
