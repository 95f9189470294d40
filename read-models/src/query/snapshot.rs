//! One consistent picture of all views.

use events::envelope::Position;
use sqlx::{Any, AnyConnection, Transaction};

use crate::generation;
use crate::positions::Positions;
use crate::store::StoreError;
use crate::view_name::ViewName;
use crate::views::Views;

/// A transaction that only reads: everything that is read in it was true at the same moment. It ends
/// when it's dropped.
pub struct Snapshot {
    transaction: Transaction<'static, Any>,
    positions: Positions,
}

impl Snapshot {
    pub async fn begin(views: &Views) -> Result<Self, StoreError> {
        let mut transaction = views.begin_read().await?;
        let positions = generation::positions(&mut transaction).await?;
        Ok(Self {
            transaction,
            positions,
        })
    }

    /// How much of the log every one of these views reflects.
    pub fn position_of(&self, views: &[ViewName]) -> Position {
        let positions = views.iter().map(|view| self.positions.of(*view));
        positions.min().unwrap_or_default()
    }

    pub fn conn(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}
