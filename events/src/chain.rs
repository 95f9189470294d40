//! Facts that a branch keeps of its dealings with headquarters: the reports of its days, how far it has followed
//! headquarters' catalogue, and which products come from there.
//!
//! What headquarters keeps is in [`branch`](crate::branch).

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::branch::{DayFigures, ReportCause};
use crate::event::events;
use crate::ids::{CategoryId, ProductId};
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
    pub cause: ReportCause,
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
        DailyReportPrepared = 2,
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

/// A row of headquarters' catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum SuppliedRow {
    Category(CategoryId),
    Product(ProductId),
}

/// The branch can't have a row of headquarters' catalogue as it is there, and tries again until it can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SupplyRefused {
    pub row: SuppliedRow,
    /// Stable, such as `sku_taken`.
    pub code: String,
    /// What of the row is at fault, if that can be told.
    pub field: Option<String>,
    /// The same in words.
    pub detail: String,
    pub refused_at: DateTime<Utc>,
}

/// What was refused is here now, or gone from headquarters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SupplyMended {
    pub row: SuppliedRow,
    pub mended_at: DateTime<Utc>,
}

events! {
    /// What happens to the branch's place in headquarters' catalogue, and to what it couldn't take from there.
    FollowedCatalogueEvent {
        CatalogueFollowed = 1,
        SupplyRefused = 1,
        SupplyMended = 1,
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

/// The category is headquarters': its name and its place hold here, too, and nobody here changes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CategorySupplied {
    pub category_id: CategoryId,
    pub supplied_at: DateTime<Utc>,
}

events! {
    /// What makes a category headquarters'.
    SuppliedCategoryEvent {
        CategorySupplied = 1,
    }
}
