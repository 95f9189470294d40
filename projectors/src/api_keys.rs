//! API keys, from their own events.

use events::Event;
use events::api_key::{ApiKeyEvent, ApiKeyIssued};
use events::ids::ApiKeyId;
use read_models::api_keys::ApiKey;
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct ApiKeys;

impl Projection for ApiKeys {
    const VIEW: ViewName = ViewName::ApiKeys;
    type Row = ApiKey;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<ApiKeyId> {
        let Event::ApiKey(event) = event else {
            return Vec::new();
        };
        vec![match event {
            ApiKeyEvent::ApiKeyIssued(e) => e.key_id,
            ApiKeyEvent::ApiKeyUsed(e) => e.key_id,
            ApiKeyEvent::ApiKeyRevoked(e) => e.key_id,
        }]
    }

    fn apply(_: &ApiKeyId, row: Option<ApiKey>, fact: &Fact, _: &mut Vec<NoEntries>) -> Option<ApiKey> {
        let Event::ApiKey(event) = &fact.event else {
            return row;
        };
        if let ApiKeyEvent::ApiKeyIssued(e) = event {
            return Some(issued(e, fact));
        }
        // A key's life begins with its being issued; without that there is nothing to change.
        let mut key = row?;
        match event {
            ApiKeyEvent::ApiKeyUsed(e) => key.used_at = Some(e.used_at),
            ApiKeyEvent::ApiKeyRevoked(e) => {
                key.revoked_at = Some(e.revoked_at);
                key.hash.clear();
            }
            ApiKeyEvent::ApiKeyIssued(_) => {}
        }
        Some(key)
    }
}

fn issued(event: &ApiKeyIssued, fact: &Fact) -> ApiKey {
    ApiKey {
        id: event.key_id,
        account: event.account_id,
        name: event.name.clone(),
        scopes: event.scopes.clone(),
        hash: event.key_hash.clone(),
        issued_at: event.issued_at,
        expires_at: event.expires_at,
        used_at: None,
        revoked_at: None,
        position: fact.position,
    }
}
