//! `GET /api/categories`: the tree. Archived categories, and what is below them, don't show.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use events::ids::CategoryId;
use read_models::ViewName;
use read_models::categories::Category;
use read_models::query::categories;
use serde::Serialize;
use utoipa::ToSchema;
use web::position::MinPosition;
use web::{Path, Problem};

use super::{Missing, QueryHeaders, Unanswered};
use crate::answer;
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};

const VIEWS: &[ViewName] = &[ViewName::Categories];
/// Deeper than any tree that the shop lets grow; bounds the walk should the rows ever disagree.
const DEPTH_MAX: usize = 32;

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
    /// For `If-Match`.
    version: u64,
    children: Vec<CategoryNode>,
}

/// The trees from the top.
#[derive(Serialize, ToSchema)]
pub struct CategoryTree {
    items: Vec<CategoryNode>,
}

type Children = HashMap<Option<CategoryId>, Vec<Category>>;

fn by_parent(all: Vec<Category>) -> Children {
    let mut children = Children::new();
    for category in all.into_iter().filter(|category| !category.archived) {
        children.entry(category.parent).or_default().push(category);
    }
    children
}

fn nodes(children: &Children, parent: Option<CategoryId>, depth: usize) -> Vec<CategoryNode> {
    if depth == 0 {
        return vec![];
    }
    let here = children.get(&parent).into_iter().flatten();
    here.map(|category| node(children, category, depth)).collect()
}

fn node(children: &Children, category: &Category, depth: usize) -> CategoryNode {
    CategoryNode {
        id: category.id,
        parent: category.parent,
        name: category.name.clone(),
        slug: category.slug.clone(),
        version: category.version,
        children: nodes(children, Some(category.id), depth - 1),
    }
}

/// The tree of categories
#[utoipa::path(
    get, path = "/api/categories", tag = "categories", params(QueryHeaders),
    responses((status = 200, body = CategoryTree), Unanswered)
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
    let all = categories::categories(snapshot.conn())
        .await
        .map_err(store_failed)?;
    let tree = CategoryTree {
        items: nodes(&by_parent(all), None, DEPTH_MAX),
    };
    answer::public(&headers, position, &tree)
}

/// A category with what is below it
#[utoipa::path(
    get, path = "/api/categories/{id}", tag = "categories",
    params(("id" = String, Path, description = "The category's id or slug."), QueryHeaders),
    responses((status = 200, body = CategoryNode), Unanswered, Missing)
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
    let all = categories::categories(snapshot.conn())
        .await
        .map_err(store_failed)?;
    drop(snapshot);
    let category = find(nodes(&by_parent(all), None, DEPTH_MAX), &id).ok_or_else(Problem::not_found)?;
    answer::public_versioned(&headers, position, category.version, &category)
}

/// The category with this id or slug, if the tree shows it: one below an archived category isn't there either.
fn find(tree: Vec<CategoryNode>, named: &str) -> Option<CategoryNode> {
    tree.into_iter().find_map(|node| {
        if node.slug == named || node.id.to_string() == named {
            Some(node)
        } else {
            find(node.children, named)
        }
    })
}
