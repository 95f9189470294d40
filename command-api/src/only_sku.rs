//! The SKU of a product that comes in one form, for commands that may then leave it out.

use domain::product::{Product, ProductError};
use domain::{Decision, DomainError, UnitOfWork};
use events::ids::{ProductId, Sku};
use executor::ExecuteError;
use web::Problem;
use web::problem::FieldError;

use crate::errors::ApiError;

/// How the decision says that the SKU can't be left out; [`explain`] puts it into words.
const SEVERAL: ProductError = ProductError::VariantCount { max: 1 };

/// The SKU that was given, if this product has it, or else its only one.
pub fn choose(work: &mut UnitOfWork, product_id: ProductId, given: Option<&Sku>) -> Decision<Sku> {
    let product = work.read::<Product>(product_id)?;
    if !product.exists() {
        return Err(ProductError::NotFound.into());
    }
    if let Some(sku) = given {
        if !product.has(sku) {
            return Err(ProductError::UnknownSku { sku: sku.clone() }.into());
        }
        return Ok(sku.clone());
    }
    let mut skus = product.skus();
    match (skus.next(), skus.next()) {
        (Some(sku), None) => Ok(sku.clone()),
        _ => Err(SEVERAL.into()),
    }
}

/// Says which field of the request tells the variants apart.
pub fn explain(error: ExecuteError, field: &str) -> ApiError {
    match error {
        ExecuteError::Refused(DomainError::Product(SEVERAL)) => {
            let message = "this product has several variants; say which SKU";
            Problem::unprocessable(vec![FieldError::new(field, "sku_missing", message)]).into()
        }
        error => error.into(),
    }
}
