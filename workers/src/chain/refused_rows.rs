//! Rows of headquarters' catalogue that this branch can't have as they are there: remembered as events, so that they are
//! tried again whatever dies, and told to headquarters, so that both logs of calls show which field is at fault and why.

use std::collections::{BTreeMap, BTreeSet};

use domain::Refusal;
use domain::supply::{FollowedCatalogue, FollowedCatalogueCommand, HEADQUARTERS, RowRefusal};
use events::chain::SuppliedRow;
use events::envelope::Actor;
use executor::{CommandContext, ExecuteError};
use metrics::{counter, gauge};
use telemetry::names::{CHAIN_PRODUCTS_REFUSED, CHAIN_ROWS_REFUSED};
use uuid::Uuid;

use super::headquarters::Headquarters;
use crate::effects::Shop;

/// Rows that headquarters looks up in one answer.
const ROWS_PER_QUESTION: usize = 50;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct RefusedRows {
    refused: BTreeMap<SuppliedRow, RowRefusal>,
    /// Those that headquarters has taken note of since this process began.
    told: BTreeSet<SuppliedRow>,
}

impl RefusedRows {
    pub fn new(refused: BTreeMap<SuppliedRow, RowRefusal>) -> Self {
        let rows = Self {
            refused,
            told: BTreeSet::new(),
        };
        rows.count();
        rows
    }

    /// The rows in the portions in which headquarters looks them up, each with their ids and commas between them.
    pub fn questions(&self) -> Vec<(Vec<SuppliedRow>, String)> {
        let rows: Vec<_> = self.refused.keys().copied().collect();
        let id = |row: &SuppliedRow| match row {
            SuppliedRow::Product(id) => id.to_string(),
            SuppliedRow::Category(id) => id.to_string(),
        };
        rows.chunks(ROWS_PER_QUESTION)
            .map(|chunk| (chunk.to_vec(), chunk.iter().map(id).collect::<Vec<_>>().join(",")))
            .collect()
    }

    /// Notes what became of a row. Gives back an error that another try may mend, and keeps a refusal.
    pub async fn settle(
        &mut self,
        shop: &Shop,
        headquarters: &Headquarters,
        row: SuppliedRow,
        result: Result<(), ExecuteError>,
    ) -> Result<(), ExecuteError> {
        match result {
            Ok(()) => self.mended(shop, headquarters, row).await,
            Err(error) => match refusal(&error) {
                Some(refusal) => self.refused(shop, headquarters, row, refusal).await,
                None => Err(error),
            },
        }
    }

    async fn mended(
        &mut self,
        shop: &Shop,
        headquarters: &Headquarters,
        row: SuppliedRow,
    ) -> Result<(), ExecuteError> {
        if !self.refused.contains_key(&row) {
            return Ok(());
        }
        note(shop, |at| FollowedCatalogueCommand::Mend { row, at }).await?;
        self.refused.remove(&row);
        self.told.remove(&row);
        self.count();
        tracing::info!(
            ?row,
            "a row of headquarters' catalogue that was refused is here now"
        );
        headquarters.note_outcome(row, None).await;
        Ok(())
    }

    async fn refused(
        &mut self,
        shop: &Shop,
        headquarters: &Headquarters,
        row: SuppliedRow,
        refusal: RowRefusal,
    ) -> Result<(), ExecuteError> {
        let known = self.refused.get(&row);
        let same = known.is_some_and(|known| known.code == refusal.code && known.field == refusal.field);
        if !same {
            counter!(CHAIN_PRODUCTS_REFUSED).increment(1);
            tracing::error!(
                ?row,
                code = refusal.code,
                field = refusal.field,
                reason = refusal.detail,
                "a row of headquarters' catalogue can't be taken over; trying again at each look"
            );
            note(shop, |at| FollowedCatalogueCommand::Refuse {
                row,
                refusal: refusal.clone(),
                at,
            })
            .await?;
            self.told.remove(&row);
        }
        if !self.told.contains(&row) && headquarters.note_outcome(row, Some(&refusal)).await {
            self.told.insert(row);
        }
        self.refused.insert(row, refusal);
        self.count();
        Ok(())
    }

    fn count(&self) {
        #[expect(clippy::cast_precision_loss, reason = "some hundred rows")]
        gauge!(CHAIN_ROWS_REFUSED).set(self.refused.len() as f64);
    }
}

async fn note(
    shop: &Shop,
    command: impl Fn(chrono::DateTime<chrono::Utc>) -> FollowedCatalogueCommand,
) -> Result<(), ExecuteError> {
    let context = CommandContext::new(Actor::System, shop.clock.now(), Uuid::now_v7());
    let note =
        |work: &mut domain::UnitOfWork| work.handle::<FollowedCatalogue>(HEADQUARTERS, command(context.now));
    shop.executor.execute(&context, note).await?;
    Ok(())
}

/// Why the branch's own rules are against it; none if it is a failure that passes.
fn refusal(error: &ExecuteError) -> Option<RowRefusal> {
    match error {
        ExecuteError::Refused(error) => Some(RowRefusal {
            code: error.code().to_owned(),
            field: error.field(),
            detail: error.to_string(),
        }),
        ExecuteError::Taken { scope, value, .. } => Some(RowRefusal {
            code: format!("{scope}_taken"),
            field: Some((*scope).to_owned()),
            detail: format!("{value} is another's at this branch"),
        }),
        _ => None,
    }
}
