//! `GET /api/products`: the catalogue. Lists and details are finished documents out of the cache wherever it has them.

use std::collections::BTreeMap;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use events::ids::{AccountId, ProductId};
use events::money::{Currency, Money};
use read_models::ViewName;
use read_models::query::product_filter::{OptionFilters, PriceRange, ProductFilter, SellerFilter};
use read_models::query::products::{self, ProductOrder, ProductPlace};
use read_models::query::{Snapshot, spelling};
use read_models::variant_options::folded;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use web::paging::{Limit, Page, decode_cursor, invalid_cursor};
use web::params::{parse_query, split_prefixed};
use web::position::MinPosition;
use web::problem::FieldError;
use web::{Path, Problem};

use super::facets::{self, FacetList, Facets};
use super::{Missing, QueryHeaders, Unanswered};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::schema::Product;
use crate::{Terms, answer};

/// A list depends on the tree of categories, too.
const LIST_VIEWS: &[ViewName] = &[ViewName::Products, ViewName::Categories];
const VIEWS: &[ViewName] = &[ViewName::Products];
/// What begins the name of a parameter that chooses an option.
const OPTION_PREFIX: &str = "option.";
/// Longer queries are answered, and not kept: nobody asks the same long question often.
const CACHED_QUERY_MAX_CHARS: usize = 300;
/// As long as a search may be; more words find nothing more.
pub(super) const SEARCH_MAX_CHARS: usize = 200;
/// Options that can be chosen at once: each takes a join.
const CHOSEN_OPTIONS_MAX: usize = 5;
/// Values of an option that can be chosen at once: more than a facet shows.
const CHOSEN_VALUES_MAX: usize = 20;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Words to find in name, description and SKUs; the last may be the beginning of one. If nothing has them, words that are
    /// a mistake or two away are found, and `corrected` says which.
    q: Option<String>,
    /// A category's id or slug; what is below it counts, too.
    category: Option<String>,
    /// An account's id, or `shop` for the shop's own.
    #[serde(default, deserialize_with = "seller")]
    #[param(value_type = Option<String>)]
    seller: Option<SellerFilter>,
    /// In the shop's currency, such as `9.99`.
    min_price: Option<String>,
    max_price: Option<String>,
    /// Whether there are units to buy; beside options, of a variant that has them.
    in_stock: Option<bool>,
    one_of_a_kind: Option<bool>,
    /// Which facets to count: some of `category`, `price`, `seller` and `option` with commas between them, or `true` for all.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    facets: FacetList,
    /// `newest`, `price`, `-price`, `name`, `rating` (the best first) or `relevance`; by default relevance for a search, else newest.
    #[param(value_type = Option<String>)]
    sort: Option<ProductOrder>,
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
    cursor: Option<String>,
}

impl ListParams {
    fn filter(&self, currency: Currency, options: OptionFilters) -> Result<ProductFilter, Problem> {
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
            options,
            in_stock: self.in_stock,
            one_of_a_kind: self.one_of_a_kind,
        })
    }
}

fn seller<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SellerFilter>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text == "shop" {
        return Ok(Some(SellerFilter::Shop));
    }
    let account: AccountId = text.parse().map_err(D::Error::custom)?;
    Ok(Some(SellerFilter::Account(account)))
}

/// What is chosen by `option.<name>=<value>`: of one name any of the values, of several names all.
fn chosen(parameters: Vec<(String, String)>) -> Result<OptionFilters, Problem> {
    let mut options = OptionFilters::new();
    for (name, value) in parameters {
        let field = format!("option.{name}");
        let values = options.entry(folded(&name)).or_default();
        values.insert(folded(&value));
        if values.len() > CHOSEN_VALUES_MAX {
            let message = format!("at most {CHOSEN_VALUES_MAX} values of an option can be chosen");
            return Err(invalid(&field, "too_many", message));
        }
        if options.len() > CHOSEN_OPTIONS_MAX {
            let message = format!("at most {CHOSEN_OPTIONS_MAX} options can be chosen");
            return Err(invalid(&field, "too_many", message));
        }
    }
    Ok(options)
}

pub(super) fn invalid(field: &str, code: &'static str, message: String) -> Problem {
    Problem::bad_request("invalid_parameter", &message)
        .with_errors(vec![FieldError::new(field, code, message)])
}

/// A page of finished documents.
#[derive(Serialize)]
struct RawPage {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<Facets>,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected: Option<BTreeMap<String, String>>,
}

/// A [`RawPage`], as its readers know it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct ProductPage {
    items: Vec<Product>,
    /// For `?cursor=…` of the next page; null on the last one.
    next_cursor: Option<String>,
    /// How the whole result is spread, if that was asked for.
    facets: Option<Facets>,
    /// Present if nothing was found as it was typed, and something else was searched for: by each word that was taken for
    /// another, the other, such as `{"candel": "candle"}`.
    #[schema(required = false)]
    corrected: Option<BTreeMap<String, String>>,
}

/// Products
///
/// Everything that is given must be met. Each facet is counted over the whole result, with all filters but its own; over the newest
/// 5,000 matches, and said so, where something else than a category or `in_stock` narrows a larger result.
#[utoipa::path(
    get, path = "/api/products", tag = "products",
    params(
        ListParams,
        ("option.{name}" = Option<Vec<String>>, Query, description = "Variants with this option, such as `option.size=L`: \
            one of the values, if there are several, and a single variant for all options. Upper and lower case are the same."),
        QueryHeaders,
    ),
    responses((status = 200, body = ProductPage), Unanswered)
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
    let (options, rest) = split_prefixed(&query, OPTION_PREFIX);
    let params: ListParams = parse_query(&rest)?;
    let mut filter = params.filter(terms.currency, chosen(options)?)?;
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
    let corrected = corrected(&mut snapshot, &mut filter).await?;
    let found = products::products(snapshot.conn(), &filter, order, after.as_ref(), limit).await;
    let facets = facets::count(&mut snapshot, &filter, &params.facets, terms.currency).await;
    drop(snapshot);
    let facets = facets.map_err(store_failed)?;
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
        facets,
        corrected,
    })?;
    // A category that moves changes which products a list of it has, and isn't told to the cache.
    let by_category = filter.category.is_some() || params.facets.has_categories();
    if query.len() <= CACHED_QUERY_MAX_CHARS && !by_category {
        reads.cache().fill_page(query, page.clone(), position);
    }
    Ok(answer::finished(&headers, position, page))
}

/// Searches for what was meant, where what was typed is nowhere; which words it was that meant others.
async fn corrected(
    snapshot: &mut Snapshot,
    filter: &mut ProductFilter,
) -> Result<Option<BTreeMap<String, String>>, Problem> {
    let Some(typed) = &filter.text else {
        return Ok(None);
    };
    let corrected = spelling::correct(snapshot.conn(), typed, spelling::In::Text)
        .await
        .map_err(store_failed)?;
    Ok(corrected.map(|corrected| {
        filter.text = Some(corrected.text);
        corrected.words
    }))
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
