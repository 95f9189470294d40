//! What a branch takes over from headquarters' catalogue: which products are headquarters', and how far it has followed.
//!
//! A supplied product is a product like any other, with the same id and SKUs. What headquarters says of it holds: nobody at
//! the branch edits, archives or removes it. Its stock is the branch's own.

mod error;
mod supplied_category;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::chain::{
    CatalogueFollowed, FollowedCatalogueEvent, ProductSupplied, SuppliedProductEvent, SuppliedRow,
    SupplyMended, SupplyRefused,
};
use events::ids::ProductId;
use serde::{Deserialize, Serialize};

pub use error::SupplyError;
pub use supplied_category::{SuppliedCategory, SuppliedCategoryCommand};

/// The key of the one stream of [`FollowedCatalogue`]: a branch has one headquarters.
pub const HEADQUARTERS: &str = "headquarters";
/// Refused rows that are remembered and tried again: a branch that refuses more has another trouble than these.
pub const REFUSED_MAX: usize = 1_000;
/// As much as is kept of why a row was refused, in characters.
const DETAIL_MAX_CHARS: usize = 500;

/// Whether a product is headquarters'. The default is one that isn't.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppliedProduct {
    supplied: bool,
}

/// What can be asked of a supplied product.
#[derive(Debug, Clone)]
pub enum SuppliedProductCommand {
    /// Supplying what is supplied changes nothing.
    Supply {
        product_id: ProductId,
        at: DateTime<Utc>,
    },
}

impl SuppliedProduct {
    pub fn is_supplied(&self) -> bool {
        self.supplied
    }
}

impl Aggregate for SuppliedProduct {
    const TYPE: &'static str = "supplied_product";
    type Command = SuppliedProductCommand;
    type Event = SuppliedProductEvent;
    type Error = SupplyError;
    type Services = ();

    async fn handle(
        &mut self,
        SuppliedProductCommand::Supply { product_id, at }: SuppliedProductCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), SupplyError> {
        if !self.supplied {
            let supplied = ProductSupplied {
                product_id,
                supplied_at: at,
            };
            sink.write(supplied.into(), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, SuppliedProductEvent::ProductSupplied(_): SuppliedProductEvent) {
        self.supplied = true;
    }
}

/// Why a row of headquarters' catalogue isn't as it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRefusal {
    /// Stable, such as `sku_taken`.
    pub code: String,
    /// What of the row is at fault, if that can be told.
    pub field: Option<String>,
    pub detail: String,
}

/// How far headquarters' catalogue was taken over, and what of it wasn't. The default is: not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowedCatalogue {
    cursor: Option<String>,
    /// In pairs, since a key of JSON is a text.
    #[serde(default)]
    refused: Vec<(SuppliedRow, RowRefusal)>,
}

/// What can be asked of it.
#[derive(Debug, Clone)]
pub enum FollowedCatalogueCommand {
    /// Following to where it stands changes nothing.
    Follow { cursor: String, at: DateTime<Utc> },
    /// Refusing for the same reason, or more than can be remembered, changes nothing.
    Refuse {
        row: SuppliedRow,
        refusal: RowRefusal,
        at: DateTime<Utc>,
    },
    /// Mending what wasn't refused changes nothing.
    Mend { row: SuppliedRow, at: DateTime<Utc> },
}

impl FollowedCatalogue {
    /// Where to go on; none at the beginning.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// What isn't here as it is at headquarters, and why.
    pub fn refused(&self) -> BTreeMap<SuppliedRow, RowRefusal> {
        self.refused.iter().cloned().collect()
    }

    fn refusal(&self, row: SuppliedRow) -> Option<&RowRefusal> {
        let found = self.refused.iter().find(|(other, _)| *other == row);
        found.map(|(_, refusal)| refusal)
    }

    fn decide(&self, command: FollowedCatalogueCommand) -> Option<FollowedCatalogueEvent> {
        match command {
            FollowedCatalogueCommand::Follow { cursor, at } => {
                let moved = self.cursor.as_ref() != Some(&cursor);
                let followed = CatalogueFollowed {
                    cursor,
                    followed_at: at,
                };
                moved.then(|| followed.into())
            }
            FollowedCatalogueCommand::Refuse { row, refusal, at } => {
                let detail: String = refusal.detail.chars().take(DETAIL_MAX_CHARS).collect();
                let known = self.refusal(row);
                let same =
                    known.is_some_and(|known| known.code == refusal.code && known.field == refusal.field);
                let room = known.is_some() || self.refused.len() < REFUSED_MAX;
                let refused = SupplyRefused {
                    row,
                    code: refusal.code,
                    field: refusal.field,
                    detail,
                    refused_at: at,
                };
                (room && !same).then(|| refused.into())
            }
            FollowedCatalogueCommand::Mend { row, at } => {
                let mended = SupplyMended { row, mended_at: at };
                self.refusal(row).is_some().then(|| mended.into())
            }
        }
    }
}

impl Aggregate for FollowedCatalogue {
    const TYPE: &'static str = "followed_catalogue";
    type Command = FollowedCatalogueCommand;
    type Event = FollowedCatalogueEvent;
    type Error = SupplyError;
    type Services = ();

    async fn handle(
        &mut self,
        command: FollowedCatalogueCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), SupplyError> {
        if let Some(event) = self.decide(command) {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: FollowedCatalogueEvent) {
        match event {
            FollowedCatalogueEvent::CatalogueFollowed(event) => self.cursor = Some(event.cursor),
            FollowedCatalogueEvent::SupplyRefused(event) => {
                self.refused.retain(|(row, _)| *row != event.row);
                let refusal = RowRefusal {
                    code: event.code,
                    field: event.field,
                    detail: event.detail,
                };
                self.refused.push((event.row, refusal));
            }
            FollowedCatalogueEvent::SupplyMended(event) => {
                self.refused.retain(|(row, _)| *row != event.row);
            }
        }
    }
}
