//! Who calls, from the `Authorization: Bearer` header: somebody who is logged in, or a program with an API key of
//! theirs. What they may do is each handler's to ask; whether a key may be used on a route at all is asked here.

use std::collections::BTreeSet;

use axum::extract::{FromRef, FromRequestParts, MatchedPath};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use events::account::Role;
use events::ids::{AccountId, ApiKeyId, SessionId};

use crate::api_keys::{self, ApiKeys};
use crate::position::MinPosition;
use crate::problem::Problem;
use crate::scopes;
use crate::tokens::{AccessTokens, Identity, TokenError};

/// What a caller has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    Session(SessionId),
    ApiKey(ApiKeyId),
}

/// What to do about a token that is missing, or in another scheme.
const TOKEN_WANTED: &str =
    "Send an access token of POST /api/auth/login, or an API key: Authorization: Bearer …";

/// Somebody who is known; otherwise 401 `token_missing`, `token_expired`, `token_invalid` or `api_key_invalid`, and 403
/// `api_key_not_allowed` or `scope_required` for a good key in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub account: AccountId,
    pub credential: Credential,
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
            credential: Credential::Session(identity.session),
            roles: identity.roles,
        }
    }
}

impl<S> FromRequestParts<S> for Caller
where
    AccessTokens: FromRef<S>,
    ApiKeys: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        identify(parts, state)
            .await?
            .ok_or_else(|| Problem::unauthorized("token_missing").with_detail(TOKEN_WANTED))
    }
}

/// Somebody who may or may not be logged in. A token that isn't good is a 401 here too: a client
/// that believes it is logged in must learn that it isn't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalCaller(pub Option<Caller>);

impl<S> FromRequestParts<S> for OptionalCaller
where
    AccessTokens: FromRef<S>,
    ApiKeys: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        identify(parts, state).await.map(Self)
    }
}

async fn identify<S>(parts: &mut Parts, state: &S) -> Result<Option<Caller>, Problem>
where
    AccessTokens: FromRef<S>,
    ApiKeys: FromRef<S>,
    S: Send + Sync,
{
    let Some(header) = parts.headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let token = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().to_owned())
        .ok_or_else(|| Problem::unauthorized("token_invalid").with_detail(TOKEN_WANTED))?;
    if token.starts_with(api_keys::PREFIX) {
        return identify_key(parts, state, &token).await.map(Some);
    }
    match AccessTokens::from_ref(state).verify_now(&token) {
        Ok(identity) => Ok(Some(identity.into())),
        Err(error @ TokenError::Expired) => Err(Problem::unauthorized("token_expired").with_detail(error)),
        Err(error @ TokenError::Invalid) => Err(Problem::unauthorized("token_invalid").with_detail(error)),
    }
}

/// First whether the key is good, then whether it may be used here: a stranger learns nothing of the routes' scopes.
async fn identify_key<S>(parts: &mut Parts, state: &S, text: &str) -> Result<Caller, Problem>
where
    ApiKeys: FromRef<S>,
    S: Send + Sync,
{
    let min = MinPosition::from_request_parts(parts, state).await?;
    let (key, holder) = ApiKeys::from_ref(state).identify(text, min).await?;
    let path = parts.extensions.get::<MatchedPath>();
    let scope = path.and_then(|path| scopes::of(&parts.method, path.as_str()));
    let scope = scope.ok_or_else(|| {
        Problem::forbidden("api_key_not_allowed").with_detail("This takes no API key; log in.")
    })?;
    if !holder.scopes.contains(&scope) {
        let detail = format_args!("This needs an API key with the scope {scope}.");
        return Err(Problem::forbidden("scope_required").with_detail(detail));
    }
    Ok(Caller {
        account: key.account,
        credential: Credential::ApiKey(key.id),
        roles: holder.roles,
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Method, Request, StatusCode};
    use axum::routing::{get, post};
    use chrono::{DateTime, TimeDelta, Utc};
    use tower::ServiceExt;

    use events::api_key::Scope;

    use super::*;
    use crate::api_keys::{ApiKey, Holder, KeyHolder, KeyRing, SECRET_BYTES};
    use crate::tokens::{ACCESS_TOKEN_LIFETIME, MIN_SECRET_BYTES};

    /// Knows one key, of a seller's, for their catalogue.
    struct OneKey;

    fn good_key() -> ApiKey {
        ApiKey::new(AccountId::default(), ApiKeyId::default(), [7; SECRET_BYTES])
    }

    impl KeyRing for OneKey {
        fn holder<'a>(&'a self, key: &'a ApiKey, _: MinPosition) -> Holder<'a> {
            let holder = KeyHolder {
                roles: BTreeSet::from([Role::Seller]),
                scopes: BTreeSet::from([Scope::CatalogueWrite]),
            };
            let good = (*key == good_key()).then_some(holder);
            Box::pin(std::future::ready(Ok(good)))
        }
    }

    #[derive(Clone)]
    struct State;

    impl FromRef<State> for AccessTokens {
        fn from_ref(_: &State) -> Self {
            tokens()
        }
    }

    impl FromRef<State> for ApiKeys {
        fn from_ref(_: &State) -> Self {
            Self::new(OneKey)
        }
    }

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
            .route(
                "/api/products",
                post(|caller: Caller| async move { caller.account.to_string() }),
            )
            .route(
                "/api/orders",
                get(|caller: Caller| async move { caller.account.to_string() }),
            )
            .with_state(State);
        let method = if path == "/api/products" {
            Method::POST
        } else {
            Method::GET
        };
        let mut request = Request::builder().method(method).uri(path);
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

    #[tokio::test]
    async fn a_key_opens_the_routes_of_its_scopes_and_no_other() {
        let good = format!("Bearer {}", good_key().reveal());
        let of = async |path| call(path, Some(&good)).await;
        let answered = (StatusCode::OK, AccountId::default().to_string());
        assert_eq!(of("/api/products").await, answered);
        let refused = |code: &str| (StatusCode::FORBIDDEN, code.to_owned());
        assert_eq!(of("/api/orders").await, refused("scope_required"));
        assert_eq!(of("/mine").await, refused("api_key_not_allowed"));
        assert_eq!(of("/any").await, refused("api_key_not_allowed"));
    }

    #[tokio::test]
    async fn a_key_that_is_not_good_is_a_401_everywhere() {
        let other = ApiKey::new(AccountId::default(), ApiKeyId::default(), [8; SECRET_BYTES]);
        for wrong in [other.reveal(), "tsk_", "tsk_AAAA"] {
            for path in ["/api/products", "/mine", "/any"] {
                let answer = call(path, Some(&format!("Bearer {wrong}"))).await;
                assert_eq!(answer, (StatusCode::UNAUTHORIZED, "api_key_invalid".to_owned()));
            }
        }
    }
}
