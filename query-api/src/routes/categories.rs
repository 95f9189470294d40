//! `GET /api/categories`: the tree, with how many products are on sale in it. Archived categories, and what is below them,
//! don't show.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use events::ids::CategoryId;
use read_models::ViewName;
use read_models::categories::Category;
use read_models::query::{Snapshot, categories};
use read_models::store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;
use web::position::MinPosition;
use web::{Path, Problem};

use super::{Missing, QueryHeaders, Unanswered};
use crate::answer;
use crate::category_tree::CategoryTree;
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};

/// The counts stand beside the products.
const VIEWS: &[ViewName] = &[ViewName::Categories, ViewName::Products];
/// Deeper than any tree that the shop lets grow; bounds the answer should the rows ever disagree.
const DEPTH_MAX: usize = 64;

/// A category with those directly below it, and so on.
#[derive(Serialize, ToSchema)]
#[schema(no_recursion)]
pub struct CategoryNode {
    #[schema(value_type = Uuid)]
    id: CategoryId,
    #[schema(value_type = Option<Uuid>)]
    parent: Option<CategoryId>,
    name: String,
    slug: String,
    /// On sale in it and in all that is below it.
    products: i64,
    /// For `If-Match`.
    version: u64,
    children: Vec<CategoryNode>,
}

/// The trees from the top.
#[derive(Serialize, ToSchema)]
pub struct CategoryTrees {
    items: Vec<CategoryNode>,
}

/// A category, and the way to it.
#[derive(Serialize, ToSchema)]
pub struct CategoryDetail {
    #[serde(flatten)]
    node: CategoryNode,
    /// From the top, itself the last: the breadcrumbs.
    path: Vec<CategoryStep>,
}

#[derive(Serialize, ToSchema)]
pub struct CategoryStep {
    #[schema(value_type = Uuid)]
    id: CategoryId,
    name: String,
    slug: String,
}

impl CategoryStep {
    pub fn of(category: &Category) -> Self {
        Self {
            id: category.id,
            name: category.name.clone(),
            slug: category.slug.clone(),
        }
    }
}

/// The tree, and how many products are on sale in and below each category.
struct Counted {
    tree: CategoryTree,
    products: HashMap<CategoryId, i64>,
}

impl Counted {
    async fn read(snapshot: &mut Snapshot) -> Result<Self, StoreError> {
        let tree = CategoryTree::new(categories::categories(snapshot.conn()).await?);
        let counts = categories::counts(snapshot.conn()).await?;
        let products = tree.sums(counts.into_iter().map(|count| (count.category, count.products)));
        Ok(Self { tree, products })
    }

    fn below(&self, parent: Option<CategoryId>, depth: usize) -> Vec<CategoryNode> {
        if depth == 0 {
            return vec![];
        }
        let here = self.tree.below(parent);
        here.map(|category| self.node(category, depth)).collect()
    }

    fn node(&self, category: &Category, depth: usize) -> CategoryNode {
        CategoryNode {
            id: category.id,
            parent: category.parent,
            name: category.name.clone(),
            slug: category.slug.clone(),
            products: self.products.get(&category.id).copied().unwrap_or_default(),
            version: category.version,
            children: self.below(Some(category.id), depth - 1),
        }
    }
}

/// The tree of categories
#[utoipa::path(
    get, path = "/api/categories", tag = "categories", params(QueryHeaders),
    responses((status = 200, body = CategoryTrees), Unanswered)
)]
pub async fn tree(
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let counted = Counted::read(&mut snapshot).await.map_err(store_failed)?;
    drop(snapshot);
    let trees = CategoryTrees {
        items: counted.below(None, DEPTH_MAX),
    };
    answer::public(&headers, position, &trees)
}

/// A category with what is below it
#[utoipa::path(
    get, path = "/api/categories/{id}", tag = "categories",
    params(("id" = String, Path, description = "The category's id or slug."), QueryHeaders),
    responses((status = 200, body = CategoryDetail), Unanswered, Missing)
)]
pub async fn one(
    Path(id): Path<String>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let counted = Counted::read(&mut snapshot).await.map_err(store_failed)?;
    drop(snapshot);
    // One below an archived category isn't there either.
    let category = counted.tree.find(&id).ok_or_else(Problem::not_found)?;
    let path = counted.tree.path(category.id).ok_or_else(Problem::not_found)?;
    let detail = CategoryDetail {
        node: counted.node(category, DEPTH_MAX),
        path: path.into_iter().map(CategoryStep::of).collect(),
    };
    answer::public_versioned(&headers, position, category.version, &detail)
}
