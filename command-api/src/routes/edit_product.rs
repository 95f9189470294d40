//! `PATCH /api/products/{id}`: what people read of a product, its prices, its variants.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::catalogue::{self, EditProduct};
use domain::merchandise::{self, DescribeProduct};
use events::ids::{CategoryId, ProductId, Sku};
use events::money::{Currency, Money};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::etag::IfMatch;
use web::money::MoneyDto;
use web::position::Accepted;
use web::{Caller, Path, Problem};

use crate::answer;
use crate::body::{ProductAnswer, VariantBody, check_variants, given};
use crate::commands::Commands;
use crate::deps::Terms;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::only_sku;
use crate::problems::{CommandHeaders, Conflict, EditHeaders, NotFound, Outdated, Rejected, Unauthenticated};
use crate::validation::Checks;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditProductBody {
    name: Option<String>,
    description: Option<String>,
    /// `null` takes it out of its category.
    #[serde(default, deserialize_with = "given")]
    #[expect(clippy::option_option, reason = "a missing field and null differ")]
    #[schema(value_type = Option<Uuid>)]
    category: Option<Option<CategoryId>>,
    /// For a product in one form.
    price: Option<MoneyDto>,
    /// Per SKU.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, MoneyDto>)]
    prices: BTreeMap<Sku, MoneyDto>,
    #[serde(default)]
    add_variants: Vec<VariantBody>,
    /// SKUs.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    remove_variants: Vec<Sku>,
    /// Per SKU, all its options. Two variants can swap theirs.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, BTreeMap<String, String>>)]
    options: BTreeMap<Sku, BTreeMap<String, String>>,
    /// What else there is to tell, such as a book's `author` and `isbn`: all of it. A search finds it.
    attributes: Option<BTreeMap<String, String>>,
    /// `archived` takes it off sale, `active` puts it on sale again.
    status: Option<Listing>,
}

/// Whether a product is on sale.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Listing {
    Active,
    Archived,
}

/// Edits a product
///
/// What is missing stays. Sellers edit their own; to anyone else a product isn't there. 409
/// `sku_taken`, with the `product_id` that has the SKU, and `last_variant`; 422 `variant_options_duplicate` if two variants
/// would have the same options.
#[utoipa::path(
    patch, path = "/api/products/{id}", tag = "products", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The product."), CommandHeaders, EditHeaders),
    request_body = EditProductBody,
    responses((status = 200, body = ProductAnswer), Rejected, Unauthenticated, NotFound, Conflict, Outdated)
)]
#[tracing::instrument(name = "command.edit_product", skip_all)]
pub async fn edit_product(
    caller: Caller,
    if_match: IfMatch,
    Path(product_id): Path<ProductId>,
    State(commands): State<Commands>,
    State(terms): State<Terms>,
    incoming: Incoming<EditProductBody>,
) -> Result<Accepted<ProductAnswer>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let mut body = incoming.body;
    let describe = DescribeProduct {
        product_id,
        by: super::authority(&caller),
        expected_version: if_match.expected_version(),
        options: std::mem::take(&mut body.options),
        attributes: body.attributes.take(),
    };
    let (price, command) = body.into_command(&caller, product_id, if_match, terms.currency)?;
    let edit = |work: &mut domain::UnitOfWork| {
        let mut command = command.clone();
        if let Some(price) = price {
            command
                .prices
                .insert(only_sku::choose(work, product_id, None)?, price);
        }
        merchandise::describe_product(work, &describe)?;
        catalogue::edit_product(work, &command)?;
        Ok(ProductAnswer { product_id })
    };
    let accepted = commands.execute(&context, edit).await;
    Ok(answer::ok(
        accepted.map_err(|error| only_sku::explain(error, "price"))?,
    ))
}

impl EditProductBody {
    /// The command, and the price for whichever SKU is the product's only one.
    fn into_command(
        self,
        caller: &Caller,
        product_id: ProductId,
        if_match: IfMatch,
        currency: Currency,
    ) -> Result<(Option<Money>, EditProduct), Problem> {
        let mut checks = Checks::default();
        let price = self.price.map(|price| checks.money("price", price, currency));
        let mut prices = BTreeMap::new();
        for (sku, price) in self.prices {
            let price = checks.money(&format!("prices.{sku}"), price, currency);
            prices.insert(sku, price);
        }
        // A seed of its own: the product's has named its first variants.
        let seed = Uuid::now_v7();
        let price_field = |index| format!("add_variants[{index}].price");
        let add = check_variants(&mut checks, price_field, self.add_variants, seed, currency);
        checks.done()?;
        let command = EditProduct {
            product_id,
            by: super::authority(caller),
            expected_version: if_match.expected_version(),
            name: self.name,
            description: self.description,
            category: self.category,
            prices,
            add,
            remove: self.remove_variants,
            listed: self.status.map(|status| status == Listing::Active),
        };
        Ok((price, command))
    }
}
