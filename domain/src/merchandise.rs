//! Use cases of what tells goods apart: the options of a product's variants, and its attributes. What it costs, and
//! where in the catalogue it stands, is `catalogue`'s.

use std::collections::BTreeMap;

use events::ids::{ProductId, Sku};

use crate::authority::Authority;
use crate::catalogue::own_product;
use crate::product::{Product, ProductCommand};
use crate::unit_of_work::{Decision, UnitOfWork};

/// Changes what is told of a product beside its name; what is missing stays.
#[derive(Debug, Clone)]
pub struct DescribeProduct {
    pub product_id: ProductId,
    pub by: Authority,
    pub expected_version: Option<u64>,
    /// Of each of these SKUs, all its options.
    pub options: BTreeMap<Sku, BTreeMap<String, String>>,
    /// All of them.
    pub attributes: Option<BTreeMap<String, String>>,
}

pub fn describe_product(work: &mut UnitOfWork, command: &DescribeProduct) -> Decision<()> {
    let product_id = command.product_id;
    own_product(work, product_id, command.by)?;
    work.expect_version::<Product>(product_id, command.expected_version)?;
    if !command.options.is_empty() {
        let change = ProductCommand::ChangeOptions(command.options.clone());
        work.handle::<Product>(product_id, change)?;
    }
    match &command.attributes {
        Some(attributes) => {
            let change = ProductCommand::ChangeAttributes(attributes.clone());
            work.handle::<Product>(product_id, change)
        }
        None => Ok(()),
    }
}
