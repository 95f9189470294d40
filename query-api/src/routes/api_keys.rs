//! `GET /api/api-keys`: the caller's API keys, without the keys.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use events::api_key::Scope;
use events::ids::ApiKeyId;
use read_models::ViewName;
use read_models::query::api_keys;
use serde::Serialize;
use utoipa::ToSchema;
use web::paging::{Page, decode_cursor};
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::{Denied, PageParams, QueryHeaders, Unanswered};
use crate::answer;
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};

const VIEWS: &[ViewName] = &[ViewName::ApiKeys];

/// An API key. The key itself was shown once, when it was issued.
#[derive(Serialize, ToSchema)]
pub struct ApiKeyItem {
    #[schema(value_type = Uuid)]
    id: ApiKeyId,
    name: String,
    #[schema(value_type = Vec<String>)]
    scopes: BTreeSet<Scope>,
    issued_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    /// The day of the latest command with it; queries aren't noted.
    last_used_on: Option<NaiveDate>,
    revoked_at: Option<DateTime<Utc>>,
}

/// The caller's API keys, the latest issued first
///
/// Those that are revoked or expired among them.
#[utoipa::path(
    get, path = "/api/api-keys", tag = "api keys", security(("bearer" = [])),
    params(PageParams, QueryHeaders),
    responses((status = 200, body = Page<ApiKeyItem>), Unanswered, Denied)
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
    let found = api_keys::api_keys(snapshot.conn(), caller.account, before, limit).await;
    drop(snapshot);
    let page = Page::cut(found.map_err(store_failed)?, params.limit, |key| key.position);
    let page = page.map(|key| ApiKeyItem {
        id: key.id,
        name: key.name,
        scopes: key.scopes,
        issued_at: key.issued_at,
        expires_at: key.expires_at,
        last_used_on: key.used_at.map(|used| used.date_naive()),
        revoked_at: key.revoked_at,
    });
    answer::private(&headers, position, &page)
}
