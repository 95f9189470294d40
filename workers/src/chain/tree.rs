//! Takes headquarters' categories over: made, renamed, moved and closed here as they are there.
//!
//! A category is known by its slug: where the branch has one of its own with headquarters' slug, that one stands for it and
//! stays as it is. Nobody at the branch changes the others (`domain::supplied_tree`).

use domain::catalogue::SLUG_SCOPE;
use domain::category::Category;
use domain::supplied_tree::{SupplyCategory, close_category, supply_category};
use events::envelope::Actor;
use events::ids::CategoryId;
use executor::{CommandContext, ExecuteError};
use serde::Deserialize;
use uuid::Uuid;

use crate::effects::Shop;

/// One step of a path from the top of the tree.
#[derive(Debug, Deserialize)]
pub(super) struct PathCategory {
    #[serde(rename = "category_id")]
    id: CategoryId,
    name: String,
    slug: String,
}

/// A category that has changed.
#[derive(Debug, Deserialize)]
pub(super) struct ChangedCategory {
    category_id: CategoryId,
    /// Down to itself; empty if it is closed.
    path: Vec<PathCategory>,
}

impl ChangedCategory {
    pub fn id(&self) -> CategoryId {
        self.category_id
    }
}

fn context(shop: &Shop) -> CommandContext {
    CommandContext::new(Actor::System, shop.clock.now(), Uuid::now_v7())
}

/// Makes the branch's category what headquarters' is now.
pub(super) async fn take(shop: &Shop, category: &ChangedCategory) -> Result<(), ExecuteError> {
    if category.path.is_empty() {
        let close = |work: &mut domain::UnitOfWork| close_category(work, category.category_id);
        shop.executor.execute(&context(shop), close).await?;
        return Ok(());
    }
    take_path(shop, &category.path).await.map(|_| ())
}

/// The branch's own category at the end of the path. From the top down, each on the way is made what it is at headquarters:
/// so two that change places never make a circle.
pub(super) async fn take_path(
    shop: &Shop,
    path: &[PathCategory],
) -> Result<Option<CategoryId>, ExecuteError> {
    let mut parent = None;
    for category in path {
        parent = Some(take_below(shop, parent, category).await?);
    }
    Ok(parent)
}

async fn take_below(
    shop: &Shop,
    parent: Option<CategoryId>,
    category: &PathCategory,
) -> Result<CategoryId, ExecuteError> {
    let owner = shop.executor.claim_owner(SLUG_SCOPE, &category.slug).await?;
    let owner: Option<CategoryId> = owner.and_then(|owner| owner.parse().ok());
    match owner {
        Some(own) if own != category.id => return Ok(own),
        _ => {}
    }
    let known = |work: &mut domain::UnitOfWork| Ok(!work.read::<Category>(category.id)?.slug().is_empty());
    let known = shop.executor.inspect(&context(shop), known).await?.value;
    // Headquarters' own id, unless the branch has closed that category: then it is another one.
    let closed_here = known && owner.is_none();
    let category_id = if closed_here {
        CategoryId::generate()
    } else {
        category.id
    };
    let context = context(shop);
    let command = SupplyCategory {
        category_id,
        parent,
        name: category.name.clone(),
        slug: category.slug.clone(),
        at: context.now,
    };
    let supply = |work: &mut domain::UnitOfWork| supply_category(work, &command);
    shop.executor.execute(&context, supply).await?;
    Ok(category_id)
}
