//! `GET /api/products/suggestions`: what somebody may mean who is still typing. A search finds all of it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use events::ids::ProductId;
use read_models::ViewName;
use read_models::query::{Snapshot, categories, spelling, suggestions};
use read_models::store::StoreError;
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
    /// Present if nothing has what was typed, and it was taken for something else: by each such word, the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    corrected: Option<BTreeMap<String, String>>,
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
/// one. Where there is none, words that products are named by and that are a mistake or two away.
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
    let suggested = suggested(&mut snapshot, typed).await.map_err(store_failed)?;
    drop(snapshot);
    answer::public(&headers, position, &suggested)
}

/// What is meant by the words as they were typed; if nothing is, by those that they may have been.
async fn suggested(snapshot: &mut Snapshot, typed: &str) -> Result<Suggestions, StoreError> {
    let tree = CategoryTree::new(categories::categories(snapshot.conn()).await?);
    let found = meant(snapshot, &tree, typed).await?;
    if !found.products.is_empty() || !found.categories.is_empty() {
        return Ok(found);
    }
    let Some(corrected) = spelling::correct(snapshot.conn(), typed, spelling::In::Names).await? else {
        return Ok(found);
    };
    Ok(Suggestions {
        corrected: Some(corrected.words),
        ..meant(snapshot, &tree, &corrected.text).await?
    })
}

async fn meant(snapshot: &mut Snapshot, tree: &CategoryTree, typed: &str) -> Result<Suggestions, StoreError> {
    let products = suggestions::products(snapshot.conn(), typed, PRODUCTS_MAX).await?;
    let product = |product: suggestions::SuggestedProduct| SuggestedProduct {
        id: product.id,
        name: product.name,
    };
    Ok(Suggestions {
        products: products.into_iter().map(product).collect(),
        categories: named(tree, typed),
        corrected: None,
    })
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
