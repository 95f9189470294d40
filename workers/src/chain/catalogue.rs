//! Follows headquarters' catalogue: what has changed there becomes commands here, product by product.
//!
//! The place is kept when all of a page has been taken over. What comes twice changes nothing, so a branch that dies in
//! between goes on where it was. A row that the branch refuses (its SKU is another's here) is passed over, told to both
//! sides, and tried again at each look (`refused_rows`). Categories are taken over by `tree`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::supplies::{self, SuppliedStatus, SupplyProduct};
use domain::supply::{FollowedCatalogue, FollowedCatalogueCommand, HEADQUARTERS};
use events::chain::SuppliedRow;
use events::envelope::Actor;
use events::ids::{ProductId, Sku};
use events::money::Money;
use events::product::Variant;
use executor::{CommandContext, ExecuteError};
use metrics::counter;
use serde::Deserialize;
use telemetry::names::CHAIN_PRODUCTS_REFUSED;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::ChainSettings;
use super::headquarters::{CatalogueOutcome, Headquarters};
use super::refused_rows::RefusedRows;
use super::tree::{self, ChangedCategory, PathCategory};
use crate::effects::Shop;

/// The wait after a failure here: the log is busy, and asking faster won't help.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);

/// Products that have changed, as they are now.
#[derive(Debug, Deserialize)]
pub(super) struct Changes {
    items: Vec<Item>,
    /// A headquarters of before tells of none.
    #[serde(default)]
    categories: Vec<ChangedCategory>,
    next_cursor: String,
    more: bool,
}

#[derive(Debug, Deserialize)]
struct Item {
    product_id: ProductId,
    name: String,
    description: String,
    category: Vec<PathCategory>,
    variants: Vec<ItemVariant>,
    attributes: Option<BTreeMap<String, String>>,
    status: Status,
}

#[derive(Debug, Deserialize)]
struct ItemVariant {
    sku: Sku,
    options: BTreeMap<String, String>,
    price: Money,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Active,
    Archived,
    Removed,
}

impl Changes {
    fn rows(&self) -> impl Iterator<Item = SuppliedRow> {
        let categories = self.categories.iter();
        let categories = categories.map(|category| SuppliedRow::Category(category.id()));
        categories.chain(
            self.items
                .iter()
                .map(|item| SuppliedRow::Product(item.product_id)),
        )
    }
}

/// Follows until shutdown.
pub(super) async fn follow(
    settings: Arc<ChainSettings>,
    shop: Shop,
    headquarters: Headquarters,
    shutdown: CancellationToken,
) {
    counter!(CHAIN_PRODUCTS_REFUSED).increment(0);
    let mut follower = Follower {
        shop,
        headquarters,
        cursor: None,
        refused: RefusedRows::default(),
    };
    let mut knows_its_place = false;
    while !shutdown.is_cancelled() {
        if !knows_its_place {
            match follower.find_place().await {
                Ok(()) => knows_its_place = true,
                Err(error) => tracing::warn!(%error, "the place in headquarters' catalogue can't be read"),
            }
        }
        let wait = match follower.take_page().await {
            _ if !knows_its_place => TROUBLE_PAUSE,
            Ok(More::AtOnce) => continue,
            Ok(More::Later) => match follower.try_refused_again().await {
                Ok(()) => settings.catalogue_every,
                Err(error) => {
                    tracing::error!(%error, "refused rows of headquarters' catalogue can't be tried again now");
                    TROUBLE_PAUSE
                }
            },
            Err(error) => {
                tracing::error!(%error, "headquarters' catalogue can't be taken over; trying again");
                TROUBLE_PAUSE
            }
        };
        let _ = shutdown.run_until_cancelled(tokio::time::sleep(wait)).await;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum More {
    AtOnce,
    Later,
}

struct Follower {
    shop: Shop,
    headquarters: Headquarters,
    cursor: Option<String>,
    refused: RefusedRows,
}

impl Follower {
    fn context(&self) -> CommandContext {
        CommandContext::new(Actor::System, self.shop.clock.now(), Uuid::now_v7())
    }

    /// Where the process before this one left off.
    async fn find_place(&mut self) -> Result<(), ExecuteError> {
        let look = |work: &mut domain::UnitOfWork| {
            let followed = work.read::<FollowedCatalogue>(HEADQUARTERS)?;
            Ok((followed.cursor().map(str::to_owned), followed.refused()))
        };
        let (cursor, refused) = self.shop.executor.inspect(&self.context(), look).await?.value;
        self.cursor = cursor;
        self.refused = RefusedRows::new(refused);
        Ok(())
    }

    async fn take_page(&mut self) -> Result<More, ExecuteError> {
        let changes = match self.headquarters.catalogue(self.cursor.as_deref()).await {
            CatalogueOutcome::Changes(changes) => changes,
            CatalogueOutcome::PlaceLost => {
                tracing::warn!("headquarters' catalogue is taken over from its beginning");
                self.cursor = None;
                return Ok(More::Later);
            }
            CatalogueOutcome::NotNow { reason } => {
                tracing::warn!(reason, "headquarters' catalogue can't be had now");
                return Ok(More::Later);
            }
        };
        self.take_all(&changes).await?;
        // A place that only orders lie before is found again by looking at these once more.
        if !changes.items.is_empty() || !changes.categories.is_empty() || changes.more {
            self.keep_place(&changes.next_cursor).await?;
        }
        self.cursor = Some(changes.next_cursor);
        Ok(if changes.more { More::AtOnce } else { More::Later })
    }

    async fn keep_place(&self, cursor: &str) -> Result<(), ExecuteError> {
        let context = self.context();
        let follow = |work: &mut domain::UnitOfWork| {
            let command = FollowedCatalogueCommand::Follow {
                cursor: cursor.to_owned(),
                at: context.now,
            };
            work.handle::<FollowedCatalogue>(HEADQUARTERS, command)
        };
        self.shop.executor.execute(&context, follow).await?;
        Ok(())
    }

    /// Takes rows over, categories first. An error is one that another try may mend.
    async fn take_all(&mut self, changes: &Changes) -> Result<(), ExecuteError> {
        for category in &changes.categories {
            let result = tree::take(&self.shop, category).await;
            let row = SuppliedRow::Category(category.id());
            self.refused
                .settle(&self.shop, &self.headquarters, row, result)
                .await?;
        }
        for item in &changes.items {
            let result = self.supply(item).await;
            let row = SuppliedRow::Product(item.product_id);
            self.refused
                .settle(&self.shop, &self.headquarters, row, result)
                .await?;
        }
        Ok(())
    }

    /// What was refused, as it is at headquarters by now: there or here it may have been put right.
    async fn try_refused_again(&mut self) -> Result<(), ExecuteError> {
        for (rows, ids) in self.refused.questions() {
            let changes = match self.headquarters.rows(&ids).await {
                CatalogueOutcome::Changes(changes) => changes,
                CatalogueOutcome::PlaceLost => return Ok(()), // it was no place that was asked for
                CatalogueOutcome::NotNow { reason } => {
                    tracing::warn!(
                        reason,
                        "refused rows of headquarters' catalogue can't be looked up now"
                    );
                    return Ok(());
                }
            };
            self.take_all(&changes).await?;
            let told: BTreeSet<_> = changes.rows().collect();
            for gone in rows.into_iter().filter(|row| !told.contains(row)) {
                self.refused
                    .settle(&self.shop, &self.headquarters, gone, Ok(()))
                    .await?;
            }
        }
        Ok(())
    }

    async fn supply(&self, item: &Item) -> Result<(), ExecuteError> {
        let context = self.context();
        let command = SupplyProduct {
            product_id: item.product_id,
            name: item.name.clone(),
            description: item.description.clone(),
            category: tree::take_path(&self.shop, &item.category).await?,
            attributes: item.attributes.clone(),
            variants: item.variants.iter().map(variant).collect(),
            status: match item.status {
                Status::Active => SuppliedStatus::Active,
                Status::Archived => SuppliedStatus::Archived,
                Status::Removed => SuppliedStatus::Removed,
            },
            at: context.now,
        };
        let supply = |work: &mut domain::UnitOfWork| supplies::supply_product(work, &command);
        self.shop.executor.execute(&context, supply).await?;
        Ok(())
    }
}

fn variant(item: &ItemVariant) -> Variant {
    Variant {
        sku: item.sku.clone(),
        options: item.options.clone(),
        price: item.price,
    }
}
