//! Follows headquarters' catalogue: what has changed there becomes commands here, product by product.
//!
//! The place is kept when all of a page has been taken over. What comes twice changes nothing, so a branch that dies in
//! between goes on where it was. A product that the branch refuses (its SKU is another's here) is told and passed over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::catalogue::{SLUG_SCOPE, create_category};
use domain::supplies::{self, SuppliedStatus, SupplyProduct};
use domain::supply::{FollowedCatalogue, FollowedCatalogueCommand, HEADQUARTERS};
use events::category::CategoryCreated;
use events::envelope::Actor;
use events::ids::{CategoryId, ProductId, Sku};
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
use crate::effects::Shop;

/// The wait after a failure here: the log is busy, and asking faster won't help.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);

/// Products that have changed, as they are now.
#[derive(Debug, Deserialize)]
pub(super) struct Changes {
    items: Vec<Item>,
    next_cursor: String,
    more: bool,
}

#[derive(Debug, Deserialize)]
struct Item {
    product_id: ProductId,
    name: String,
    description: String,
    category: Vec<Category>,
    variants: Vec<ItemVariant>,
    status: Status,
}

#[derive(Debug, Deserialize)]
struct Category {
    #[serde(rename = "category_id")]
    id: CategoryId,
    name: String,
    slug: String,
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
    };
    let mut knows_its_place = false;
    while !shutdown.is_cancelled() {
        if !knows_its_place {
            match follower.stored_cursor().await {
                Ok(cursor) => {
                    follower.cursor = cursor;
                    knows_its_place = true;
                }
                Err(error) => tracing::warn!(%error, "the place in headquarters' catalogue can't be read"),
            }
        }
        let wait = match follower.take_page().await {
            _ if !knows_its_place => TROUBLE_PAUSE,
            Ok(More::AtOnce) => continue,
            Ok(More::Later) => settings.catalogue_every,
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
}

impl Follower {
    fn context(&self) -> CommandContext {
        CommandContext::new(Actor::System, self.shop.clock.now(), Uuid::now_v7())
    }

    async fn stored_cursor(&self) -> Result<Option<String>, ExecuteError> {
        let look = |work: &mut domain::UnitOfWork| {
            let followed = work.read::<FollowedCatalogue>(HEADQUARTERS)?;
            Ok(followed.cursor().map(str::to_owned))
        };
        Ok(self.shop.executor.inspect(&self.context(), look).await?.value)
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
        for item in &changes.items {
            self.take(item).await?;
        }
        // A place that only orders lie before is found again by looking at these once more.
        if !changes.items.is_empty() || changes.more {
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

    /// Takes a product over. An error is one that another try may mend.
    async fn take(&self, item: &Item) -> Result<(), ExecuteError> {
        match self.supply(item).await {
            Ok(()) => Ok(()),
            Err(error @ (ExecuteError::Refused(_) | ExecuteError::Taken { .. })) => {
                counter!(CHAIN_PRODUCTS_REFUSED).increment(1);
                tracing::error!(product.id = %item.product_id, %error, "a product of headquarters' can't be taken over");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn supply(&self, item: &Item) -> Result<(), ExecuteError> {
        let context = self.context();
        let command = SupplyProduct {
            product_id: item.product_id,
            name: item.name.clone(),
            description: item.description.clone(),
            category: self.category(&item.category).await?,
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

    /// The branch's own category with the last one's slug; what is missing on the way to it is made.
    async fn category(&self, path: &[Category]) -> Result<Option<CategoryId>, ExecuteError> {
        let mut parent = None;
        for category in path {
            parent = Some(self.category_below(parent, category).await?);
        }
        Ok(parent)
    }

    async fn category_below(
        &self,
        parent: Option<CategoryId>,
        category: &Category,
    ) -> Result<CategoryId, ExecuteError> {
        let executor = &self.shop.executor;
        let owner = executor.claim_owner(SLUG_SCOPE, &category.slug).await?;
        if let Some(own) = owner.and_then(|owner| owner.parse().ok()) {
            return Ok(own);
        }
        let created = |category_id| CategoryCreated {
            category_id,
            parent,
            name: category.name.clone(),
            slug: category.slug.clone(),
        };
        // Headquarters' own id, unless the branch has closed that category: then it is another one.
        for category_id in [category.id, CategoryId::generate()] {
            let created = created(category_id);
            let create = |work: &mut domain::UnitOfWork| create_category(work, &created);
            match executor.execute(&self.context(), create).await {
                Ok(_) => return Ok(category_id),
                Err(ExecuteError::Refused(_)) if category_id == category.id => {}
                Err(error) => return Err(error),
            }
        }
        Ok(category.id) // proof: the second try has returned
    }
}

fn variant(item: &ItemVariant) -> Variant {
    Variant {
        sku: item.sku.clone(),
        options: item.options.clone(),
        price: item.price,
    }
}
