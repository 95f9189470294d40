//! `GET /api/wishlist`: what the caller wishes for, as the catalogue has it now.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use events::ids::ProductId;
use events::money::Money;
use read_models::ViewName;
use read_models::products::{ProductDocument, ProductStatus};
use read_models::query::wishlists::{self, Wish};
use read_models::ratings::AverageRating;
use serde::Serialize;
use utoipa::ToSchema;
use web::money::MoneyDto;
use web::paging::{Page, decode_cursor};
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::{Denied, PageParams, QueryHeaders, Unanswered};
use crate::answer;
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};

const VIEWS: &[ViewName] = &[ViewName::Wishlists, ViewName::Products];

/// A product on a wishlist. What the catalogue says of it is null when it is gone.
#[derive(Serialize, ToSchema)]
pub struct WishlistItem {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    added_at: DateTime<Utc>,
    name: Option<String>,
    /// Of the cheapest variant.
    #[schema(value_type = Option<MoneyDto>)]
    price: Option<Money>,
    /// Units that could be bought, over all variants.
    available: i64,
    /// In stars; null without a review.
    #[schema(value_type = Option<f64>)]
    average_rating: Option<AverageRating>,
}

/// The caller's wishlist, the latest added first
#[utoipa::path(
    get, path = "/api/wishlist", tag = "wishlist", security(("bearer" = [])),
    params(PageParams, QueryHeaders),
    responses((status = 200, body = Page<WishlistItem>), Unanswered, Denied)
)]
pub async fn own(
    caller: Caller,
    Query(params): Query<PageParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let before = params.cursor.as_deref().map(decode_cursor).transpose()?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let limit = params.limit.with_lookahead();
    let found = wishlists::wishes(snapshot.conn(), caller.account, before, limit).await;
    drop(snapshot);
    let page = Page::cut(found.map_err(store_failed)?, params.limit, |wish| {
        wish.item.position
    });
    answer::private(&headers, position, &page.map(item))
}

fn item(Wish { item, product }: Wish) -> WishlistItem {
    let product = product.filter(|product| product.status == ProductStatus::Active);
    let variants = product.as_ref().map_or(&[][..], |product| &product.variants);
    WishlistItem {
        product_id: item.product_id,
        added_at: item.added_at,
        price: variants
            .iter()
            .map(|variant| variant.price)
            .min_by_key(Money::amount_minor),
        available: variants.iter().map(|variant| variant.available).sum(),
        average_rating: product.as_ref().and_then(|product| product.average_rating),
        name: product.map(|product: ProductDocument| product.name),
    }
}
