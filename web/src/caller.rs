//! Who calls, from the `Authorization: Bearer` header. What they may do is each handler's to ask.

use std::collections::BTreeSet;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use events::account::Role;
use events::ids::{AccountId, SessionId};

use crate::problem::Problem;
use crate::tokens::{AccessTokens, Identity, TokenError};

/// Somebody who is logged in; 401 `token_missing`, `token_expired` or `token_invalid` otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub account: AccountId,
    pub session: SessionId,
    pub roles: BTreeSet<Role>,
}

impl Caller {
    /// Whether the caller has the role. An admin is staff, too.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role) || (role == Role::Staff && self.roles.contains(&Role::Admin))
    }

    pub fn is_staff(&self) -> bool {
        self.has(Role::Staff)
    }

    /// 403 `role_required` without the role.
    pub fn require(&self, role: Role) -> Result<(), Problem> {
        if self.has(role) {
            return Ok(());
        }
        Err(Problem::forbidden("role_required").with_detail(format_args!("This needs the role {role}.")))
    }
}

impl From<Identity> for Caller {
    fn from(identity: Identity) -> Self {
        Self {
            account: identity.account,
            session: identity.session,
            roles: identity.roles,
        }
    }
}

impl<S> FromRequestParts<S> for Caller
where
    AccessTokens: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        identify(parts, state)?.ok_or_else(|| Problem::unauthorized("token_missing"))
    }
}

/// Somebody who may or may not be logged in. A token that isn't good is a 401 here too: a client
/// that believes it is logged in must learn that it isn't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalCaller(pub Option<Caller>);

impl<S> FromRequestParts<S> for OptionalCaller
where
    AccessTokens: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        identify(parts, state).map(Self)
    }
}

fn identify<S>(parts: &Parts, state: &S) -> Result<Option<Caller>, Problem>
where
    AccessTokens: FromRef<S>,
{
    let Some(header) = parts.headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let token = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| Problem::unauthorized("token_invalid"))?;
    match AccessTokens::from_ref(state).verify_now(token) {
        Ok(identity) => Ok(Some(identity.into())),
        Err(error @ TokenError::Expired) => Err(Problem::unauthorized("token_expired").with_detail(error)),
        Err(error @ TokenError::Invalid) => Err(Problem::unauthorized("token_invalid").with_detail(error)),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use axum::routing::get;
    use chrono::{DateTime, TimeDelta, Utc};
    use tower::ServiceExt;

    use super::*;
    use crate::tokens::{ACCESS_TOKEN_LIFETIME, MIN_SECRET_BYTES};

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn tokens() -> AccessTokens {
        AccessTokens::new(&[7; MIN_SECRET_BYTES])
            .unwrap()
            .with_clock(noon)
    }

    fn token_with(roles: &[Role], issued_at: DateTime<Utc>) -> String {
        let roles = roles.iter().copied().collect();
        let token = tokens().issue(AccountId::default(), SessionId::default(), &roles, issued_at);
        format!("Bearer {token}")
    }

    async fn call(path: &str, authorization: Option<&str>) -> (StatusCode, String) {
        let app = Router::new()
            .route(
                "/mine",
                get(|caller: Caller| async move { caller.account.to_string() }),
            )
            .route(
                "/staff",
                get(|caller: Caller| async move { caller.require(Role::Staff) }),
            )
            .route(
                "/any",
                get(|OptionalCaller(caller): OptionalCaller| async move { caller.is_some().to_string() }),
            )
            .with_state(tokens());
        let mut request = Request::get(path);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let code = serde_json::from_str::<serde_json::Value>(&text)
            .ok()
            .and_then(|problem| Some(problem.get("code")?.as_str()?.to_owned()));
        (status, code.unwrap_or(text))
    }

    #[tokio::test]
    async fn a_token_that_is_missing_expired_or_invalid_is_a_401_of_its_own() {
        let expired = token_with(&[], noon() - ACCESS_TOKEN_LIFETIME - TimeDelta::minutes(1));
        let cases = [
            (None, "token_missing"),
            (Some("Bearer nonsense"), "token_invalid"),
            (Some("Basic YTpi"), "token_invalid"),
            (Some(expired.as_str()), "token_expired"),
        ];
        for (authorization, code) in cases {
            let answer = call("/mine", authorization).await;
            assert_eq!(answer, (StatusCode::UNAUTHORIZED, code.to_owned()));
        }
        let answer = call("/mine", Some(&token_with(&[], noon()))).await;
        assert_eq!(answer, (StatusCode::OK, AccountId::default().to_string()));
    }

    #[tokio::test]
    async fn staff_and_admins_pass_where_staff_is_required() {
        for (role, status) in [
            (Role::Customer, 403),
            (Role::Seller, 403),
            (Role::Staff, 200),
            (Role::Admin, 200),
        ] {
            let (found, _) = call("/staff", Some(&token_with(&[role], noon()))).await;
            assert_eq!(found.as_u16(), status, "{role}");
        }
        let (_, code) = call("/staff", Some(&token_with(&[Role::Seller], noon()))).await;
        assert_eq!(code, "role_required");
    }

    #[tokio::test]
    async fn an_optional_caller_may_be_nobody_but_not_somebody_wrong() {
        assert_eq!(call("/any", None).await, (StatusCode::OK, "false".to_owned()));
        let good = token_with(&[], noon());
        assert_eq!(
            call("/any", Some(&good)).await,
            (StatusCode::OK, "true".to_owned())
        );
        assert_eq!(call("/any", Some("Bearer x")).await.0, StatusCode::UNAUTHORIZED);
    }
}
