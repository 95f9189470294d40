//! Products as an inventory system knows them: each is added, or brought to what the system says. Many of them in one
//! decision; one that is refused keeps none of the others from it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use events::ids::{AccountId, CategoryId, ProductId, Sku};
use events::product::Variant;

use crate::authority::Authority;
use crate::catalogue::{self, AddProduct, NewVariant};
use crate::category::Category;
use crate::part::Part;
use crate::product::{Details, Product, ProductCommand, ProductError};
use crate::refusal::DomainError;
use crate::stock::{Stock, StockCommand};
use crate::supplies;
use crate::supply::SuppliedProduct;
use crate::unit_of_work::{Decision, UnitOfWork};

/// What a quantity means for a shelf that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restock {
    /// So many can be bought from now on: a count.
    Set,
    /// So many came in: a delivery.
    Add,
}

/// A variant as the system has it.
#[derive(Debug, Clone)]
pub struct PutVariant {
    /// Empty options say nothing.
    pub variant: Variant,
    /// `None` says nothing.
    pub quantity: Option<u32>,
}

/// A product as the system has it, known by its SKUs. What is empty says nothing, and variants that aren't listed stay.
#[derive(Debug, Clone)]
pub struct PutProduct {
    /// Its id, should it be new.
    pub new_id: ProductId,
    /// Its owner, should it be new.
    pub seller: Option<AccountId>,
    pub by: Authority,
    pub name: String,
    pub description: String,
    pub category: Option<CategoryId>,
    /// Those that aren't named stay as they are.
    pub attributes: BTreeMap<String, String>,
    /// At least one.
    pub variants: Vec<PutVariant>,
    pub restock: Restock,
    pub at: DateTime<Utc>,
}

/// The product, and whether it is a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    pub product_id: ProductId,
    pub is_new: bool,
}

/// What came of one product.
pub type PutResult = Result<Part<Put>, DomainError>;

/// Puts all of these; in a rehearsal it tells what would come of each by itself, and nothing happens.
pub fn put_products(
    work: &mut UnitOfWork,
    commands: &[PutProduct],
    is_rehearsal: bool,
) -> Decision<Vec<PutResult>> {
    fetch(work, commands)?;
    commands
        .iter()
        .map(|command| {
            if is_rehearsal {
                work.rehearse(|part| put_product(part, command))
            } else {
                work.attempt(|part| put_product(part, command))
            }
        })
        .collect()
}

/// All that they need in two steps, however many they are.
fn fetch(work: &mut UnitOfWork, commands: &[PutProduct]) -> Decision<()> {
    let skus: Vec<&Sku> = commands.iter().flat_map(skus_of).collect();
    work.require::<Stock>(&skus)?;
    let mut products: BTreeSet<ProductId> = commands.iter().map(|command| command.new_id).collect();
    for sku in skus {
        products.extend(work.read::<Stock>(sku)?.product_id());
    }
    let categories: BTreeSet<CategoryId> = commands.iter().filter_map(|command| command.category).collect();
    let fetched = work.require::<Category>(categories);
    let fetched = work.require::<SuppliedProduct>(&products).and(fetched);
    work.require::<Product>(products).and(fetched)
}

fn skus_of(command: &PutProduct) -> impl Iterator<Item = &Sku> {
    command.variants.iter().map(|put| &put.variant.sku)
}

pub fn put_product(work: &mut UnitOfWork, command: &PutProduct) -> Decision<Put> {
    let Some(product_id) = find(work, command)? else {
        add(work, command)?;
        put_attributes(work, command.new_id, command)?;
        return Ok(Put {
            product_id: command.new_id,
            is_new: true,
        });
    };
    let before = work.read::<Product>(product_id)?;
    update(work, product_id, command)?;
    put_attributes(work, product_id, command)?;
    // What is on the shelf is the branch's own; a file that says of the product what is known says nothing against it.
    if *work.read::<Product>(product_id)? != *before {
        supplies::keep_out(work, product_id, command.by)?;
    }
    Ok(Put {
        product_id,
        is_new: false,
    })
}

/// The one product that sells any of the SKUs, if the authority may act on it.
fn find(work: &mut UnitOfWork, command: &PutProduct) -> Decision<Option<ProductId>> {
    let mut found: Option<(ProductId, &Sku)> = None;
    for sku in skus_of(command) {
        let Some(product_id) = work.read::<Stock>(sku)?.product_id() else {
            continue;
        };
        let product = work.read::<Product>(product_id)?;
        if !product.has(sku) {
            continue; // it was sold there once
        }
        if !command.by.covers(product.seller()) {
            return Err(ProductError::SoldByAnother { sku: sku.clone() }.into());
        }
        match found {
            Some((other_id, other)) if other_id != product_id => {
                let (sku, other) = (sku.clone(), other.clone());
                return Err(ProductError::SeveralProducts { sku, other }.into());
            }
            _ => found = Some((product_id, sku)),
        }
    }
    Ok(found.map(|(product_id, _)| product_id))
}

fn add(work: &mut UnitOfWork, command: &PutProduct) -> Decision<()> {
    let variants = command.variants.iter().map(new_variant).collect();
    catalogue::add_product(
        work,
        &AddProduct {
            product_id: command.new_id,
            seller: command.seller,
            name: command.name.clone(),
            description: command.description.clone(),
            category: command.category,
            variants,
            one_of_a_kind: false,
            at: command.at,
        },
    )
}

fn new_variant(put: &PutVariant) -> NewVariant {
    NewVariant {
        variant: put.variant.clone(),
        quantity: put.quantity.unwrap_or(0),
    }
}

fn update(work: &mut UnitOfWork, product_id: ProductId, command: &PutProduct) -> Decision<()> {
    let product = work.read::<Product>(product_id)?;
    let before = product.details().clone();
    let or_before = |new: &String, before: String| if new.is_empty() { before } else { new.clone() };
    let category = command.category.or(before.category);
    if category != before.category {
        catalogue::check_category(work, category)?;
    }
    let details = Details {
        name: or_before(&command.name, before.name),
        description: or_before(&command.description, before.description),
        category,
    };
    work.handle::<Product>(product_id, ProductCommand::ChangeDetails(details))?;
    for put in &command.variants {
        if let Some(known) = product.variant(&put.variant.sku) {
            update_variant(work, product_id, known, put, command.restock)?;
        } else {
            work.handle::<Product>(product_id, ProductCommand::AddVariant(put.variant.clone()))?;
            catalogue::list(work, product_id, &new_variant(put))?;
        }
    }
    Ok(())
}

fn put_attributes(work: &mut UnitOfWork, product_id: ProductId, command: &PutProduct) -> Decision<()> {
    if command.attributes.is_empty() {
        return Ok(());
    }
    let mut attributes = work.read::<Product>(product_id)?.attributes().clone();
    attributes.extend(command.attributes.clone());
    work.handle::<Product>(product_id, ProductCommand::ChangeAttributes(attributes))
}

fn update_variant(
    work: &mut UnitOfWork,
    product_id: ProductId,
    known: &Variant,
    put: &PutVariant,
    restock: Restock,
) -> Decision<()> {
    let Variant { sku, options, price } = put.variant.clone();
    if !options.is_empty() && options != known.options {
        return Err(ProductError::OptionsFixed { sku }.into());
    }
    let change = ProductCommand::ChangePrice {
        sku: sku.clone(),
        price,
    };
    work.handle::<Product>(product_id, change)?;
    let Some(quantity) = put.quantity else {
        return Ok(());
    };
    let available = work.read::<Stock>(&sku)?.available();
    let reason = "upload".to_owned();
    let change = match restock {
        // Proof: a shelf holds at most a thousand million.
        Restock::Set if u64::from(quantity) != available => StockCommand::Adjust {
            delta: i64::from(quantity) - i64::try_from(available).unwrap_or(i64::MAX),
            reason,
        },
        Restock::Add if quantity > 0 => StockCommand::Receive { quantity, reason },
        Restock::Set | Restock::Add => return Ok(()),
    };
    if work.read::<Product>(product_id)?.is_one_of_a_kind() {
        return Err(ProductError::OneOfAKind.into());
    }
    work.handle::<Stock>(&sku, change)
}
