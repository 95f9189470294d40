//! Tokens that only who was given them can know: `<id>.<32 random bytes>`. The log keeps their
//! hashes, so that reading the log gives nobody a token.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// 256 bits can't be guessed, so that a fast hash is enough for them.
const RANDOM_BYTES: usize = 32;

/// The operating system gives no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no randomness")]
pub struct NoRandomness;

/// A token, and the id in front of it.
pub struct SecretToken<I> {
    pub id: I,
    text: String,
}

impl<I: Display + FromStr> SecretToken<I> {
    pub fn generate(id: I) -> Result<Self, NoRandomness> {
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random).map_err(|_| NoRandomness)?;
        let text = format!("{id}.{}", URL_SAFE_NO_PAD.encode(random));
        Ok(Self { id, text })
    }

    /// What has the form of a token; whether it is one, its hash tells.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, random) = text.split_once('.')?;
        let random = URL_SAFE_NO_PAD.decode(random).ok()?;
        if random.len() != RANDOM_BYTES {
            return None;
        }
        let id = id.parse().ok()?;
        let text = text.to_owned();
        Some(Self { id, text })
    }

    /// SHA-256, in hex.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.text.as_bytes()))
    }

    /// The token itself, for its owner alone.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use events::ids::SessionId;

    use super::*;

    #[test]
    fn a_token_comes_back_as_it_went_out() {
        let session_id = SessionId::generate();
        let token = SecretToken::generate(session_id).unwrap();
        let parsed = SecretToken::<SessionId>::parse(token.reveal()).unwrap();
        assert_eq!((parsed.id, parsed.hash()), (session_id, token.hash()));
        let other = SecretToken::generate(session_id).unwrap();
        assert_ne!(other.hash(), token.hash());
    }

    #[test]
    fn what_has_another_form_is_none() {
        let id = SessionId::generate();
        for wrong in [
            "",
            ".",
            "x.y",
            &id.to_string(),
            &format!("{id}."),
            &format!("{id}.AAAA"),
        ] {
            assert!(SecretToken::<SessionId>::parse(wrong).is_none(), "{wrong}");
        }
    }
}
