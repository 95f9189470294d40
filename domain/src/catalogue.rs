//! Use cases of the catalogue: categories, products, prices, and what is on the shelves.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::category::CategoryCreated;
use events::ids::{AccountId, CategoryId, ProductId, Sku};
use events::money::Money;
use events::product::{ProductAdded, Variant};

use crate::authority::Authority;
use crate::category::{Category, CategoryCommand, CategoryError};
use crate::product::{Details, Product, ProductCommand, ProductError};
use crate::refusal::DomainError;
use crate::stock::{Stock, StockCommand, StockError};
use crate::supplies;
use crate::supply::SuppliedProduct;
use crate::unit_of_work::{Decision, Halt, UnitOfWork};

/// The scope of claimed SKUs; their owner is a product.
pub const SKU_SCOPE: &str = "sku";
/// The scope of claimed category slugs.
pub const SLUG_SCOPE: &str = "category_slug";

/// Deep enough for every catalogue that people can find their way in; bounds the walk to the root.
const TREE_DEPTH_MAX: usize = 12;

pub fn create_category(work: &mut UnitOfWork, created: &CategoryCreated) -> Decision<()> {
    check_parent(work, created.category_id, created.parent)?;
    work.handle::<Category>(created.category_id, CategoryCommand::Create(created.clone()))?;
    work.claim(SLUG_SCOPE, &created.slug, created.category_id);
    Ok(())
}

/// Renames a category or moves it; what is `None` stays.
#[derive(Debug, Clone)]
pub struct EditCategory {
    pub category_id: CategoryId,
    pub name: Option<String>,
    /// `Some(None)` moves it to the top.
    pub parent: Option<Option<CategoryId>>,
    pub expected_version: Option<u64>,
}

pub fn edit_category(work: &mut UnitOfWork, command: &EditCategory) -> Decision<()> {
    let category_id = command.category_id;
    work.expect_version::<Category>(category_id, command.expected_version)?;
    if let Some(name) = &command.name {
        work.handle::<Category>(category_id, CategoryCommand::Rename { name: name.clone() })?;
    }
    if let Some(parent) = command.parent {
        check_parent(work, category_id, parent)?;
        work.handle::<Category>(category_id, CategoryCommand::Move { parent })?;
    }
    Ok(())
}

/// Closes a category: it and what is below it no longer show and take nothing new. What is in them stays on sale: it is
/// found by a search, and in the lists of what is above. Its slug is free again.
pub fn archive_category(work: &mut UnitOfWork, category_id: CategoryId) -> Decision<()> {
    work.handle::<Category>(category_id, CategoryCommand::Archive)?;
    let category = work.read::<Category>(category_id)?;
    work.release(SLUG_SCOPE, category.slug(), category_id);
    Ok(())
}

/// Walks from the parent to the root: every step is open, and none is the category itself.
fn check_parent(work: &mut UnitOfWork, category_id: CategoryId, parent: Option<CategoryId>) -> Decision<()> {
    let mut above = parent;
    for _ in 0..TREE_DEPTH_MAX {
        let Some(ancestor) = above else { return Ok(()) };
        if ancestor == category_id {
            return Err(CategoryError::Circle.into());
        }
        let category = work.read::<Category>(ancestor)?;
        if !category.is_open() {
            return Err(CategoryError::ParentNotFound { parent: ancestor }.into());
        }
        above = category.parent();
    }
    Err(CategoryError::TooDeep {
        max_depth: TREE_DEPTH_MAX,
    }
    .into())
}

/// A variant with the units that are there from the start.
#[derive(Debug, Clone)]
pub struct NewVariant {
    pub variant: Variant,
    pub quantity: u32,
}

/// A product is put on sale.
#[derive(Debug, Clone)]
pub struct AddProduct {
    pub product_id: ProductId,
    pub seller: Option<AccountId>,
    pub name: String,
    pub description: String,
    pub category: Option<CategoryId>,
    pub variants: Vec<NewVariant>,
    /// There is one unit of it, and who buys it becomes its owner.
    pub one_of_a_kind: bool,
    pub at: DateTime<Utc>,
}

pub fn add_product(work: &mut UnitOfWork, command: &AddProduct) -> Decision<()> {
    let product_id = command.product_id;
    check_category(work, command.category)?;
    let added = ProductAdded {
        product_id,
        seller: command.seller,
        name: command.name.clone(),
        description: command.description.clone(),
        category: command.category,
        variants: command.variants.iter().map(|new| new.variant.clone()).collect(),
        added_at: command.at,
    };
    work.handle::<Product>(product_id, ProductCommand::Add(added))?;
    if command.one_of_a_kind {
        if command.variants.iter().any(|new| new.quantity != 1) {
            return Err(ProductError::OneOfAKind.into());
        }
        work.handle::<Product>(product_id, ProductCommand::DeclareOneOfAKind)?;
    }
    work.require::<Stock>(command.variants.iter().map(|new| &new.variant.sku))?;
    command
        .variants
        .iter()
        .try_for_each(|new| list(work, product_id, new))
}

pub(crate) fn list(work: &mut UnitOfWork, product_id: ProductId, new: &NewVariant) -> Decision<()> {
    let sku = &new.variant.sku;
    work.claim(SKU_SCOPE, sku.as_str(), product_id);
    work.handle::<Stock>(
        sku,
        StockCommand::List {
            sku: sku.clone(),
            product_id,
        },
    )?;
    let receive = StockCommand::Receive {
        quantity: new.quantity,
        reason: "listed".to_owned(),
    };
    work.handle::<Stock>(sku, receive)
}

/// It is open, and so is all that is above it: nobody can see what is below a closed one.
pub(crate) fn check_category(work: &mut UnitOfWork, category: Option<CategoryId>) -> Decision<()> {
    let Some(category) = category else { return Ok(()) };
    let mut above = Some(category);
    // A tree that has grown deeper by moves is trusted above that: a circle would never end.
    for _ in 0..TREE_DEPTH_MAX {
        let Some(id) = above else { break };
        let ancestor = work.read::<Category>(id)?;
        if !ancestor.is_open() {
            return Err(ProductError::CategoryNotFound { category }.into());
        }
        above = ancestor.parent();
    }
    Ok(())
}

/// A product that this authority may act on; to anyone else it isn't there.
pub(crate) fn own_product(work: &mut UnitOfWork, product_id: ProductId, by: Authority) -> Decision<()> {
    let product = work.read::<Product>(product_id)?;
    if !product.exists() || !by.covers(product.seller()) {
        return Err(ProductError::NotFound.into());
    }
    supplies::keep_out(work, product_id, by)
}

/// Takes a product off sale, or puts it on sale again. The one unit of a one-of-a-kind that was bought, and so
/// has left the shelf, is back on it.
pub fn set_listed(work: &mut UnitOfWork, product_id: ProductId, by: Authority, listed: bool) -> Decision<()> {
    own_product(work, product_id, by)?;
    if !listed {
        return work.handle::<Product>(product_id, ProductCommand::Archive);
    }
    work.handle::<Product>(product_id, ProductCommand::Activate)?;
    let product = work.read::<Product>(product_id)?;
    let Some(sku) = product.skus().next().filter(|_| product.is_one_of_a_kind()) else {
        return Ok(());
    };
    if work.read::<Stock>(sku)?.on_hand() == 0 {
        let (quantity, reason) = (1, "listed by its new owner".to_owned());
        work.handle::<Stock>(sku, StockCommand::Receive { quantity, reason })?;
    }
    Ok(())
}

/// Takes each of these off sale, or puts it on sale again; what is refused keeps none of the others from it.
pub fn set_listed_each(
    work: &mut UnitOfWork,
    product_ids: &[ProductId],
    by: Authority,
    listed: bool,
) -> Decision<Vec<(ProductId, Result<(), DomainError>)>> {
    work.require::<Product>(product_ids)?;
    work.require::<SuppliedProduct>(product_ids)?;
    let mut results = Vec::with_capacity(product_ids.len());
    for product_id in product_ids {
        let result = match set_listed(work, *product_id, by, listed) {
            Ok(()) => Ok(()),
            Err(Halt::Refused(error)) => Err(error),
            Err(Halt::NotLoaded) => return Err(Halt::NotLoaded),
        };
        results.push((*product_id, result));
    }
    Ok(results)
}

/// Changes what people read of a product, and its prices; what is missing stays.
#[derive(Debug, Clone)]
pub struct EditProduct {
    pub product_id: ProductId,
    pub by: Authority,
    pub expected_version: Option<u64>,
    pub name: Option<String>,
    pub description: Option<String>,
    /// `Some(None)` takes it out of its category.
    pub category: Option<Option<CategoryId>>,
    pub prices: BTreeMap<Sku, Money>,
    pub add: Vec<NewVariant>,
    pub remove: Vec<Sku>,
    /// Whether it is on sale from now on.
    pub listed: Option<bool>,
}

pub fn edit_product(work: &mut UnitOfWork, command: &EditProduct) -> Decision<()> {
    let product_id = command.product_id;
    own_product(work, product_id, command.by)?;
    work.expect_version::<Product>(product_id, command.expected_version)?;
    if let Some(category) = command.category {
        check_category(work, category)?;
    }
    let before = work.read::<Product>(product_id)?.details().clone();
    let details = Details {
        name: command.name.clone().unwrap_or(before.name),
        description: command.description.clone().unwrap_or(before.description),
        category: command.category.unwrap_or(before.category),
    };
    work.handle::<Product>(product_id, ProductCommand::ChangeDetails(details))?;
    for (sku, price) in &command.prices {
        let change = ProductCommand::ChangePrice {
            sku: sku.clone(),
            price: *price,
        };
        work.handle::<Product>(product_id, change)?;
    }
    let product = work.read::<Product>(product_id)?;
    let (before, after) = removals(&product, &command.remove);
    for sku in before {
        unlist(work, product_id, sku)?;
    }
    for new in &command.add {
        work.handle::<Product>(product_id, ProductCommand::AddVariant(new.variant.clone()))?;
        list(work, product_id, new)?;
    }
    for sku in after {
        unlist(work, product_id, sku)?;
    }
    match command.listed {
        Some(listed) => set_listed(work, product_id, command.by, listed),
        None => Ok(()),
    }
}

/// Which variants go before the new ones come, so that these can have the same options; and which after, since a
/// product is never without one.
fn removals<'c>(product: &Product, skus: &'c [Sku]) -> (Vec<&'c Sku>, Vec<&'c Sku>) {
    let spare = product.skus().count().saturating_sub(1);
    let (here, not_yet): (Vec<_>, Vec<_>) = skus.iter().partition(|sku| product.has(sku));
    let (before, last) = here.split_at(here.len().min(spare));
    (before.to_vec(), last.iter().copied().chain(not_yet).collect())
}

fn unlist(work: &mut UnitOfWork, product_id: ProductId, sku: &Sku) -> Decision<()> {
    work.handle::<Product>(product_id, ProductCommand::RemoveVariant { sku: sku.clone() })?;
    work.release(SKU_SCOPE, sku.as_str(), product_id);
    Ok(())
}

pub fn remove_product(
    work: &mut UnitOfWork,
    product_id: ProductId,
    by: Authority,
    expected_version: Option<u64>,
) -> Decision<()> {
    own_product(work, product_id, by)?;
    work.expect_version::<Product>(product_id, expected_version)?;
    let product = work.read::<Product>(product_id)?;
    for sku in product.skus() {
        if product.is_one_of_a_kind() {
            // Its owner changes when the order is paid, and nobody can own what isn't there.
            let stock = work.read::<Stock>(sku)?;
            if stock.available() != stock.on_hand() {
                return Err(ProductError::BeingBought.into());
            }
        }
        work.release(SKU_SCOPE, sku.as_str(), product_id);
    }
    work.handle::<Product>(product_id, ProductCommand::Remove)
}

/// What happens to a shelf.
#[derive(Debug, Clone)]
pub enum StockChange {
    /// Units came in.
    Receive(u32),
    /// A count found more, or fewer, than was thought.
    Adjust(i64),
}

/// Units come in, or a count corrects the books.
#[derive(Debug, Clone)]
pub struct ChangeStock {
    pub product_id: ProductId,
    pub sku: Sku,
    pub by: Authority,
    pub change: StockChange,
    pub reason: String,
}

/// The shelf of a removed product can still be counted down, so that its SKUs can be sold by another.
pub fn change_stock(work: &mut UnitOfWork, command: &ChangeStock) -> Decision<()> {
    let product = work.read::<Product>(command.product_id)?;
    let counted_down = matches!(command.change, StockChange::Adjust(delta) if delta < 0);
    if !command.by.covers(product.seller()) || !(product.exists() || counted_down) {
        return Err(ProductError::NotFound.into());
    }
    if product.is_one_of_a_kind() && product.exists() {
        return Err(ProductError::OneOfAKind.into());
    }
    if work.read::<Stock>(&command.sku)?.product_id() != Some(command.product_id) {
        return Err(StockError::NotListed.into());
    }
    let reason = command.reason.clone();
    let change = match command.change {
        StockChange::Receive(quantity) => StockCommand::Receive { quantity, reason },
        StockChange::Adjust(delta) => StockCommand::Adjust { delta, reason },
    };
    work.handle::<Stock>(&command.sku, change)
}
