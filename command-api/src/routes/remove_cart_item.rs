//! `DELETE /api/cart/items/{sku}`: something goes out of the cart.

use axum::extract::State;
use domain::cart::CartError;
use domain::{DomainError, checkout, guest_carts};
use events::account::Role;
use events::ids::Sku;
use executor::ExecuteError;
use web::cart_token::{CartToken, OptionalCartToken};
use web::position::Accepted;
use web::{OptionalCaller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::guest_cart::{self, CartTokenHeader};
use crate::incoming::{Incoming, NoFields};
use crate::problems::{CommandHeaders, Forbidden, NotFound, Rejected, Unauthenticated};

/// Removes a cart's item
///
/// Removing what isn't in it changes nothing. Who isn't logged in has the cart of their token, or none.
#[utoipa::path(
    delete, path = "/api/cart/items/{sku}", tag = "cart", security((), ("bearer" = [])),
    params(("sku" = String, Path, description = "The SKU."), CommandHeaders, CartTokenHeader),
    responses((status = 204), Rejected, Unauthenticated, Forbidden, NotFound)
)]
#[tracing::instrument(name = "command.remove_cart_item", skip_all)]
pub async fn remove_cart_item(
    OptionalCaller(caller): OptionalCaller,
    OptionalCartToken(token): OptionalCartToken,
    Path(sku): Path<Sku>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<()>, ApiError> {
    let Some(caller) = caller else {
        return out_of_guest_cart(token, &sku, &commands, &incoming).await;
    };
    caller.require(Role::Customer)?;
    let context = commands.context(Some(caller.account), &incoming);
    let remove = |work: &mut domain::UnitOfWork| checkout::remove_cart_item(work, caller.account, &sku);
    Ok(answer::no_content(commands.execute(&context, remove).await?))
}

async fn out_of_guest_cart(
    token: Option<CartToken>,
    sku: &Sku,
    commands: &Commands,
    incoming: &Incoming<NoFields>,
) -> Result<Accepted<()>, ApiError> {
    if let Some(token) = token {
        let context = commands.guest_context(token.cart_id, incoming);
        let guest = guest_cart::guest(token, context.now);
        let remove = |work: &mut domain::UnitOfWork| guest_carts::remove_item(work, &guest, sku);
        match commands.execute(&context, remove).await {
            Err(ExecuteError::Refused(DomainError::Cart(CartError::GuestCartOver))) => {}
            result => return Ok(answer::no_content(result?)),
        }
    }
    // There is no cart for it to be in.
    let context = commands.system_context();
    Ok(answer::no_content(commands.execute(&context, |_| Ok(())).await?))
}
