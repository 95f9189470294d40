//! `PUT /api/cart/items/{sku}`: something goes into the cart, or more or less of it.

use axum::extract::State;
use domain::cart::CartError;
use domain::checkout::{self, SetCartItem};
use domain::{DomainError, guest_carts};
use events::account::Role;
use events::ids::Sku;
use executor::ExecuteError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::cart_token::{CartToken, CartTokenNews, OptionalCartToken};
use web::position::Accepted;
use web::{Caller, OptionalCaller, Path};

use crate::answer;
use crate::clients::Client;
use crate::commands::Commands;
use crate::deps::Cookies;
use crate::errors::ApiError;
use crate::guest_cart::{self, CartTokenHeader};
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, TooMany, Unauthenticated};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCartItemBody {
    /// At least 1, whatever the cart held before.
    #[schema(minimum = 1)]
    quantity: u32,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct CartItemAnswer {
    #[schema(value_type = String)]
    sku: Sku,
    quantity: u32,
}

/// Sets a cart's item
///
/// 409 `not_for_sale`, `cart_full`. The cart promises nothing: stock is taken when the order is placed.
///
/// Who isn't logged in fills a guest's cart. The first item begins one, for 30 days, and the answer has its token in the
/// header `Tillstream-Cart-Token` and, for browsers, in the cookie `tillstream_cart`. A token that is spent or expired
/// counts as none. One address begins a bounded number of carts in a quarter of an hour. The idempotency key of the first item isn't kept, since the answer is a secret.
#[utoipa::path(
    put, path = "/api/cart/items/{sku}", tag = "cart", security((), ("bearer" = [])),
    params(("sku" = String, Path, description = "The SKU."), CommandHeaders, CartTokenHeader),
    request_body = SetCartItemBody,
    responses((status = 200, body = CartItemAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict, TooMany)
)]
#[tracing::instrument(name = "command.set_cart_item", skip_all)]
pub async fn set_cart_item(
    OptionalCaller(caller): OptionalCaller,
    OptionalCartToken(token): OptionalCartToken,
    client: Client,
    Path(sku): Path<Sku>,
    State(commands): State<Commands>,
    State(cookies): State<Cookies>,
    incoming: Incoming<SetCartItemBody>,
) -> Result<(Option<CartTokenNews>, Accepted<CartItemAnswer>), ApiError> {
    if let Some(caller) = caller {
        return Ok((None, in_own_cart(&caller, sku, &commands, &incoming).await?));
    }
    if let Some(token) = token {
        match in_guest_cart(token, &sku, &commands, &incoming).await {
            Err(ExecuteError::Refused(DomainError::Cart(CartError::GuestCartOver))) => {}
            result => return Ok((None, result?)),
        }
    }
    in_new_cart(sku, &commands, cookies, &client, incoming).await
}

async fn in_own_cart(
    caller: &Caller,
    sku: Sku,
    commands: &Commands,
    incoming: &Incoming<SetCartItemBody>,
) -> Result<Accepted<CartItemAnswer>, ApiError> {
    caller.require(Role::Customer)?;
    let context = commands.context(Some(caller.account), incoming);
    let command = SetCartItem {
        account_id: caller.account,
        sku,
        quantity: incoming.body.quantity,
    };
    let set = |work: &mut domain::UnitOfWork| {
        checkout::set_cart_item(work, &command)?;
        let SetCartItem { sku, quantity, .. } = command.clone();
        Ok(CartItemAnswer { sku, quantity })
    };
    Ok(answer::ok(commands.execute(&context, set).await?))
}

async fn in_guest_cart(
    token: CartToken,
    sku: &Sku,
    commands: &Commands,
    incoming: &Incoming<SetCartItemBody>,
) -> Result<Accepted<CartItemAnswer>, ExecuteError> {
    let context = commands.guest_context(token.cart_id, incoming);
    let guest = guest_cart::guest(token, context.now);
    let quantity = incoming.body.quantity;
    let set = |work: &mut domain::UnitOfWork| {
        guest_carts::set_item(work, &guest, sku, quantity)?;
        let sku = sku.clone();
        Ok(CartItemAnswer { sku, quantity })
    };
    Ok(answer::ok(commands.execute(&context, set).await?))
}

async fn in_new_cart(
    sku: Sku,
    commands: &Commands,
    cookies: Cookies,
    client: &Client,
    incoming: Incoming<SetCartItemBody>,
) -> Result<(Option<CartTokenNews>, Accepted<CartItemAnswer>), ApiError> {
    let incoming = incoming.keyless();
    let context = commands.context(None, &incoming);
    client.begins_cart(context.now)?;
    let (started, news) = guest_cart::issue(cookies, context.now)?;
    let quantity = incoming.body.quantity;
    let start = |work: &mut domain::UnitOfWork| {
        guest_carts::start(work, &started, &sku, quantity)?;
        let sku = sku.clone();
        Ok(CartItemAnswer { sku, quantity })
    };
    let accepted = commands.execute(&context, start).await?;
    Ok((Some(news), answer::ok(accepted)))
}
