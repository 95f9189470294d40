//! API keys: what was revoked or has expired is never used again, and nobody has more good ones than the shop allows.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use events::Event;
use events::api_key::ApiKeyEvent;
use events::envelope::RecordedEvent;
use events::ids::{AccountId, ApiKeyId};

use super::{Broken, Rule};

/// Said once more, so that a wrong bound in the decisions is seen.
const KEYS_MAX: usize = 20;

/// The keys of each account that aren't revoked, with their ends.
#[derive(Default)]
pub struct NoneAfterItsEnd(HashMap<AccountId, HashMap<ApiKeyId, Option<DateTime<Utc>>>>);

impl Rule for NoneAfterItsEnd {
    fn name(&self) -> &'static str {
        "no API key is used after its end, and nobody has too many"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        let Event::ApiKey(event) = event else { return };
        match event {
            ApiKeyEvent::ApiKeyIssued(e) => {
                let keys = self.0.entry(e.account_id).or_default();
                keys.insert(e.key_id, e.expires_at);
                let good = keys
                    .values()
                    .filter(|end| end.is_none_or(|end| end > e.issued_at));
                let good = good.count();
                if good > KEYS_MAX {
                    broken.add(
                        recorded.position,
                        format_args!("{} has {good} API keys", e.account_id),
                    );
                }
            }
            ApiKeyEvent::ApiKeyUsed(e) => {
                let keys = self.0.get(&e.account_id);
                let end = keys.and_then(|keys| keys.get(&e.key_id));
                if end.is_none_or(|end| end.is_some_and(|end| end <= e.used_at)) {
                    broken.add(
                        recorded.position,
                        format_args!("{} isn't good and is used", e.key_id),
                    );
                }
            }
            ApiKeyEvent::ApiKeyRevoked(e) => {
                let keys = self.0.entry(e.account_id).or_default();
                if keys.remove(&e.key_id).is_none() {
                    broken.add(
                        recorded.position,
                        format_args!("{} is revoked and isn't there", e.key_id),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use events::api_key::{ApiKeyIssued, ApiKeyRevoked, ApiKeyUsed};
    use events::envelope::StreamId;
    use uuid::Uuid;

    use super::*;
    use crate::verify::played;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    /// Good for an hour from second 0 on.
    fn issued(n: u128) -> ApiKeyEvent {
        ApiKeyIssued {
            key_id: ApiKeyId(Uuid::from_u128(n)),
            account_id: AccountId::default(),
            name: String::new(),
            scopes: BTreeSet::new(),
            key_hash: String::new(),
            issued_at: at(0),
            expires_at: Some(at(3600)),
        }
        .into()
    }

    fn used(n: u128, second: i64) -> ApiKeyEvent {
        ApiKeyUsed {
            key_id: ApiKeyId(Uuid::from_u128(n)),
            account_id: AccountId::default(),
            used_at: at(second),
        }
        .into()
    }

    fn revoked(n: u128) -> ApiKeyEvent {
        ApiKeyRevoked {
            key_id: ApiKeyId(Uuid::from_u128(n)),
            account_id: AccountId::default(),
            revoked_at: at(10),
        }
        .into()
    }

    /// How often the rule is broken by these events.
    fn broken(events: impl IntoIterator<Item = ApiKeyEvent>) -> u64 {
        let of_account = |event| {
            (
                StreamId::new("api_keys", AccountId::default()),
                Event::ApiKey(event),
            )
        };
        played::broken(NoneAfterItsEnd::default(), events.into_iter().map(of_account))
    }

    #[test]
    fn keys_that_are_used_in_their_time_are_sound() {
        assert_eq!(
            broken([issued(1), used(1, 5), issued(2), revoked(1), used(2, 3599)]),
            0
        );
        assert_eq!(broken((1..=20).map(issued)), 0);
    }

    #[test]
    fn a_key_after_its_end_and_one_too_many_are_seen() {
        assert_eq!(broken([issued(1), revoked(1), used(1, 11)]), 1);
        assert_eq!(broken([issued(1), used(1, 3600)]), 1);
        assert_eq!(broken([used(1, 1)]), 1);
        assert_eq!(broken([issued(1), revoked(1), revoked(1)]), 1);
        assert_eq!(broken((1..=21).map(issued)), 1);
    }
}
