//! The API keys of an account: what its programs call with. They are one aggregate, so that their number is bounded.
//!
//! What the account itself may do is its own aggregate's to tell, and which route wants which scope the API's.

mod command;
mod error;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::api_key::{ApiKeyEvent, ApiKeyIssued, ApiKeyRevoked, ApiKeyUsed, Scope};
use events::ids::{AccountId, ApiKeyId};
use serde::{Deserialize, Serialize};

use crate::text;

pub use command::ApiKeyCommand;
pub use error::ApiKeyError;

/// Keys that are good at a time: one for each program that anyone runs, and some to change them one by one.
pub const KEYS_MAX: usize = 20;
/// As long as a key's name may be, in characters: a line in a list.
pub const NAME_MAX_CHARS: usize = 100;

/// A key that hasn't been revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    scopes: BTreeSet<Scope>,
    hash: String,
    expires_at: Option<DateTime<Utc>>,
    used_at: Option<DateTime<Utc>>,
}

impl Key {
    fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }

    /// Whether a use of this day has been noted.
    fn is_noted(&self, now: DateTime<Utc>) -> bool {
        self.used_at
            .is_some_and(|used| used.date_naive() == now.date_naive())
    }
}

/// See the module. The default is an account without a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeys {
    account_id: Option<AccountId>,
    keys: BTreeMap<ApiKeyId, Key>,
}

/// What a key that is good may be used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoodKey {
    pub scopes: BTreeSet<Scope>,
    /// Whether somebody should note that it was used today.
    pub is_news: bool,
}

impl ApiKeys {
    /// What the key with this id and hash may be used for, if it is good at this time.
    pub fn good(&self, key_id: ApiKeyId, hash: &str, now: DateTime<Utc>) -> Option<GoodKey> {
        let key = self.keys.get(&key_id)?;
        (key.hash == hash && !key.is_expired(now)).then(|| GoodKey {
            scopes: key.scopes.clone(),
            is_news: !key.is_noted(now),
        })
    }

    fn decide(&self, command: ApiKeyCommand) -> Result<Option<ApiKeyEvent>, ApiKeyError> {
        match command {
            ApiKeyCommand::Issue(issued) => self.issue(issued).map(Some),
            ApiKeyCommand::NoteUse { key_id, at } => {
                let (account_id, key) = self.find(key_id)?;
                let used_at = at;
                let used = ApiKeyUsed {
                    key_id,
                    account_id,
                    used_at,
                };
                Ok((!key.is_noted(at)).then(|| used.into()))
            }
            ApiKeyCommand::Revoke { key_id, at } => {
                let (account_id, _) = self.find(key_id)?;
                let revoked_at = at;
                Ok(Some(
                    ApiKeyRevoked {
                        key_id,
                        account_id,
                        revoked_at,
                    }
                    .into(),
                ))
            }
        }
    }

    fn find(&self, key_id: ApiKeyId) -> Result<(AccountId, &Key), ApiKeyError> {
        let key = self.keys.get(&key_id);
        self.account_id.zip(key).ok_or(ApiKeyError::NotFound)
    }

    /// Expired keys take no place: nobody has to tidy up before the next one.
    fn issue(&self, issued: ApiKeyIssued) -> Result<ApiKeyEvent, ApiKeyError> {
        let max_chars = NAME_MAX_CHARS;
        if !text::is_line(&issued.name, max_chars) {
            return Err(ApiKeyError::Name { max_chars });
        }
        if issued.scopes.is_empty() {
            return Err(ApiKeyError::NoScope);
        }
        if issued.expires_at.is_some_and(|end| end <= issued.issued_at) {
            return Err(ApiKeyError::ExpiresInThePast);
        }
        let live = self.keys.values().filter(|key| !key.is_expired(issued.issued_at));
        if live.count() >= KEYS_MAX {
            return Err(ApiKeyError::TooMany { max: KEYS_MAX });
        }
        Ok(issued.into())
    }
}

impl Aggregate for ApiKeys {
    const TYPE: &'static str = "api_keys";
    type Command = ApiKeyCommand;
    type Event = ApiKeyEvent;
    type Error = ApiKeyError;
    type Services = ();

    async fn handle(
        &mut self,
        command: ApiKeyCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), ApiKeyError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ApiKeyEvent) {
        match event {
            ApiKeyEvent::ApiKeyIssued(event) => {
                self.account_id = Some(event.account_id);
                // Those that had run out by then are of no use to anyone any more.
                self.keys.retain(|_, key| !key.is_expired(event.issued_at));
                let key = Key {
                    scopes: event.scopes,
                    hash: event.key_hash,
                    expires_at: event.expires_at,
                    used_at: None,
                };
                self.keys.insert(event.key_id, key);
            }
            ApiKeyEvent::ApiKeyUsed(event) => {
                if let Some(key) = self.keys.get_mut(&event.key_id) {
                    key.used_at = Some(event.used_at);
                }
            }
            ApiKeyEvent::ApiKeyRevoked(event) => {
                self.keys.remove(&event.key_id);
            }
        }
    }
}
