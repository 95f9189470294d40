//! `GET /api/users/me` and `GET /api/users`: who somebody is. Profiles are opened here, for those who may see them.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use events::account::{Profile, Role};
use events::ids::AccountId;
use read_models::ViewName;
use read_models::accounts::Account;
use read_models::query::accounts;
use serde::Serialize;
use utoipa::ToSchema;
use web::paging::{Page, decode_cursor};
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::{Denied, Missing, PageParams, QueryHeaders, Unanswered};
use crate::answer;
use crate::errors::store_failed;
use crate::personal_data::PersonalData;
use crate::reads::{Picture, Reads};

const VIEWS: &[ViewName] = &[ViewName::Accounts];

/// An account. The personal fields are null once the person was erased.
#[derive(Serialize, ToSchema)]
pub struct User {
    #[schema(value_type = Uuid)]
    id: AccountId,
    username: Option<String>,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    #[schema(value_type = Vec<String>)]
    roles: BTreeSet<Role>,
    registered_at: DateTime<Utc>,
    /// Whether they can log in; an imported customer first sets a password by email.
    has_password: bool,
    /// For `If-Match`.
    version: u64,
}

impl User {
    fn new(account: Account, profile: Option<Profile>) -> Self {
        let (username, email, first_name, last_name) = match profile {
            Some(p) => (Some(p.username), p.email, Some(p.first_name), Some(p.last_name)),
            None => (None, None, None, None),
        };
        Self {
            id: account.id,
            username,
            email,
            first_name,
            last_name,
            roles: account.roles,
            registered_at: account.registered_at,
            has_password: account.has_password,
            version: account.version,
        }
    }
}

/// The caller's own account
#[utoipa::path(
    get, path = "/api/users/me", tag = "users", security(("bearer" = [])), params(QueryHeaders),
    responses((status = 200, body = User), Unanswered, Denied, Missing)
)]
pub async fn me(
    caller: Caller,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(personal_data): State<PersonalData>,
) -> Result<Response, Problem> {
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let account = accounts::account(snapshot.conn(), caller.account)
        .await
        .map_err(store_failed)?;
    drop(snapshot);
    let account = account.ok_or_else(Problem::not_found)?;
    let version = account.version;
    let profile = personal_data
        .profiles(&[(account.id, &account.profile)])
        .await?
        .into_iter()
        .next()
        .flatten();
    answer::versioned(&headers, position, version, &User::new(account, profile))
}

/// All accounts, newest first
///
/// For admins.
#[utoipa::path(
    get, path = "/api/users", tag = "users", security(("bearer" = [])), params(PageParams, QueryHeaders),
    responses((status = 200, body = Page<User>), Unanswered, Denied)
)]
pub async fn list(
    caller: Caller,
    Query(params): Query<PageParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(personal_data): State<PersonalData>,
) -> Result<Response, Problem> {
    caller.require(Role::Admin)?;
    let after = params.cursor.as_deref().map(decode_cursor).transpose()?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let found = accounts::accounts(snapshot.conn(), after, params.limit.with_lookahead()).await;
    drop(snapshot);
    let page = Page::cut(found.map_err(store_failed)?, params.limit, |account| {
        (account.registered_at, account.id)
    });
    let sealed: Vec<_> = page
        .items
        .iter()
        .map(|account| (account.id, &account.profile))
        .collect();
    let mut profiles = personal_data.profiles(&sealed).await?.into_iter();
    let page = page.map(|account| User::new(account, profiles.next().flatten()));
    answer::private(&headers, position, &page)
}
