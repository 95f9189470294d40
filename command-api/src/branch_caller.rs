//! Which branch calls, from the `Authorization: Bearer` header. A branch's token opens what is for that branch and nothing
//! else: it is no login, and no login is a branch's token.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use domain::branches;
use events::ids::BranchId;
use web::Problem;

use crate::branch_token::BranchToken;
use crate::commands::Commands;
use crate::deps::ApiState;
use crate::errors::ApiError;

/// A branch whose token was good when it was looked at; 401 `token_missing` or `token_invalid` otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchCaller {
    pub branch_id: BranchId,
    /// For the decision, which looks again.
    pub token_hash: String,
}

impl BranchCaller {
    /// A branch sees only itself: to it, the others aren't there.
    pub fn require(&self, branch_id: BranchId) -> Result<(), Problem> {
        if self.branch_id == branch_id {
            Ok(())
        } else {
            Err(Problem::not_found())
        }
    }
}

impl FromRequestParts<ApiState> for BranchCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Err(Problem::unauthorized("token_missing").into());
        }
        let token = claimed(parts).ok_or_else(|| Problem::unauthorized("token_invalid"))?;
        let (branch_id, token_hash) = (token.branch_id(), token.hash());
        let commands = Commands::from_ref(state);
        commands
            .inspect(&commands.system_context(), |work| {
                branches::authenticate(work, branch_id, &token_hash)
            })
            .await?;
        Ok(Self {
            branch_id,
            token_hash,
        })
    }
}

/// The branch's token that a request brings, good or not.
pub fn claimed(parts: &Parts) -> Option<BranchToken> {
    let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| BranchToken::parse(token.trim()))?
}
