//! What stands in the URL: query strings and path parameters, with problems instead of plain text.

use axum::extract::FromRequestParts;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{FieldError, Problem};

/// The query string; 400 `invalid_parameter` with the parameter's name.
///
/// A struct with `deny_unknown_fields` makes a mistyped filter an error instead of a wrong answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parse_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads a query string; 400 `invalid_parameter`.
pub fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let (path, message) = (error.path().to_string(), error.inner().to_string());
        let error: FieldError = wording::unreadable(&path, &message).into();
        let problem = Problem::bad_request(
            "invalid_parameter",
            format_args!("{}: {}", error.field, error.message),
        );
        if error.field == "." {
            problem
        } else {
            problem.with_errors(vec![error])
        }
    })
}

/// Takes out the parameters whose names begin with `prefix`, such as `option.`: what follows it is up to the client, and so
/// no struct has a field for it. The rest is as it was, for [`parse_query`].
pub fn split_prefixed(query: &str, prefix: &str) -> (Vec<(String, String)>, String) {
    let mut taken = Vec::new();
    let mut rest = Vec::new();
    for parameter in query.split('&') {
        let decoded = form_urlencoded::parse(parameter.as_bytes()).next();
        match decoded
            .and_then(|(name, value)| Some((name.strip_prefix(prefix)?.to_owned(), value.into_owned())))
        {
            Some(pair) => taken.push(pair),
            None => rest.push(parameter),
        }
    }
    (taken, rest.join("&"))
}

/// The path's parameters. One that can't be read names nothing that exists: 404, and the detail says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                Err(Problem::not_found().with_detail(unreadable(error.into_kind())))
            }
            Err(rejection) => Err(Problem::internal(rejection)),
        }
    }
}

/// Why a path names nothing that could exist.
fn unreadable(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::ParseErrorAtKey { key, .. } => format!("`{key}` can't be read."),
        ErrorKind::DeserializeError { key, message, .. } => {
            format!("`{key}` can't be read: {}.", wording::plain(&message))
        }
        ErrorKind::InvalidUtf8InPathParam { key } => format!("`{key}` is no text in UTF-8."),
        _ => "The path can't be read.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use axum::routing::get;
    use events::ids::OrderId;
    use serde::Deserialize;
    use tower::ServiceExt;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        q: Option<String>,
        min: Option<u32>,
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        let problem = parse_query::<Filter>("q=a&min=x").unwrap_err();
        assert_eq!(
            (problem.status(), problem.code()),
            (StatusCode::BAD_REQUEST, "invalid_parameter")
        );
        assert_eq!(problem.errors()[0].field, "min");
        let problem = parse_query::<Filter>("mni=3").unwrap_err();
        assert!(problem.detail().unwrap().contains("mni"), "{problem}");
    }

    #[test]
    fn a_query_is_decoded() {
        let filter: Filter = parse_query("q=caf%C3%A9+au+lait&min=3").unwrap();
        assert_eq!(filter.q.as_deref(), Some("café au lait"));
        assert_eq!(filter.min, Some(3));
    }

    #[test]
    fn parameters_of_a_prefix_are_taken_out() {
        let (taken, rest) = split_prefixed("q=a%26b&option.size=L&min=3&option%2Ecolour=sky+blue", "option.");
        assert_eq!(rest, "q=a%26b&min=3");
        let taken: Vec<_> = taken.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(taken, [("size", "L"), ("colour", "sky blue")]);
        assert_eq!(split_prefixed("", "option."), (vec![], String::new()));
    }

    #[tokio::test]
    async fn a_path_that_is_no_id_names_nothing() {
        let app = Router::new().route(
            "/{id}",
            get(|Path(id): Path<OrderId>| async move { id.to_string() }),
        );
        let status_of = async |path: String| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            app.clone().oneshot(request).await.unwrap().status()
        };
        assert_eq!(status_of("/7".to_owned()).await, StatusCode::NOT_FOUND);
        assert_eq!(
            status_of(format!("/{}", OrderId::generate())).await,
            StatusCode::OK
        );
    }
}
