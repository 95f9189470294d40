//! Use cases of API keys: issuing, revoking, and who it is that calls with one.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use events::account::Role;
use events::api_key::{ApiKeyIssued, Scope};
use events::ids::{AccountId, ApiKeyId};

use crate::account::{Account, AccountError};
use crate::api_key::{ApiKeyCommand, ApiKeyError, ApiKeys};
use crate::unit_of_work::{Decision, UnitOfWork};

pub fn issue_api_key(work: &mut UnitOfWork, issued: &ApiKeyIssued) -> Decision<()> {
    if !work.read::<Account>(issued.account_id)?.exists() {
        return Err(AccountError::NotFound.into());
    }
    work.handle::<ApiKeys>(issued.account_id, ApiKeyCommand::Issue(issued.clone()))
}

/// Another's key isn't there.
pub fn revoke_api_key(
    work: &mut UnitOfWork,
    account_id: AccountId,
    key_id: ApiKeyId,
    at: DateTime<Utc>,
) -> Decision<()> {
    work.handle::<ApiKeys>(account_id, ApiKeyCommand::Revoke { key_id, at })
}

/// A key that somebody calls with.
#[derive(Debug, Clone)]
pub struct PresentedKey {
    pub account_id: AccountId,
    pub key_id: ApiKeyId,
    pub key_hash: String,
    pub at: DateTime<Utc>,
}

/// Who calls with a key: as much as its account is now, and for its scopes alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    pub roles: BTreeSet<Role>,
    pub scopes: BTreeSet<Scope>,
    /// Whether [`note_use`] has something to note.
    pub is_news: bool,
}

pub fn identify(work: &mut UnitOfWork, presented: &PresentedKey) -> Decision<KeyHolder> {
    let keys = work.read::<ApiKeys>(presented.account_id)?;
    let good = keys.good(presented.key_id, &presented.key_hash, presented.at);
    let account = work.read::<Account>(presented.account_id)?;
    match good {
        Some(good) if account.exists() => Ok(KeyHolder {
            roles: account.roles().clone(),
            scopes: good.scopes,
            is_news: good.is_news,
        }),
        _ => Err(ApiKeyError::NotGood.into()),
    }
}

pub fn note_use(work: &mut UnitOfWork, presented: &PresentedKey) -> Decision<()> {
    let (key_id, at) = (presented.key_id, presented.at);
    work.handle::<ApiKeys>(presented.account_id, ApiKeyCommand::NoteUse { key_id, at })
}
