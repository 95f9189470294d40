//! Use cases of a branch that takes headquarters' categories over: their names, their places in the tree, and their end.
//!
//! A category is known by its slug. One of the branch's own that has headquarters' slug stands for headquarters', and stays
//! as it is. Products are supplied by [`supplies`](crate::supplies); fetching is the workers'.

use chrono::{DateTime, Utc};
use events::category::CategoryCreated;
use events::ids::CategoryId;

use crate::catalogue::{self, EditCategory};
use crate::category::Category;
use crate::supply::{SuppliedCategory, SuppliedCategoryCommand, SupplyError};
use crate::unit_of_work::{Decision, UnitOfWork};

/// A category as headquarters has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplyCategory {
    pub category_id: CategoryId,
    /// The branch's own, found by its slug.
    pub parent: Option<CategoryId>,
    pub name: String,
    pub slug: String,
    pub at: DateTime<Utc>,
}

/// Makes the branch's category what headquarters' is, whether it is there yet or not. Does nothing if it is, and leaves the
/// branch's own alone.
pub fn supply_category(work: &mut UnitOfWork, command: &SupplyCategory) -> Decision<()> {
    let category_id = command.category_id;
    let before = work.read::<Category>(category_id)?;
    if before.slug().is_empty() {
        let created = CategoryCreated {
            category_id,
            parent: command.parent,
            name: command.name.clone(),
            slug: command.slug.clone(),
        };
        catalogue::create_category(work, &created)?;
    } else {
        let edit = EditCategory {
            category_id,
            name: Some(command.name.clone()),
            parent: Some(command.parent).filter(|parent| *parent != before.parent()),
            expected_version: None,
        };
        catalogue::edit_category(work, &edit)?;
    }
    let at = command.at;
    work.handle::<SuppliedCategory>(category_id, SuppliedCategoryCommand::Supply { category_id, at })
}

/// Headquarters has closed it. Does nothing to what is the branch's own, isn't there, or is closed.
pub fn close_category(work: &mut UnitOfWork, category_id: CategoryId) -> Decision<()> {
    let open = work.read::<Category>(category_id)?.is_open();
    if open && work.read::<SuppliedCategory>(category_id)?.is_supplied() {
        catalogue::archive_category(work, category_id)?;
    }
    Ok(())
}

/// Refuses whoever would change at the branch what is headquarters'.
pub fn keep_out(work: &mut UnitOfWork, category_id: CategoryId) -> Decision<()> {
    if work.read::<SuppliedCategory>(category_id)?.is_supplied() {
        return Err(SupplyError::HeadquartersCategory { category_id }.into());
    }
    Ok(())
}
