//! Use cases of a branch that takes headquarters' catalogue over: products come to say what they say there.
//!
//! Options, attributes and prices follow as well; what is on the shelf stays. Categories are supplied by
//! [`supplied_tree`](crate::supplied_tree); fetching the catalogue is the workers'.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use events::ids::{CategoryId, ProductId, Sku};
use events::product::Variant;

use crate::authority::Authority;
use crate::catalogue::{self, AddProduct, EditProduct, NewVariant};
use crate::product::{Product, ProductCommand};
use crate::supply::{SuppliedProduct, SuppliedProductCommand, SupplyError};
use crate::unit_of_work::{Decision, UnitOfWork};

/// A product as headquarters has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplyProduct {
    pub product_id: ProductId,
    pub name: String,
    pub description: String,
    /// The branch's own category, found by its slug.
    pub category: Option<CategoryId>,
    /// At least one, unless it was removed.
    pub variants: Vec<Variant>,
    /// All of them; none leaves those that are here.
    pub attributes: Option<BTreeMap<String, String>>,
    pub status: SuppliedStatus,
    pub at: DateTime<Utc>,
}

/// What has become of it at headquarters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppliedStatus {
    Active,
    Archived,
    Removed,
}

/// Makes the branch's product what headquarters' is. Does nothing if it is.
pub fn supply_product(work: &mut UnitOfWork, command: &SupplyProduct) -> Decision<()> {
    let product_id = command.product_id;
    work.require::<Product>([product_id])?;
    let before = work.read::<Product>(product_id)?;
    match (before.exists(), command.status) {
        (false, SuppliedStatus::Removed) => return Ok(()),
        (true, SuppliedStatus::Removed) => {
            return catalogue::remove_product(work, product_id, Authority::System, None);
        }
        (false, status) => add(work, command, status)?,
        (true, status) => edit(work, command, &before, status)?,
    }
    if let Some(attributes) = &command.attributes {
        work.handle::<Product>(product_id, ProductCommand::ChangeAttributes(attributes.clone()))?;
    }
    let at = command.at;
    work.handle::<SuppliedProduct>(product_id, SuppliedProductCommand::Supply { product_id, at })
}

fn add(work: &mut UnitOfWork, command: &SupplyProduct, status: SuppliedStatus) -> Decision<()> {
    let added = AddProduct {
        product_id: command.product_id,
        seller: None,
        name: command.name.clone(),
        description: command.description.clone(),
        category: command.category,
        variants: command.variants.iter().map(unstocked).collect(),
        one_of_a_kind: false,
        at: command.at,
    };
    catalogue::add_product(work, &added)?;
    if status == SuppliedStatus::Archived {
        catalogue::set_listed(work, command.product_id, Authority::System, false)?;
    }
    Ok(())
}

fn edit(
    work: &mut UnitOfWork,
    command: &SupplyProduct,
    before: &Product,
    status: SuppliedStatus,
) -> Decision<()> {
    let had: BTreeSet<&Sku> = before.skus().collect();
    let (stay, new): (Vec<_>, Vec<_>) = command
        .variants
        .iter()
        .partition(|variant| had.contains(&variant.sku));
    let prices: BTreeMap<_, _> = stay
        .iter()
        .map(|variant| (variant.sku.clone(), variant.price))
        .collect();
    let gone: Vec<_> = had
        .into_iter()
        .filter(|sku| !prices.contains_key(*sku))
        .cloned()
        .collect();
    let nothing_stays = stay.is_empty();
    let options: BTreeMap<_, _> = stay
        .iter()
        .map(|variant| (variant.sku.clone(), variant.options.clone()))
        .collect();
    let mut edit = EditProduct {
        product_id: command.product_id,
        by: Authority::System,
        expected_version: None,
        name: Some(command.name.clone()),
        description: Some(command.description.clone()),
        category: Some(command.category),
        add: vec![],
        remove: gone,
        prices,
        listed: None,
    };
    if !nothing_stays {
        // What goes makes room for what changes its options, and that for what comes.
        catalogue::edit_product(work, &edit)?;
        work.handle::<Product>(command.product_id, ProductCommand::ChangeOptions(options))?;
        edit.remove.clear();
    }
    edit.add = new.into_iter().map(unstocked).collect();
    edit.listed = Some(status == SuppliedStatus::Active);
    catalogue::edit_product(work, &edit)
}

/// What is on the branch's shelf is its own to say.
fn unstocked(variant: &Variant) -> NewVariant {
    NewVariant {
        variant: variant.clone(),
        quantity: 0,
    }
}

/// Refuses whoever would edit at the branch what is headquarters'.
pub(crate) fn keep_out(work: &mut UnitOfWork, product_id: ProductId, by: Authority) -> Decision<()> {
    if by != Authority::System && work.read::<SuppliedProduct>(product_id)?.is_supplied() {
        return Err(SupplyError::Headquarters { product_id }.into());
    }
    Ok(())
}
