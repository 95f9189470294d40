//! Facts that a branch keeps of its dealings with headquarters: the reports of its days, how far it has followed
//! headquarters' catalogue, and which products come from there.
//!
//! What headquarters keeps is in [`branch`](crate::branch).

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::branch::DayFigures;
use crate::event::events;
use crate::ids::ProductId;
use crate::money::Currency;

/// Somebody wants the day reported now, whether it is over or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DailyReportRequested {
    pub day: NaiveDate,
    pub requested_at: DateTime<Utc>,
}

/// The day's figures are made up, and wait to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DailyReportPrepared {
    pub day: NaiveDate,
    /// From 1, and higher whenever the figures have changed.
    pub revision: u64,
    pub figures: DayFigures,
    pub prepared_at: DateTime<Utc>,
}

/// Headquarters has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DailyReportDelivered {
    pub day: NaiveDate,
    #[schemars(with = "String")]
    pub currency: Currency,
    pub revision: u64,
    pub delivered_at: DateTime<Utc>,
}

events! {
    /// What happens to the report of a day in one currency, at the branch.
    OutgoingReportEvent {
        DailyReportRequested = 1,
        DailyReportPrepared = 1,
        DailyReportDelivered = 1,
    }
}

/// Headquarters' catalogue was taken over up to here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueFollowed {
    /// What headquarters calls the place; opaque here.
    pub cursor: String,
    pub followed_at: DateTime<Utc>,
}

events! {
    /// What happens to the branch's place in headquarters' catalogue.
    FollowedCatalogueEvent {
        CatalogueFollowed = 1,
    }
}

/// The product is headquarters': what it says of it holds here, too, and nobody here edits it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductSupplied {
    pub product_id: ProductId,
    pub supplied_at: DateTime<Utc>,
}

events! {
    /// What makes a product headquarters'.
    SuppliedProductEvent {
        ProductSupplied = 1,
    }
}
