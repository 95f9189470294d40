//! API keys: their form, and the way from one that was presented to whoever it stands for.
//!
//! Whether a key is good each API knows from its own side, the log or the read models, behind [`KeyRing`]. Where a key
//! may be used at all is `scopes`' to say.

use std::collections::BTreeSet;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::account::Role;
use events::api_key::Scope;
use events::ids::{AccountId, ApiKeyId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::position::MinPosition;
use crate::problem::Problem;

/// What every key begins with, so that people and scanners of repositories recognise one.
pub const PREFIX: &str = "tsk_";
/// 256 bits can't be guessed, so that a fast hash is enough for them.
pub const SECRET_BYTES: usize = 32;
const ID_BYTES: usize = 16;
/// Account, key, secret.
const KEY_BYTES: usize = 2 * ID_BYTES + SECRET_BYTES;

/// A key as its holder has it: `tsk_` and 86 letters, digits, dashes and underscores. Shown only by [`reveal`](Self::reveal).
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub account: AccountId,
    pub id: ApiKeyId,
    text: String,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({})", self.id)
    }
}

impl ApiKey {
    pub fn new(account: AccountId, id: ApiKeyId, secret: [u8; SECRET_BYTES]) -> Self {
        let mut bytes = Vec::with_capacity(KEY_BYTES);
        bytes.extend_from_slice(account.0.as_bytes());
        bytes.extend_from_slice(id.0.as_bytes());
        bytes.extend_from_slice(&secret);
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        Self { account, id, text }
    }

    /// What has the form of a key; whether it is one, its hash tells.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        if bytes.len() != KEY_BYTES {
            return None;
        }
        let (account, rest) = bytes.split_at(ID_BYTES);
        Some(Self {
            account: AccountId(Uuid::from_slice(account).ok()?),
            id: ApiKeyId(Uuid::from_slice(&rest[..ID_BYTES]).ok()?),
            text: text.to_owned(),
        })
    }

    /// SHA-256, in hex.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.text.as_bytes()))
    }

    /// The key itself, for its owner alone.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

/// Whom a good key stands for, with the roles that the account has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    pub roles: BTreeSet<Role>,
    pub scopes: BTreeSet<Scope>,
}

/// What [`KeyRing::holder`] comes to: nobody, if the key isn't good, or is good no longer.
pub type Holder<'a> = Pin<Box<dyn Future<Output = Result<Option<KeyHolder>, Problem>> + Send + 'a>>;

/// Knows which keys are good. A problem means that it can't be told now.
pub trait KeyRing: Send + Sync {
    /// As of a position that the client names, where that matters.
    fn holder<'a>(&'a self, key: &'a ApiKey, min: MinPosition) -> Holder<'a>;
}

/// The key ring of this API, as a part of its state. A `dyn`, since what stands behind it belongs to the API.
#[derive(Clone)]
pub struct ApiKeys(Arc<dyn KeyRing>);

impl ApiKeys {
    pub fn new(ring: impl KeyRing + 'static) -> Self {
        Self(Arc::new(ring))
    }

    /// 401 `api_key_invalid` for whatever isn't a good key.
    pub async fn identify(&self, text: &str, min: MinPosition) -> Result<(ApiKey, KeyHolder), Problem> {
        let invalid = || {
            Problem::unauthorized("api_key_invalid")
                .with_detail("This API key isn't good, or is good no longer.")
        };
        let key = ApiKey::parse(text).ok_or_else(invalid)?;
        let holder = self.0.holder(&key, min).await?.ok_or_else(invalid)?;
        Ok((key, holder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ApiKey {
        ApiKey::new(AccountId::generate(), ApiKeyId::generate(), [7; SECRET_BYTES])
    }

    #[test]
    fn a_key_comes_back_as_it_went_out_and_is_not_shown_by_accident() {
        let key = key();
        assert_eq!(ApiKey::parse(key.reveal()), Some(key.clone()));
        assert_eq!(key.reveal().len(), PREFIX.len() + 86);
        assert!(!format!("{key:?}").contains(key.reveal()));
        let other = ApiKey::new(key.account, key.id, [8; SECRET_BYTES]);
        assert_ne!(key.hash(), other.hash());
    }

    #[test]
    fn what_has_another_form_is_none() {
        let key = key();
        let text = key.reveal();
        for wrong in [
            "",
            "tsk_",
            "tsk_AAAA",
            &text[4..],
            &format!("{text}A"),
            &text[..text.len() - 4],
        ] {
            assert_eq!(ApiKey::parse(wrong), None, "{wrong}");
        }
    }
}
