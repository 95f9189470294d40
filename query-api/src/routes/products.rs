//! `GET /api/products`: the catalogue. Lists and details are finished documents out of the cache wherever it has them.

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use events::ids::{AccountId, ProductId};
use events::money::{Currency, Money};
use read_models::ViewName;
use read_models::query::products::{PriceRange, ProductFilter, ProductOrder, ProductPlace};
use read_models::query::{history, products};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::IntoParams;
use web::paging::{Limit, Page, decode_cursor, invalid_cursor};
use web::params::parse_query;
use web::position::MinPosition;
use web::problem::FieldError;
use web::{Caller, Path, Problem, Query};

use super::{Denied, Missing, PageParams, QueryHeaders, Unanswered};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::schema::{HistoryItem, Product};
use crate::{Terms, answer};

/// A list depends on the tree of categories, too.
const LIST_VIEWS: &[ViewName] = &[ViewName::Products, ViewName::Categories];
const VIEWS: &[ViewName] = &[ViewName::Products];
/// Longer queries are answered, and not kept: nobody asks the same long question often.
const CACHED_QUERY_MAX_CHARS: usize = 300;
/// As long as a search may be; more words find nothing more.
const SEARCH_MAX_CHARS: usize = 200;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Words to find in name, description and SKUs; the last may be the beginning of one.
    q: Option<String>,
    /// A category's id or slug; what is below it counts, too.
    category: Option<String>,
    #[param(value_type = Option<Uuid>)]
    seller: Option<AccountId>,
    /// In the shop's currency, such as `9.99`.
    min_price: Option<String>,
    max_price: Option<String>,
    in_stock: Option<bool>,
    /// `newest`, `price`, `-price`, `name`, `rating` (the best first) or `relevance`; by default relevance for a search, else newest.
    #[param(value_type = Option<String>)]
    sort: Option<ProductOrder>,
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
    cursor: Option<String>,
}

impl ListParams {
    fn filter(&self, currency: Currency) -> Result<ProductFilter, Problem> {
        let text = self.q.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if text.is_some_and(|text| text.chars().count() > SEARCH_MAX_CHARS) {
            let too_long = format!("a search has at most {SEARCH_MAX_CHARS} characters");
            return Err(invalid("q", "too_long", too_long));
        }
        let price = |name: &'static str, text: &Option<String>| match text {
            Some(text) => Money::parse(text, currency)
                .map(|money| Some(money.amount_minor()))
                .map_err(|error| invalid(name, "amount_invalid", error.to_string())),
            None => Ok(None),
        };
        let (min_minor, max_minor) = (
            price("min_price", &self.min_price)?,
            price("max_price", &self.max_price)?,
        );
        let bounded = min_minor.is_some() || max_minor.is_some();
        Ok(ProductFilter {
            text: text.map(str::to_owned),
            category: self.category.clone(),
            seller: self.seller,
            price: bounded.then_some(PriceRange {
                currency,
                min_minor,
                max_minor,
            }),
            in_stock: self.in_stock,
        })
    }
}

fn invalid(field: &'static str, code: &'static str, message: String) -> Problem {
    Problem::bad_request("invalid_parameter", &message)
        .with_errors(vec![FieldError::new(field, code, message)])
}

/// A page of finished documents.
#[derive(Serialize)]
struct RawPage {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

/// Products
///
/// Everything that is given must be met.
#[utoipa::path(
    get, path = "/api/products", tag = "products", params(ListParams, QueryHeaders),
    responses((status = 200, body = Page<Product>), Unanswered)
)]
pub async fn list(
    RawQuery(query): RawQuery,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(terms): State<Terms>,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    if let Some(page) = reads.cache().page(&query, min.0).await {
        return Ok(answer::finished(&headers, page.position, page.document));
    }
    let params: ListParams = parse_query(&query)?;
    let filter = params.filter(terms.currency)?;
    let default = if filter.text.is_some() {
        ProductOrder::Relevance
    } else {
        ProductOrder::Newest
    };
    let order = products::effective(&filter, params.sort.unwrap_or(default));
    let after: Option<ProductPlace> = params.cursor.as_deref().map(decode_cursor).transpose()?;
    if after.as_ref().is_some_and(|place| place.order() != order) {
        return Err(invalid_cursor());
    }
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(LIST_VIEWS, min).await?;
    let limit = params.limit.with_lookahead();
    let found = products::products(snapshot.conn(), &filter, order, after.as_ref(), limit).await;
    drop(snapshot);
    let page = Page::cut(found.map_err(store_failed)?, params.limit, |listed| {
        listed.place.clone()
    });
    let raw = page
        .items
        .into_iter()
        .map(|listed| RawValue::from_string(listed.document));
    let items = raw.collect::<Result<_, _>>().map_err(Problem::internal)?;
    let page = answer::finish(&RawPage {
        items,
        next_cursor: page.next_cursor,
    })?;
    // A category that moves changes which products a list of it has, and isn't told to the cache.
    if query.len() <= CACHED_QUERY_MAX_CHARS && filter.category.is_none() {
        reads.cache().fill_page(query, page.clone(), position);
    }
    Ok(answer::finished(&headers, position, page))
}

/// A product
#[utoipa::path(
    get, path = "/api/products/{id}", tag = "products", params(("id" = Uuid, Path), QueryHeaders),
    responses((status = 200, body = Product), Unanswered, Missing)
)]
pub async fn one(
    Path(id): Path<ProductId>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    if let Some(found) = reads.cache().document(id, min.0).await {
        return Ok(answer::finished(&headers, found.position, found.document));
    }
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let product = products::product(snapshot.conn(), id)
        .await
        .map_err(store_failed)?;
    drop(snapshot);
    let document = product
        .and_then(|product| product.answer())
        .ok_or_else(Problem::not_found)?;
    reads.cache().fill(id, document.clone(), position);
    Ok(answer::finished(&headers, position, document))
}

/// Everything that happened to a product and its stock
///
/// Oldest first; for staff and its seller.
#[utoipa::path(
    get, path = "/api/products/{id}/history", tag = "products", security(("bearer" = [])),
    params(("id" = Uuid, Path), PageParams, QueryHeaders),
    responses((status = 200, body = Page<HistoryItem>), Unanswered, Denied, Missing)
)]
pub async fn history(
    caller: Caller,
    Path(id): Path<ProductId>,
    Query(params): Query<PageParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let after = params
        .cursor
        .as_deref()
        .map(decode_cursor)
        .transpose()?
        .unwrap_or(0);
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let product = products::product(snapshot.conn(), id)
        .await
        .map_err(store_failed)?;
    let product = product.ok_or_else(Problem::not_found)?;
    if !caller.is_staff() && product.document.seller != Some(caller.account) {
        return Err(Problem::not_found());
    }
    let found = history::of_product(snapshot.conn(), id, after, params.limit.with_lookahead()).await;
    drop(snapshot);
    let page = Page::cut(found.map_err(store_failed)?, params.limit, |entry| entry.position);
    let page = page.map(|entry| HistoryItem {
        position: entry.position,
        at: entry.at,
        event: entry.event,
        actor: entry.actor,
        stock: entry.stock,
        details: entry.details,
    });
    answer::private(&headers, position, &page)
}
