//! `POST /api/products`: something is put on sale.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::Authority;
use domain::catalogue::{self, AddProduct};
use domain::merchandise::{self, DescribeProduct};
use events::account::Role;
use events::ids::{AccountId, CategoryId, ProductId, Sku};
use events::money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::money::MoneyDto;
use web::position::Accepted;
use web::{Caller, Problem};

use crate::answer;
use crate::body::{VariantBody, check_variants};
use crate::commands::Commands;
use crate::deps::Terms;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, Forbidden, Rejected, Unauthenticated};
use crate::validation::Checks;

/// Either `price`, or `variants`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddProductBody {
    name: String,
    description: Option<String>,
    #[schema(value_type = Option<Uuid>)]
    category: Option<CategoryId>,
    /// Of a product in one form; made up, if missing.
    #[schema(value_type = Option<String>)]
    sku: Option<Sku>,
    /// Of a product in one form.
    price: Option<MoneyDto>,
    /// Of a product in one form: units on the shelf from the start.
    quantity: Option<u32>,
    /// There is one unit of it: who buys it becomes the owner of the product, and can list it again. Not for staff,
    /// whose products are the shop's.
    #[serde(default)]
    one_of_a_kind: bool,
    /// The forms in which the product comes; no two with the same options.
    variants: Option<Vec<VariantBody>>,
    /// What else there is to tell, such as a book's `author` and `isbn`. A search finds it.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct AddedProductAnswer {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    /// In the order of the variants.
    #[schema(value_type = Vec<String>)]
    skus: Vec<Sku>,
}

/// Adds a product
///
/// What staff add is the shop's own, what a customer or seller adds is theirs. 409 `sku_taken`, with the
/// `product_id` that has the SKU.
#[utoipa::path(
    post, path = "/api/products", tag = "products", security(("bearer" = [])),
    params(CommandHeaders), request_body = AddProductBody,
    responses((status = 201, body = AddedProductAnswer), Rejected, Unauthenticated, Forbidden, Conflict)
)]
#[tracing::instrument(name = "command.add_product", skip_all)]
pub async fn add_product(
    caller: Caller,
    State(commands): State<Commands>,
    State(terms): State<Terms>,
    incoming: Incoming<AddProductBody>,
) -> Result<Accepted<AddedProductAnswer>, ApiError> {
    let seller = if caller.is_staff() {
        None
    } else {
        if !caller.has(Role::Customer) {
            caller.require(Role::Seller)?;
        }
        Some(caller.account)
    };
    let context = commands.context(Some(caller.account), &incoming);
    let product_id = ProductId::generate();
    let mut body = incoming.body;
    let describe = DescribeProduct {
        product_id,
        by: seller.map_or(Authority::Staff, Authority::Account),
        expected_version: None,
        options: BTreeMap::new(),
        attributes: Some(std::mem::take(&mut body.attributes)),
    };
    let command = body.into_command(product_id, seller, terms.currency, context.now)?;
    let add = |work: &mut domain::UnitOfWork| {
        catalogue::add_product(work, &command)?;
        merchandise::describe_product(work, &describe)?;
        let skus = command
            .variants
            .iter()
            .map(|new| new.variant.sku.clone())
            .collect();
        Ok(AddedProductAnswer { product_id, skus })
    };
    let accepted = commands.execute(&context, add).await?;
    Ok(answer::created(accepted, |answer| {
        format!("/api/products/{}", answer.product_id)
    }))
}

impl AddProductBody {
    fn into_command(
        self,
        product_id: ProductId,
        seller: Option<AccountId>,
        currency: Currency,
        at: DateTime<Utc>,
    ) -> Result<AddProduct, Problem> {
        let mut checks = Checks::default();
        let one_form = self.variants.is_none();
        let price_field = |index| {
            if one_form {
                "price".to_owned()
            } else {
                format!("variants[{index}].price")
            }
        };
        let variants = match (self.variants, self.price) {
            (Some(variants), None) => {
                let alone = self.sku.is_none() && self.quantity.is_none();
                checks.require(
                    alone,
                    "variants",
                    "ambiguous",
                    "each variant has its own SKU and quantity",
                );
                variants
            }
            (None, Some(price)) => {
                let (sku, options, quantity) = (self.sku, BTreeMap::new(), self.quantity.unwrap_or(0));
                vec![VariantBody {
                    sku,
                    options,
                    price,
                    quantity,
                }]
            }
            (Some(_), Some(_)) => {
                checks.refuse("price", "ambiguous", "each variant has its own price");
                vec![]
            }
            (None, None) => {
                checks.refuse(
                    "price",
                    "missing",
                    "a product has a price, or variants that have one",
                );
                vec![]
            }
        };
        let variants = check_variants(&mut checks, price_field, variants, product_id.0, currency);
        checks.done()?;
        Ok(AddProduct {
            product_id,
            seller,
            name: self.name,
            description: self.description.unwrap_or_default(),
            category: self.category,
            variants,
            one_of_a_kind: self.one_of_a_kind,
            at,
        })
    }
}
