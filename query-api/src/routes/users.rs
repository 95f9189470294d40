//! `GET /api/users/me`, `GET /api/users` and `GET /api/users/{id}`: who somebody is. Profiles are opened here, for those who may see them.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use events::account::{Profile, Role};
use events::ids::AccountId;
use read_models::ViewName;
use read_models::accounts::Account;
use read_models::query::Snapshot;
use read_models::query::accounts::{self, AccountPlace};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::paging::{Limit, Page, decode_cursor, encode_cursor};
use web::position::MinPosition;
use web::{Caller, Path, Problem, Query};

use super::{Denied, Missing, QueryHeaders, Unanswered};
use crate::answer;
use crate::errors::store_failed;
use crate::personal_data::PersonalData;
use crate::reads::{Picture, Reads};

const VIEWS: &[ViewName] = &[ViewName::Accounts];

/// Accounts that one page of a search opens at most: some tens of milliseconds.
const SEARCHED_MAX: u32 = 2_000;
/// Accounts that a search opens together: one query for their keys.
const SEARCHED_AT_ONCE: u32 = 500;

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
    /// Whether they have shown that they read the mail of the address.
    email_verified: bool,
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
            email_verified: account.email_verified,
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
    user(&headers, &reads, &personal_data, min, caller.account).await
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// What the user name or the email address begins with, in capitals or not.
    q: Option<String>,
    /// `customer`, `seller`, `staff`, `admin` or `branch`.
    #[param(value_type = Option<String>)]
    role: Option<Role>,
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
    cursor: Option<String>,
}

/// All accounts, newest first
///
/// For admins. Names and addresses are sealed, so that `q` opens account after account: a page that has looked at 2,000 of
/// them ends, even with nothing found, and `next_cursor` leads on.
#[utoipa::path(
    get, path = "/api/users", tag = "users", security(("bearer" = [])), params(ListParams, QueryHeaders),
    responses((status = 200, body = Page<User>), Unanswered, Denied)
)]
pub async fn list(
    caller: Caller,
    Query(params): Query<ListParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(personal_data): State<PersonalData>,
) -> Result<Response, Problem> {
    caller.require(Role::Admin)?;
    let after = params.cursor.as_deref().map(decode_cursor).transpose()?;
    let Picture { snapshot, position } = reads.picture(VIEWS, min).await?;
    let prefix = params
        .q
        .as_deref()
        .map(str::trim)
        .unwrap_or_default()
        .to_lowercase();
    let search = Search {
        snapshot,
        personal_data,
        role: params.role,
        prefix,
    };
    let page = search.page(after, params.limit).await?;
    answer::private(&headers, position, &page)
}

/// An account
///
/// For admins.
#[utoipa::path(
    get, path = "/api/users/{id}", tag = "users", security(("bearer" = [])),
    params(("id" = Uuid, Path), QueryHeaders),
    responses((status = 200, body = User), Unanswered, Denied, Missing)
)]
pub async fn one(
    caller: Caller,
    Path(id): Path<AccountId>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(personal_data): State<PersonalData>,
) -> Result<Response, Problem> {
    caller.require(Role::Admin)?;
    user(&headers, &reads, &personal_data, min, id).await
}

async fn user(
    headers: &HeaderMap,
    reads: &Reads,
    personal_data: &PersonalData,
    min: MinPosition,
    id: AccountId,
) -> Result<Response, Problem> {
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let account = accounts::account(snapshot.conn(), id)
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
    answer::versioned(headers, position, version, &User::new(account, profile))
}

/// A look through the accounts, some at a time.
struct Search {
    snapshot: Snapshot,
    personal_data: PersonalData,
    role: Option<Role>,
    /// In lower case; empty if there is nothing to look for.
    prefix: String,
}

impl Search {
    async fn page(mut self, after: Option<AccountPlace>, limit: Limit) -> Result<Page<User>, Problem> {
        if self.prefix.is_empty() {
            return self.all(after, limit).await;
        }
        let (mut items, mut after) = (Vec::new(), after);
        for _ in 0..SEARCHED_MAX / SEARCHED_AT_ONCE {
            let found = self.read(after, i64::from(SEARCHED_AT_ONCE)).await?;
            let more = found.len() == SEARCHED_AT_ONCE as usize;
            for (account, profile) in found {
                after = Some((account.registered_at, account.id));
                if profile.as_ref().is_some_and(|profile| self.fits(profile)) {
                    items.push(User::new(account, profile));
                }
                if items.len() == limit.get() {
                    return Ok(ended(items, after));
                }
            }
            if !more {
                return Ok(ended(items, None));
            }
        }
        Ok(ended(items, after))
    }

    async fn all(mut self, after: Option<AccountPlace>, limit: Limit) -> Result<Page<User>, Problem> {
        let found = self.read(after, limit.with_lookahead()).await?;
        let place = |(account, _): &(Account, _)| (account.registered_at, account.id);
        Ok(Page::cut(found, limit, place).map(|(account, profile)| User::new(account, profile)))
    }

    async fn read(
        &mut self,
        after: Option<AccountPlace>,
        limit: i64,
    ) -> Result<Vec<(Account, Option<Profile>)>, Problem> {
        let found = accounts::accounts(self.snapshot.conn(), self.role, after, limit).await;
        let found = found.map_err(store_failed)?;
        let sealed: Vec<_> = found
            .iter()
            .map(|account| (account.id, &account.profile))
            .collect();
        let profiles = self.personal_data.profiles(&sealed).await?;
        Ok(found.into_iter().zip(profiles).collect())
    }

    fn fits(&self, profile: &Profile) -> bool {
        let begins = |text: &str| text.to_lowercase().starts_with(&self.prefix);
        begins(&profile.username) || profile.email.as_deref().is_some_and(begins)
    }
}

fn ended(items: Vec<User>, after: Option<AccountPlace>) -> Page<User> {
    Page {
        items,
        next_cursor: after.map(|place| encode_cursor(&place)),
    }
}
