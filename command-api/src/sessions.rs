//! What somebody who logs in gets: a short-lived access token, and a refresh token to get the next.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use events::account::Role;
use events::ids::{AccountId, SessionId};
use serde::Serialize;
use utoipa::ToSchema;
use web::tokens::{ACCESS_TOKEN_LIFETIME, AccessTokens};

use crate::secret_token::SecretToken;

/// How long a device that isn't used stays logged in.
pub const REFRESH_TOKEN_LIFETIME: TimeDelta = TimeDelta::days(30);

/// The tokens of a session, as of now.
#[derive(Serialize, ToSchema)]
pub struct SessionAnswer {
    /// For the `Authorization` header of every request.
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Until the access token is no longer good, in seconds.
    expires_in_s: i64,
    /// For `POST /api/auth/refresh`, once.
    refresh_token: String,
    #[schema(value_type = Uuid)]
    account_id: AccountId,
    #[schema(value_type = Vec<String>)]
    roles: BTreeSet<Role>,
}

impl SessionAnswer {
    pub fn new(
        tokens: &AccessTokens,
        refresh_token: &SecretToken<SessionId>,
        account_id: AccountId,
        roles: BTreeSet<Role>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            access_token: tokens.issue(account_id, refresh_token.id, &roles, now),
            token_type: "Bearer",
            expires_in_s: ACCESS_TOKEN_LIFETIME.num_seconds(),
            refresh_token: refresh_token.reveal().to_owned(),
            account_id,
            roles,
        }
    }
}
