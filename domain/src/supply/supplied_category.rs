//! Whether a category is headquarters': then its name and its place in the tree are what they are there, and nobody at the
//! branch changes them. What is below it may be the branch's own.

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::chain::{CategorySupplied, SuppliedCategoryEvent};
use events::ids::CategoryId;
use serde::{Deserialize, Serialize};

use super::SupplyError;

/// See the module. The default is one that isn't.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppliedCategory {
    supplied: bool,
}

/// What can be asked of a supplied category.
#[derive(Debug, Clone)]
pub enum SuppliedCategoryCommand {
    /// Supplying what is supplied changes nothing.
    Supply {
        category_id: CategoryId,
        at: DateTime<Utc>,
    },
}

impl SuppliedCategory {
    pub fn is_supplied(&self) -> bool {
        self.supplied
    }
}

impl Aggregate for SuppliedCategory {
    const TYPE: &'static str = "supplied_category";
    type Command = SuppliedCategoryCommand;
    type Event = SuppliedCategoryEvent;
    type Error = SupplyError;
    type Services = ();

    async fn handle(
        &mut self,
        SuppliedCategoryCommand::Supply { category_id, at }: SuppliedCategoryCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), SupplyError> {
        if !self.supplied {
            let supplied = CategorySupplied {
                category_id,
                supplied_at: at,
            };
            sink.write(supplied.into(), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, SuppliedCategoryEvent::CategorySupplied(_): SuppliedCategoryEvent) {
        self.supplied = true;
    }
}
