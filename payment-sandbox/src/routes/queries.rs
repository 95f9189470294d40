//! Reads: one object by its id, lists by keyset (newest first), and the search of intents by metadata. Nothing here
//! changes the books.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::error::{StoreError, StripeError};
use crate::form::Params;
use crate::objects::{PaymentIntent, Resource};
use crate::server::Server;
use crate::store::objects::{self, Page};

/// Stripe's bounds on a page.
const DEFAULT_LIMIT: i64 = 10;
const MAX_LIMIT: i64 = 100;

pub(super) async fn find<T: Resource>(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, StripeError> {
    let mut reader = server.store.readers().acquire().await.map_err(StoreError::from)?;
    let found: Option<T> = objects::find(&mut reader, &id).await?;
    let found = found.ok_or_else(|| StripeError::no_such(StatusCode::NOT_FOUND, "id", T::OBJECT, &id))?;
    Ok(Json(found.to_json()))
}

pub(super) async fn list<T: Resource>(
    State(server): State<Arc<Server>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, StripeError> {
    let page = read_page(query.as_deref().unwrap_or_default())?;
    let mut reader = server.store.readers().acquire().await.map_err(StoreError::from)?;
    if let Some(id) = &page.starting_after
        && objects::find::<T>(&mut reader, id).await?.is_none()
    {
        return Err(StripeError::no_such(
            StatusCode::BAD_REQUEST,
            "starting_after",
            T::OBJECT,
            id,
        ));
    }
    let (found, has_more) = objects::list::<T>(&mut reader, &page).await?;
    let data: Vec<Value> = found.iter().map(Resource::to_json).collect();
    Ok(Json(
        json!({ "object": "list", "url": T::PATH, "has_more": has_more, "data": data }),
    ))
}

fn read_page(query: &str) -> Result<Page, StripeError> {
    let mut params = Params::parse(query.as_bytes())?;
    let page = Page {
        payment_intent: params.take("payment_intent"),
        created_from: params.take_integer("created[gte]")?,
        starting_after: params.take("starting_after"),
        limit: read_limit(&mut params)?,
    };
    params.finish()?;
    Ok(page)
}

fn read_limit(params: &mut Params) -> Result<i64, StripeError> {
    let limit = params.take_integer("limit")?.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        let message = format!("The limit must be from 1 to {MAX_LIMIT}.");
        Err(StripeError::invalid_param(
            "parameter_invalid_integer",
            "limit",
            message,
        ))
    }
}

/// `?query=metadata['key']:'value'`: one clause, at most one page.
pub(super) async fn search(
    State(server): State<Arc<Server>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, StripeError> {
    let mut params = Params::parse(query.as_deref().unwrap_or_default().as_bytes())?;
    let clause = params.require("query")?;
    let limit = read_limit(&mut params)?;
    params.finish()?;
    let pair = metadata_clause(&clause).ok_or_else(|| {
        let message = "The sandbox understands queries such as metadata['key']:'value'.";
        StripeError::invalid_param("parameter_invalid_string", "query", message)
    })?;
    let mut reader = server.store.readers().acquire().await.map_err(StoreError::from)?;
    let mut found = objects::with_metadata::<PaymentIntent>(&mut reader, pair, limit + 1).await?;
    let page = usize::try_from(limit).unwrap_or(0);
    let has_more = found.len() > page;
    found.truncate(page);
    let data: Vec<Value> = found.iter().map(Resource::to_json).collect();
    Ok(Json(json!({
        "object": "search_result",
        "url": "/v1/payment_intents/search",
        "has_more": has_more,
        "next_page": null,
        "data": data,
    })))
}

fn metadata_clause(clause: &str) -> Option<(&str, &str)> {
    let (key, value) = clause.trim().strip_prefix("metadata[")?.split_once("]:")?;
    Some((unquote(key)?, unquote(value)?))
}

/// The text within single or double quotes; a quote or an escape inside is not understood.
fn unquote(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains([quote, '\\'])).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::metadata_clause;

    #[test]
    fn a_metadata_clause_is_read_with_either_quote() {
        assert_eq!(metadata_clause("metadata['a_b']:'1'"), Some(("a_b", "1")));
        assert_eq!(metadata_clause("metadata[\"a\"]:\"it's\""), Some(("a", "it's")));
        for bad in [
            "",
            "status:'succeeded'",
            "metadata[a]:'1'",
            "metadata['a']:'1",
            "metadata['a']:'1' AND x:'2'",
        ] {
            assert_eq!(metadata_clause(bad), None, "{bad}");
        }
    }
}
