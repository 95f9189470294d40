//! The categories that an upload names, by their paths: found from the top down, and made by staff where they aren't.

use std::collections::{BTreeSet, HashMap};

use bulk::CategoryPath;
use domain::catalogue::{self, SLUG_SCOPE};
use domain::category::Category;
use events::category::CategoryCreated;
use events::ids::CategoryId;
use executor::{CommandContext, ExecuteError};

use crate::commands::Commands;

/// The categories of an upload by the keys of their paths. What isn't in it isn't there.
pub type Found = HashMap<String, CategoryId>;

/// Finds them, parents first; what is missing is made if `may_create`.
pub async fn resolve(
    commands: &Commands,
    context: &CommandContext,
    paths: &BTreeSet<CategoryPath>,
    may_create: bool,
) -> Result<Found, ExecuteError> {
    let mut found = Found::new();
    let mut missing = BTreeSet::new();
    for step in paths.iter().flat_map(CategoryPath::ancestry) {
        let key = step.key();
        if found.contains_key(&key) || missing.contains(&key) {
            continue;
        }
        let above = step.parent().map(|parent| parent.key());
        let parent = above.as_ref().and_then(|above| found.get(above).copied());
        if above.is_some() && parent.is_none() {
            missing.insert(key);
            continue;
        }
        let id = match find(commands, context, &step, parent).await? {
            None if may_create => create(commands, context, &step, parent).await?,
            id => id,
        };
        match id {
            Some(id) => {
                found.insert(key, id);
            }
            None => {
                missing.insert(key);
            }
        }
    }
    Ok(found)
}

/// A category goes by its own slug, or by the one of the whole path if another branch of the tree has that.
fn slugs(step: &CategoryPath) -> [String; 2] {
    [step.slug(), step.long_slug()]
}

async fn find(
    commands: &Commands,
    context: &CommandContext,
    step: &CategoryPath,
    parent: Option<CategoryId>,
) -> Result<Option<CategoryId>, ExecuteError> {
    for slug in slugs(step) {
        let Some(id) = commands.claiming::<CategoryId>(SLUG_SCOPE, &slug).await? else {
            continue;
        };
        let category = commands
            .inspect(context, |work| work.read::<Category>(id))
            .await?;
        if category.is_open() && category.parent() == parent {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// `None` if both of its slugs are another branch's, or if it can't be: the tree is too deep, the name too long.
async fn create(
    commands: &Commands,
    context: &CommandContext,
    step: &CategoryPath,
    parent: Option<CategoryId>,
) -> Result<Option<CategoryId>, ExecuteError> {
    for slug in slugs(step) {
        let category_id = CategoryId::generate();
        let created = CategoryCreated {
            category_id,
            parent,
            name: step.name().to_owned(),
            slug,
        };
        let create = |work: &mut domain::UnitOfWork| catalogue::create_category(work, &created);
        // Its idempotency key is the upload's, not one category's.
        let context = CommandContext {
            idempotency: None,
            ..context.clone()
        };
        match commands.execute(&context, create).await {
            Ok(_) => return Ok(Some(category_id)),
            Err(ExecuteError::Taken { .. } | ExecuteError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
