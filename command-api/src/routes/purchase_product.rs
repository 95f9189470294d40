//! `PUT` or `POST /api/products/{id}/purchase`: buy now, without a cart.

use axum::extract::State;
use domain::checkout::{self, Basket, PlaceOrder};
use domain::product::{Product, ProductError};
use events::account::Role;
use events::ids::{AttemptId, OrderId, PaymentId, ProductId, Sku};
use events::order::UNSPECIFIED_COUNTRY;
use serde::Deserialize;
use utoipa::ToSchema;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::body::{ContactBody, PaymentBody};
use crate::commands::Commands;
use crate::contact;
use crate::deps::Terms;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::only_sku;
use crate::personal_data::PersonalData;
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, Unauthenticated};
use crate::routes::place_order::OrderAnswer;
use crate::validation::Checks;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseBody {
    /// Needed if the product has several variants.
    #[schema(value_type = Option<String>)]
    sku: Option<Sku>,
    #[serde(default = "one")]
    quantity: u32,
    /// Out of the wallet, if missing.
    payment: Option<PaymentBody>,
    /// Where it goes, as a country's name or code; `Unspecified`, if missing.
    country: Option<String>,
    contact: Option<ContactBody>,
}

fn one() -> u32 {
    1
}

/// Buys a product
///
/// Stock is checked and taken in one step: 409 `out_of_stock` for who comes too late. Out of the wallet, the default, the money
/// is with the seller in that same step, less the shop's fee; so is the ownership of what is one of a kind with the
/// buyer, off sale until they list it. 409 `own_item`, `not_for_sale`, `wallet_not_covered`.
#[utoipa::path(
    method(put, post), path = "/api/products/{id}/purchase", tag = "products", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The product."), CommandHeaders), request_body = PurchaseBody,
    responses((status = 201, body = OrderAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.purchase_product", skip_all)]
pub async fn purchase_product(
    caller: Caller,
    Path(product_id): Path<ProductId>,
    State(commands): State<Commands>,
    State(personal_data): State<PersonalData>,
    State(terms): State<Terms>,
    incoming: Incoming<PurchaseBody>,
) -> Result<Accepted<OrderAnswer>, ApiError> {
    caller.require(Role::Customer)?;
    let context = commands.context(Some(caller.account), &incoming);
    let PurchaseBody {
        sku,
        quantity,
        payment,
        country,
        contact,
    } = incoming.body;
    let mut checks = Checks::default();
    let contact = contact.unwrap_or_default().check(&mut checks);
    checks.done()?;
    let (order_id, customer) = (OrderId::generate(), caller.account);
    let contact = contact::seal(
        &commands,
        &personal_data,
        &context,
        order_id,
        Some(customer),
        contact,
    )
    .await?;
    let template = PlaceOrder {
        order_id,
        payment_id: PaymentId::generate(),
        attempt_id: AttemptId::generate(),
        customer,
        basket: Basket::Cart,
        contact,
        country: country.unwrap_or_else(|| UNSPECIFIED_COUNTRY.to_owned()),
        method: payment.unwrap_or(PaymentBody::Wallet {}).into(),
        at: context.now,
        expires_at: context.now + terms.order_ttl,
        fee_bps: terms.fee_bps,
    };
    let place = |work: &mut domain::UnitOfWork| {
        if !work.read::<Product>(product_id)?.is_listed() {
            return Err(ProductError::NotFound.into());
        }
        let sku = only_sku::choose(work, product_id, sku.as_ref())?;
        let basket = Basket::Lines(vec![(sku, quantity)]);
        let command = PlaceOrder {
            basket,
            ..template.clone()
        };
        Ok(OrderAnswer::from(checkout::place_order(work, &command)?))
    };
    let accepted = commands.execute(&context, place).await;
    let accepted = accepted.map_err(|error| only_sku::explain(error, "sku"))?;
    Ok(answer::created(accepted, OrderAnswer::location))
}
