//! `GET /api/cart`: the caller's cart, or a guest's, at the prices of now.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use events::ids::{ProductId, Sku};
use events::money::{Currency, Money};
use read_models::ViewName;
use read_models::carts::CartItem;
use read_models::products::{ProductDocument, ProductStatus};
use read_models::query::carts::{self, PricedCart};
use serde::Serialize;
use utoipa::{IntoParams, IntoResponses, ToSchema};
use web::cart_token::OptionalCartToken;
use web::money::MoneyDto;
use web::position::MinPosition;
use web::{OptionalCaller, Problem};

use super::{QueryHeaders, Unanswered};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::{Terms, answer};

const VIEWS: &[ViewName] = &[ViewName::Carts, ViewName::GuestCarts, ViewName::Products];

/// A cart. It promises nothing: prices and stock are those of the moment in which the order is placed.
#[derive(Serialize, ToSchema)]
pub struct CartAnswer {
    items: Vec<CartLine>,
    /// What the items that can be bought come to, in the shop's currency: those of another stand in their lines only.
    #[schema(value_type = MoneyDto)]
    total: Money,
}

#[derive(Serialize, ToSchema)]
pub struct CartLine {
    #[schema(value_type = String)]
    sku: Sku,
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    /// Null when the product is gone.
    name: Option<String>,
    quantity: u32,
    #[schema(value_type = Option<MoneyDto>)]
    unit_price: Option<Money>,
    /// Null, too, when it is more than any amount can be.
    #[schema(value_type = Option<MoneyDto>)]
    subtotal: Option<Money>,
    /// Units that could be bought.
    available: i64,
}

/// The header by which a guest's cart is found, where there is no cookie.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "for the documentation; the extractor reads the header")]
struct CartTokenHeader {
    /// A guest's: the token that the first `PUT /api/cart/items/{sku}` was answered with. Browsers have it in the cookie
    /// `tillstream_cart`.
    #[param(rename = "Tillstream-Cart-Token")]
    cart_token: Option<String>,
}

/// Why somebody who says that they are logged in isn't.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "for the documentation; problems are made in `web`")]
enum WrongToken {
    /// The access token isn't good: `token_expired`, `token_invalid`.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(web::problem::ProblemDocument),
}

/// The caller's cart
///
/// Who isn't logged in has the cart of their token; without one, or with one that is spent or expired, an empty one.
#[utoipa::path(
    get, path = "/api/cart", tag = "cart", security((), ("bearer" = [])), params(QueryHeaders, CartTokenHeader),
    responses((status = 200, body = CartAnswer), Unanswered, WrongToken)
)]
pub async fn own(
    OptionalCaller(caller): OptionalCaller,
    OptionalCartToken(token): OptionalCartToken,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(terms): State<Terms>,
) -> Result<Response, Problem> {
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let cart = match (caller, token) {
        (Some(caller), _) => carts::cart(snapshot.conn(), caller.account).await,
        (None, Some(token)) => carts::guest_cart(snapshot.conn(), token.cart_id, &token.hash).await,
        (None, None) => Ok(None),
    };
    let cart = cart.map_err(store_failed)?;
    drop(snapshot);
    let cart = cart.map_or_else(|| empty(terms.currency), |cart| priced(cart, terms.currency));
    answer::private(&headers, position, &cart)
}

fn empty(currency: Currency) -> CartAnswer {
    CartAnswer {
        items: vec![],
        total: Money::zero(currency),
    }
}

fn priced(PricedCart { items, products }: PricedCart, currency: Currency) -> CartAnswer {
    let mut answer = empty(currency);
    for item in items {
        let product = products
            .get(&item.product_id)
            .filter(|product| product.status == ProductStatus::Active);
        let line = line(item, product);
        if let Some(subtotal) = line.subtotal {
            // Prices of another currency than the shop's stand in their lines only.
            answer.total = answer.total.checked_add(subtotal).unwrap_or(answer.total);
        }
        answer.items.push(line);
    }
    answer
}

fn line(item: CartItem, product: Option<&ProductDocument>) -> CartLine {
    let variant = product.and_then(|product| product.variants.iter().find(|variant| variant.sku == item.sku));
    let unit_price = variant.map(|variant| variant.price);
    CartLine {
        sku: item.sku,
        product_id: item.product_id,
        name: product.map(|product| product.name.clone()),
        quantity: item.quantity,
        unit_price,
        // More than can be counted is more than can be ordered.
        subtotal: unit_price.and_then(|price| price.checked_mul(item.quantity).ok()),
        available: variant.map_or(0, |variant| variant.available),
    }
}
