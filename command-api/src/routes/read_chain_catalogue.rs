//! `GET /api/chain/catalogue`: what has changed in headquarters' catalogue, for its branches.
//!
//! It is read from the log, whose positions are the places in it: changes come in their order, none is skipped, and each
//! product comes as it is now. It belongs to this API, and not to the queries, since a branch's calls are kept, and the
//! queries' database user can only read.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use cqrs_es::Aggregate;
use domain::category::Category;
use domain::product::Product;
use domain::{Decision, UnitOfWork};
use events::envelope::{Position, RecordedEvent};
use events::ids::{CategoryId, ProductId, Sku};
use events::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::money::MoneyDto;
use web::paging::{decode_cursor, encode_cursor, invalid_cursor};
use web::problem::FieldError;
use web::{Problem, Query};

use crate::branch_caller::BranchCaller;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::problems::Unauthenticated;

/// Products in one answer: some hundred kilobytes of them, at most.
const ITEMS_MAX: usize = 50;
/// Events that are looked through for one answer; most are of orders. Some megabytes.
const EVENTS_MAX: usize = 5_000;
/// Deeper than any tree that the shop lets grow.
const DEPTH_MAX: usize = 32;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CatalogueParams {
    /// The `next_cursor` of the answer before; from the beginning, if missing.
    after: Option<String>,
    /// Ids of products and categories with commas between them, at most 50: these as they are now, changed or not, and
    /// nothing else. Not together with `after`.
    only: Option<String>,
}

/// Products of the shop's own that have changed, each once, as they are now.
#[derive(Serialize, ToSchema)]
pub struct CatalogueChanges {
    items: Vec<SuppliedProduct>,
    /// Categories that have changed, likewise, those above before those below. Take them over first.
    categories: Vec<ChangedCategory>,
    /// Where to go on.
    next_cursor: String,
    /// Whether there is more at once.
    more: bool,
}

#[derive(Serialize, ToSchema)]
pub struct SuppliedProduct {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    name: String,
    description: String,
    /// From the top of the tree to the product's own; empty without one.
    category: Vec<SuppliedCategory>,
    variants: Vec<SuppliedVariant>,
    /// What else there is to tell of it; all of them.
    attributes: BTreeMap<String, String>,
    /// `active`, `archived` or `removed`.
    status: SuppliedStatus,
}

#[derive(Clone, Serialize, ToSchema)]
pub struct SuppliedCategory {
    #[schema(value_type = Uuid)]
    category_id: CategoryId,
    name: String,
    /// By this a branch knows its own category.
    slug: String,
}

/// A category as it is now.
#[derive(Serialize, ToSchema)]
pub struct ChangedCategory {
    #[schema(value_type = Uuid)]
    category_id: CategoryId,
    /// From the top of the tree to itself; empty if it is closed, or something above it is.
    path: Vec<SuppliedCategory>,
}

#[derive(Serialize, ToSchema)]
pub struct SuppliedVariant {
    #[schema(value_type = String)]
    sku: Sku,
    options: BTreeMap<String, String>,
    #[schema(value_type = MoneyDto)]
    price: Money,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuppliedStatus {
    Active,
    Archived,
    Removed,
}

/// What has changed in the catalogue
///
/// For branches, with their own token. Products of sellers aren't in it, nor is stock: that is the branch's own. 400
/// `invalid_cursor` if the place isn't one of this log (it may have been restored): begin anew then.
#[utoipa::path(
    get, path = "/api/chain/catalogue", tag = "chain", security(("bearer" = [])), params(CatalogueParams),
    responses(
        (status = 200, body = CatalogueChanges),
        (status = 400, description = "`invalid_cursor` or `invalid_parameter`.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The log can't be reached now.", body = Problem, content_type = "application/problem+json"),
        Unauthenticated
    )
)]
#[tracing::instrument(name = "command.read_chain_catalogue", skip_all)]
pub async fn read_chain_catalogue(
    _caller: BranchCaller,
    Query(params): Query<CatalogueParams>,
    State(commands): State<Commands>,
) -> Result<web::Json<CatalogueChanges>, ApiError> {
    let after: Position = params
        .after
        .as_deref()
        .map(decode_cursor)
        .transpose()?
        .unwrap_or(0);
    let (changed, head) = if let Some(only) = &params.only {
        (Changed::only(only, after)?, after)
    } else {
        let (head, events) = commands.read_log(after, EVENTS_MAX).await?;
        (Changed::among(after, &events), head)
    };
    if after > head {
        return Err(invalid_cursor().into());
    }
    let look = |work: &mut UnitOfWork| {
        Ok((
            supplied(work, &changed.products)?,
            tree(work, &changed.categories)?,
        ))
    };
    let (items, categories) = commands.inspect(&commands.system_context(), look).await?;
    Ok(web::Json(CatalogueChanges {
        items,
        categories,
        next_cursor: encode_cursor(&changed.reached),
        more: changed.reached < head,
    }))
}

/// What a branch is told of.
#[derive(Default)]
struct Changed {
    products: BTreeSet<ProductId>,
    categories: BTreeSet<CategoryId>,
    /// Up to here these are all.
    reached: Position,
}

impl Changed {
    /// What changed in these events, as much as fits an answer.
    fn among(after: Position, events: &[RecordedEvent]) -> Self {
        let mut changed = Self {
            reached: after,
            ..Self::default()
        };
        for event in events {
            if !changed.takes(event) {
                break;
            }
            changed.reached = event.position;
        }
        changed
    }

    /// Whether there was room for what the event is about.
    fn takes(&mut self, event: &RecordedEvent) -> bool {
        let full = self.products.len() + self.categories.len() >= ITEMS_MAX;
        let key = event.stream.key();
        match event.stream.kind() {
            Product::TYPE => add(&mut self.products, key.parse().ok(), full),
            Category::TYPE => add(&mut self.categories, key.parse().ok(), full),
            _ => true,
        }
    }

    /// These ids, each as a product and as a category: it is one of them at most.
    fn only(ids: &str, after: Position) -> Result<Self, Problem> {
        let ids: Vec<&str> = ids.split(',').collect();
        let parsed: Option<Vec<uuid::Uuid>> = ids.iter().map(|id| id.parse().ok()).collect();
        let parsed = parsed
            .filter(|ids| ids.len() <= ITEMS_MAX && after == 0)
            .ok_or_else(|| {
                let message = "up to 50 ids with commas between them, and no place besides";
                let problem = Problem::bad_request("invalid_parameter", message);
                problem.with_errors(vec![FieldError::new("only", "ids_invalid", message)])
            })?;
        Ok(Self {
            products: parsed.iter().copied().map(ProductId).collect(),
            categories: parsed.into_iter().map(CategoryId).collect(),
            reached: after,
        })
    }
}

fn add<T: Ord>(known: &mut BTreeSet<T>, id: Option<T>, full: bool) -> bool {
    match id {
        Some(id) if full => known.contains(&id),
        Some(id) => {
            known.insert(id);
            true
        }
        None => true,
    }
}

fn supplied(work: &mut UnitOfWork, product_ids: &BTreeSet<ProductId>) -> Decision<Vec<SuppliedProduct>> {
    work.require::<Product>(product_ids)?;
    let mut products = vec![];
    for product_id in product_ids {
        let product = work.read::<Product>(product_id)?;
        // What people sell each other is none of a branch's business.
        let known = product.skus().next().is_some();
        if known && product.seller().is_none() && !product.is_one_of_a_kind() {
            products.push((*product_id, product));
        }
    }
    let categories: BTreeSet<_> = products
        .iter()
        .filter_map(|(_, product)| product.details().category)
        .collect();
    load_with_ancestors(work, categories)?;
    let item = |(product_id, product): (ProductId, std::sync::Arc<Product>)| {
        let details = product.details();
        Ok(SuppliedProduct {
            product_id,
            name: details.name.clone(),
            description: details.description.clone(),
            category: path(work, details.category)?,
            attributes: product.attributes().clone(),
            variants: product
                .variants()
                .map(|variant| SuppliedVariant {
                    sku: variant.sku.clone(),
                    options: variant.options.clone(),
                    price: variant.price,
                })
                .collect(),
            status: match (product.exists(), product.is_listed()) {
                (false, _) => SuppliedStatus::Removed,
                (true, false) => SuppliedStatus::Archived,
                (true, true) => SuppliedStatus::Active,
            },
        })
    };
    products.into_iter().map(item).collect()
}

/// Categories that are there, those above before those below.
fn tree(work: &mut UnitOfWork, category_ids: &BTreeSet<CategoryId>) -> Decision<Vec<ChangedCategory>> {
    load_with_ancestors(work, category_ids.clone())?;
    let mut categories = vec![];
    for category_id in category_ids {
        if work.read::<Category>(category_id)?.slug().is_empty() {
            continue;
        }
        categories.push(ChangedCategory {
            category_id: *category_id,
            path: path(work, Some(*category_id))?,
        });
    }
    categories.sort_by_key(|category| category.path.len());
    Ok(categories)
}

/// Level by level, so that each costs one round of fetching.
fn load_with_ancestors(work: &mut UnitOfWork, mut level: BTreeSet<CategoryId>) -> Decision<()> {
    for _ in 0..DEPTH_MAX {
        if level.is_empty() {
            break;
        }
        work.require::<Category>(&level)?;
        let mut above = BTreeSet::new();
        for category_id in level {
            above.extend(work.read::<Category>(category_id)?.parent());
        }
        level = above;
    }
    Ok(())
}

/// Without those that are closed: a product in a closed category has none.
fn path(work: &mut UnitOfWork, category: Option<CategoryId>) -> Decision<Vec<SuppliedCategory>> {
    let mut path = vec![];
    let mut next = category;
    while let Some(category_id) = next.filter(|_| path.len() < DEPTH_MAX) {
        let category = work.read::<Category>(category_id)?;
        if !category.is_open() {
            return Ok(vec![]);
        }
        path.push(SuppliedCategory {
            category_id,
            name: category.name().to_owned(),
            slug: category.slug().to_owned(),
        });
        next = category.parent();
    }
    path.reverse();
    Ok(path)
}
