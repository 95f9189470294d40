//! What a branch takes over from headquarters' catalogue: which products are headquarters', and how far it has followed.
//!
//! A supplied product is a product like any other, with the same id and SKUs. What headquarters says of it holds: nobody at
//! the branch edits, archives or removes it. Its stock is the branch's own.

mod error;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::chain::{CatalogueFollowed, FollowedCatalogueEvent, ProductSupplied, SuppliedProductEvent};
use events::ids::ProductId;
use serde::{Deserialize, Serialize};

pub use error::SupplyError;

/// The key of the one stream of [`FollowedCatalogue`]: a branch has one headquarters.
pub const HEADQUARTERS: &str = "headquarters";

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

/// How far headquarters' catalogue was taken over. The default is: not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowedCatalogue {
    cursor: Option<String>,
}

/// What can be asked of it.
#[derive(Debug, Clone)]
pub enum FollowedCatalogueCommand {
    /// Following to where it stands changes nothing.
    Follow { cursor: String, at: DateTime<Utc> },
}

impl FollowedCatalogue {
    /// Where to go on; none at the beginning.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
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
        FollowedCatalogueCommand::Follow { cursor, at }: FollowedCatalogueCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), SupplyError> {
        if self.cursor.as_ref() != Some(&cursor) {
            let followed = CatalogueFollowed {
                cursor,
                followed_at: at,
            };
            sink.write(followed.into(), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, FollowedCatalogueEvent::CatalogueFollowed(event): FollowedCatalogueEvent) {
        self.cursor = Some(event.cursor);
    }
}
