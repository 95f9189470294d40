//! Asks Stripe what became of an earlier request: by its reference, by search, or by reading its recent lists. Only
//! GETs: asking never moves money.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::http::Failure;
use super::wire::{Intent, Page, Payout, Refund, found};
use super::{PAGE_LIMIT, StripeGateway};
use crate::gateway::Lookup;

/// Stripe's search lags behind its books, by a minute as a rule; its lists do not. What a search may miss is looked for
/// among the intents of this long.
const SEARCH_LAG: Duration = Duration::from_mins(15);
/// The most that two clocks may differ.
const CLOCK_SKEW: Duration = Duration::from_mins(5);
/// Stripe forgets idempotency keys after 24 hours at the earliest; an hour of that is for clocks and retries.
const KEYS_KEPT: TimeDelta = TimeDelta::hours(23);
/// Pages read before a list counts as too long to tell.
const MAX_PAGES: usize = 20;

/// What a list walk is looking at: enough to go on from.
trait Listed: DeserializeOwned {
    const PATH: &'static str;
    fn id(&self) -> &str;
}

impl Listed for Intent {
    const PATH: &'static str = "/v1/payment_intents";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Listed for Refund {
    const PATH: &'static str = "/v1/refunds";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Listed for Payout {
    const PATH: &'static str = "/v1/payouts";

    fn id(&self) -> &str {
        &self.id
    }
}

impl StripeGateway {
    pub(in crate::gateway) async fn look_up_charge(
        &self,
        attempt_id: Uuid,
        payment_id: Uuid,
        provider_reference: Option<&str>,
    ) -> Lookup {
        let intent = match provider_reference {
            Some(reference) => self.read(reference).await,
            None => self.find_intent(attempt_id, payment_id).await,
        };
        match intent {
            Ok(Some(intent)) if intent.is_for(attempt_id, payment_id) => found(intent.outcome()),
            Ok(Some(intent)) => unknown(format!("{} belongs to another attempt", intent.id)),
            Ok(None) => Lookup::NotFound,
            // A busy shop charges more than we read. As long as the provider keeps the attempt's idempotency key, trying
            // it again is itself a question: what was charged is answered from the books, not charged twice.
            Err(Failure::TooLong { reason }) if is_key_kept(attempt_id) => Lookup::NotListed { reason },
            Err(failure) => not_told(failure),
        }
    }

    async fn find_intent(&self, attempt_id: Uuid, payment_id: Uuid) -> Result<Option<Intent>, Failure> {
        let query = [
            ("query", format!("metadata['attempt_id']:'{attempt_id}'")),
            ("limit", PAGE_LIMIT.to_owned()),
        ];
        let page: Page<Intent> = self.client.get("/v1/payment_intents/search", &query).await?;
        let searched = page
            .data
            .into_iter()
            .find(|intent| intent.is_for(attempt_id, payment_id));
        if searched.is_some() {
            return Ok(searched);
        }
        let requested_at = requested_at(attempt_id).unwrap_or(DateTime::UNIX_EPOCH);
        let recently = (Utc::now() - SEARCH_LAG).max(requested_at - CLOCK_SKEW);
        self.find_listed(created_since(recently), |intent: &Intent| {
            intent.is_for(attempt_id, payment_id)
        })
        .await
    }

    pub(in crate::gateway) async fn look_up_refund(
        &self,
        refund_id: Uuid,
        provider_reference: &str,
    ) -> Lookup {
        let of_charge = ("payment_intent", provider_reference.to_owned());
        match self
            .find_listed(of_charge, |refund: &Refund| refund.is_for(refund_id))
            .await
        {
            Ok(Some(refund)) => found(refund.outcome()),
            Ok(None) => Lookup::NotFound,
            Err(failure) => not_told(failure),
        }
    }

    pub(in crate::gateway) async fn look_up_payout(
        &self,
        withdrawal_id: Uuid,
        provider_reference: Option<&str>,
        requested_at: DateTime<Utc>,
    ) -> Lookup {
        let payout = match provider_reference {
            Some(reference) => self.read(reference).await,
            None => self.find_payout(withdrawal_id, requested_at).await,
        };
        match payout {
            Ok(Some(payout)) if payout.is_for(withdrawal_id) => found(payout.outcome()),
            Ok(Some(payout)) => unknown(format!("{} belongs to another withdrawal", payout.id)),
            Ok(None) => Lookup::NotFound,
            Err(failure) => not_told(failure),
        }
    }

    async fn find_payout(
        &self,
        withdrawal_id: Uuid,
        requested_at: DateTime<Utc>,
    ) -> Result<Option<Payout>, Failure> {
        let since = created_since(requested_at - CLOCK_SKEW);
        self.find_listed(since, |payout: &Payout| payout.is_for(withdrawal_id))
            .await
    }

    /// The object with this reference. A reference that Stripe gave and no longer knows is no proof of anything.
    async fn read<T: Listed>(&self, reference: &str) -> Result<Option<T>, Failure> {
        // It becomes a part of the address.
        if !reference
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return Err(Failure::unknown("the reference is none of the provider's"));
        }
        self.client
            .get(&format!("{}/{reference}", T::PATH), &[])
            .await
            .map(Some)
    }

    /// Reads the list, newest first, until one is wanted, none is left, or it grows too long to tell.
    async fn find_listed<T: Listed>(
        &self,
        filter: (&'static str, String),
        wanted: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, Failure> {
        let mut query = vec![filter, ("limit", PAGE_LIMIT.to_owned())];
        for _ in 0..MAX_PAGES {
            let page: Page<T> = self.client.get(T::PATH, &query).await?;
            let last = page.data.last().map(|last| last.id().to_owned());
            if let Some(found) = page.data.into_iter().find(|item| wanted(item)) {
                return Ok(Some(found));
            }
            match last {
                Some(last) if page.has_more => {
                    query.truncate(2);
                    query.push(("starting_after", last));
                }
                _ => return Ok(None),
            }
        }
        let reason = format!("not among the newest {MAX_PAGES} pages of {}", T::PATH);
        Err(Failure::TooLong { reason })
    }
}

/// When the attempt was made, which its id tells; none if it was not made by us.
fn requested_at(attempt_id: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = attempt_id.get_timestamp()?.to_unix();
    DateTime::from_timestamp(seconds.try_into().ok()?, nanos)
}

/// Whether the provider still knows the key of an attempt, which is its id.
fn is_key_kept(attempt_id: Uuid) -> bool {
    requested_at(attempt_id).is_some_and(|at| Utc::now() - at < KEYS_KEPT)
}

fn created_since(time: DateTime<Utc>) -> (&'static str, String) {
    ("created[gte]", time.timestamp().to_string())
}

fn not_told(failure: Failure) -> Lookup {
    match failure {
        Failure::Unknown { reason } | Failure::TooLong { reason } => unknown(reason),
        Failure::Declined { code, message }
        | Failure::Refused { code, message }
        | Failure::Missing { code, message } => {
            unknown(format!("the provider does not tell: {code}: {message}"))
        }
    }
}

fn unknown(reason: String) -> Lookup {
    Lookup::Unknown { reason }
}
