//! Lists Stripe's refunds and payouts. Those that failed moved nothing and are left out.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::amount::from_stripe;
use super::wire::{Metadata, Page};
use super::{PAGE_LIMIT, StripeGateway};
use crate::gateway::{GatewayError, ProviderPayout, ProviderRefund};

/// Pages of a hundred read in one listing, so that a broken cursor ends.
const PAGES_MAX: usize = 2_000;

/// What refunds and payouts have in common.
#[derive(Deserialize)]
struct Movement {
    id: String,
    amount: i64,
    currency: String,
    created: i64,
    status: String,
    #[serde(default)]
    metadata: Metadata,
}

impl Movement {
    fn has_moved(&self) -> bool {
        !matches!(self.status.as_str(), "failed" | "canceled")
    }

    fn unreadable(&self, what: &str) -> GatewayError {
        GatewayError::Unavailable {
            reason: format!("the {what} of {} is unreadable", self.id),
        }
    }

    fn created(&self) -> Result<DateTime<Utc>, GatewayError> {
        DateTime::from_timestamp(self.created, 0).ok_or_else(|| self.unreadable("time"))
    }

    fn into_refund(self) -> Result<ProviderRefund, GatewayError> {
        Ok(ProviderRefund {
            refund_id: self.metadata.refund_id(),
            payment_id: self.metadata.payment_id(),
            amount: from_stripe(self.amount, &self.currency).map_err(|_| self.unreadable("amount"))?,
            is_settled: self.status == "succeeded",
            created: self.created()?,
            provider_reference: self.id,
        })
    }

    fn into_payout(self) -> Result<ProviderPayout, GatewayError> {
        Ok(ProviderPayout {
            withdrawal_id: self.metadata.withdrawal_id(),
            account_id: self.metadata.account_id(),
            amount: from_stripe(self.amount, &self.currency).map_err(|_| self.unreadable("amount"))?,
            is_settled: self.status == "paid",
            created: self.created()?,
            provider_reference: self.id,
        })
    }
}

impl StripeGateway {
    pub(in crate::gateway) async fn list_refunds(
        &self,
        since: DateTime<Utc>,
    ) -> Result<Vec<ProviderRefund>, GatewayError> {
        self.movements("/v1/refunds", since, Movement::into_refund).await
    }

    pub(in crate::gateway) async fn list_payouts(
        &self,
        since: DateTime<Utc>,
    ) -> Result<Vec<ProviderPayout>, GatewayError> {
        self.movements("/v1/payouts", since, Movement::into_payout).await
    }

    async fn movements<T>(
        &self,
        path: &str,
        since: DateTime<Utc>,
        read: fn(Movement) -> Result<T, GatewayError>,
    ) -> Result<Vec<T>, GatewayError> {
        let mut found = vec![];
        let mut after: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let page: Page<Movement> = self.page(path, since, after.as_deref()).await?;
            after = page.data.last().map(|last| last.id.clone());
            let moved = page.data.into_iter().filter(Movement::has_moved);
            found.extend(moved.map(read).collect::<Result<Vec<_>, _>>()?);
            if !page.has_more || after.is_none() {
                return Ok(found);
            }
        }
        Err(GatewayError::Unavailable {
            reason: format!("the list of {path} doesn't end after {PAGES_MAX} pages"),
        })
    }

    async fn page<T: DeserializeOwned>(
        &self,
        path: &str,
        since: DateTime<Utc>,
        after: Option<&str>,
    ) -> Result<Page<T>, GatewayError> {
        let mut query = vec![
            ("limit", PAGE_LIMIT.to_owned()),
            ("created[gte]", since.timestamp().to_string()),
        ];
        query.extend(after.map(|after| ("starting_after", after.to_owned())));
        Ok(self.client.get(path, &query).await?)
    }
}
