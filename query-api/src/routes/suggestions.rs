//! `GET /api/products/suggestions`: what somebody may mean who is still typing. A search finds all of it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use events::ids::ProductId;
use read_models::ViewName;
use read_models::query::{categories, suggestions};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::position::MinPosition;
use web::{Problem, Query};

use super::categories::CategoryStep;
use super::products::{SEARCH_MAX_CHARS, invalid};
use super::{QueryHeaders, Unanswered};
use crate::answer;
use crate::category_tree::CategoryTree;
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};

const VIEWS: &[ViewName] = &[ViewName::Products, ViewName::Categories];
/// As many as are read at a glance.
const PRODUCTS_MAX: i64 = 8;
/// Fewer than products, below which they stand.
const CATEGORIES_MAX: usize = 4;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Params {
    /// What was typed so far; nothing is suggested for a single letter.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    q: String,
}

/// At most 8 products and 4 categories, the best match first.
#[derive(Serialize, ToSchema)]
pub struct Suggestions {
    products: Vec<SuggestedProduct>,
    categories: Vec<SuggestedCategory>,
}

#[derive(Serialize, ToSchema)]
pub struct SuggestedProduct {
    #[schema(value_type = Uuid)]
    id: ProductId,
    name: String,
}

#[derive(Serialize, ToSchema)]
pub struct SuggestedCategory {
    /// From the top, itself the last.
    path: Vec<CategoryStep>,
}

/// What may be meant
///
/// Products in whose name, attributes or SKUs, and categories in whose name, every word occurs, the last as the beginning of
/// one.
#[utoipa::path(
    get, path = "/api/products/suggestions", tag = "products", params(Params, QueryHeaders),
    responses((status = 200, body = Suggestions), Unanswered)
)]
pub async fn suggest(
    Query(params): Query<Params>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let typed = params.q.trim();
    if typed.chars().count() > SEARCH_MAX_CHARS {
        let too_long = format!("a search has at most {SEARCH_MAX_CHARS} characters");
        return Err(invalid("q", "too_long", too_long));
    }
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let products = suggestions::products(snapshot.conn(), typed, PRODUCTS_MAX).await;
    let all = categories::categories(snapshot.conn()).await;
    drop(snapshot);
    let products = products.map_err(store_failed)?.into_iter();
    let suggested = Suggestions {
        products: products
            .map(|product| SuggestedProduct {
                id: product.id,
                name: product.name,
            })
            .collect(),
        categories: named(&CategoryTree::new(all.map_err(store_failed)?), typed),
    };
    answer::public(&headers, position, &suggested)
}

/// The categories with such a name, the shortest name first: most of it was typed.
fn named(tree: &CategoryTree, typed: &str) -> Vec<SuggestedCategory> {
    let mut meant: Vec<_> = tree
        .shown()
        .filter(|category| suggestions::is_meant(&category.name, typed))
        .collect();
    meant.sort_by_key(|category| (category.name.chars().count(), &category.name, category.id));
    let paths = meant.into_iter().filter_map(|category| tree.path(category.id));
    paths
        .take(CATEGORIES_MAX)
        .map(|path| SuggestedCategory {
            path: path.into_iter().map(CategoryStep::of).collect(),
        })
        .collect()
}
