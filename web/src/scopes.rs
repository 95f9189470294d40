//! Which route an API key may be used on, and with which scope: all of them in one list, so that no route can forget.
//! A route that isn't in it takes no API key.
//!
//! A scope opens a route and nothing else: what the key's account may do there is asked as it is of anybody.

use axum::http::Method;
use events::api_key::Scope;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref, RefOr, Response, ResponseBuilder};

use crate::problem::PROBLEM_JSON;

/// A method, and a path as routers and OpenAPI documents have it.
pub type Route = (&'static str, &'static str);

/// Those that routes have.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The name of the security scheme in the OpenAPI documents.
const SCHEME: &str = "api_key";

/// Every route that takes an API key. In none of them: whatever concerns the account itself, its keys, wallet and
/// password, other accounts, and whatever only a person does: carts, wishlists, placing and paying orders, writing and
/// moderating reviews, settling orphans, running the chain. What the account has bought may be read.
pub const DECLARED: &[(Route, Scope)] = &[
    (("GET", "/api/dashboard/archived"), Scope::CatalogueRead),
    (("GET", "/api/dashboard/unsold"), Scope::CatalogueRead),
    (("GET", "/api/products/export"), Scope::CatalogueRead),
    (("GET", "/api/products/{id}/history"), Scope::CatalogueRead),
    (("GET", "/api/products/{id}/reviews"), Scope::CatalogueRead),
    (("DELETE", "/api/categories/{id}"), Scope::CatalogueWrite),
    (("DELETE", "/api/products/{id}"), Scope::CatalogueWrite),
    (
        ("DELETE", "/api/products/{id}/images/{image}"),
        Scope::CatalogueWrite,
    ),
    (("PATCH", "/api/categories/{id}"), Scope::CatalogueWrite),
    (("PATCH", "/api/products/{id}"), Scope::CatalogueWrite),
    (
        ("PATCH", "/api/products/{id}/images/{image}"),
        Scope::CatalogueWrite,
    ),
    (("POST", "/api/categories"), Scope::CatalogueWrite),
    (("POST", "/api/products"), Scope::CatalogueWrite),
    (("POST", "/api/products/batch"), Scope::CatalogueWrite),
    (("POST", "/api/products/bulk"), Scope::CatalogueWrite),
    (("POST", "/api/products/{id}/images"), Scope::CatalogueWrite),
    (("POST", "/api/products/{id}/stock"), Scope::CatalogueWrite),
    (("GET", "/api/orders"), Scope::OrdersRead),
    (("GET", "/api/orders/{id}"), Scope::OrdersRead),
    (("GET", "/api/orders/{id}/history"), Scope::OrdersRead),
    (("GET", "/api/payments"), Scope::OrdersRead),
    (("GET", "/api/payments/{id}"), Scope::OrdersRead),
    (("POST", "/api/credit-notes"), Scope::OrdersWrite),
    (("POST", "/api/orders/{id}/cancel"), Scope::OrdersWrite),
    (("POST", "/api/orders/{id}/deliver"), Scope::OrdersWrite),
    (("POST", "/api/orders/{id}/return"), Scope::OrdersWrite),
    (("POST", "/api/orders/{id}/ship"), Scope::OrdersWrite),
    (("POST", "/api/payments/{id}/refund"), Scope::OrdersWrite),
    (("GET", "/api/analytics/best-sellers"), Scope::ReportsRead),
    (("GET", "/api/analytics/conversion"), Scope::ReportsRead),
    (("GET", "/api/analytics/customers"), Scope::ReportsRead),
    (("GET", "/api/analytics/items"), Scope::ReportsRead),
    (("GET", "/api/analytics/purchases"), Scope::ReportsRead),
    (("GET", "/api/analytics/revenue"), Scope::ReportsRead),
    (("GET", "/api/analytics/sales"), Scope::ReportsRead),
    (("GET", "/api/analytics/sales-over-time"), Scope::ReportsRead),
    (("GET", "/api/branches"), Scope::ReportsRead),
    (("GET", "/api/branches/{id}"), Scope::ReportsRead),
    (("GET", "/api/dashboard"), Scope::ReportsRead),
    (("GET", "/api/dashboard/purchased"), Scope::ReportsRead),
    (("GET", "/api/dashboard/sold"), Scope::ReportsRead),
    (("GET", "/api/reports/daily-revenue"), Scope::ReportsRead),
];

/// The scope that a key needs there; none if the route takes no key.
pub fn of(method: &Method, path: &str) -> Option<Scope> {
    // A HEAD is answered by the GET's handler.
    let method = if method == Method::HEAD {
        "GET"
    } else {
        method.as_str()
    };
    let declared = DECLARED.iter().find(|(route, _)| *route == (method, path));
    declared.map(|(_, scope)| *scope)
}

/// Says in an API's document which of its routes take a key, and with which scope.
pub fn describe(document: &mut OpenApi) {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("tsk_…")
        .description(Some(
            "An API key. Each operation that takes one names the scope that it needs.",
        ))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(SCHEME, SecurityScheme::Http(scheme));
    for ((method, path), scope) in DECLARED {
        let item = document.paths.paths.get_mut(*path);
        if let Some(operation) = item.and_then(|item| operation(item, method)) {
            let requirement = SecurityRequirement::new(SCHEME, [scope.as_str()]);
            operation.security.get_or_insert_default().push(requirement);
        }
    }
    for item in document.paths.paths.values_mut() {
        for method in METHODS {
            if let Some(operation) = operation(item, method).filter(|operation| operation.security.is_some())
            {
                let responses = &mut operation.responses.responses;
                responses.entry("403".to_owned()).or_insert_with(refused);
            }
        }
    }
}

/// What every route that asks who calls answers to a good key in the wrong place.
fn refused() -> RefOr<Response> {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let description = "An API key that doesn't open this: `api_key_not_allowed`, `scope_required`.";
    let response = ResponseBuilder::new().description(description);
    RefOr::T(response.content(PROBLEM_JSON, content).build())
}

fn operation<'d>(item: &'d mut PathItem, method: &str) -> Option<&'d mut Operation> {
    match method {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

/// The declared routes that an API's document doesn't have, of the methods that it serves: there should be none.
pub fn stale(document: &OpenApi, methods: &[&str]) -> Vec<Route> {
    let routes = DECLARED.iter().map(|(route, _)| *route);
    let served = routes.filter(|(method, _)| methods.contains(method));
    served
        .filter(|(method, path)| {
            let mut item = document.paths.paths.get(*path).cloned();
            item.as_mut().and_then(|item| operation(item, method)).is_none()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_that_is_not_declared_takes_no_key() {
        assert_eq!(of(&Method::POST, "/api/products"), Some(Scope::CatalogueWrite));
        assert_eq!(of(&Method::HEAD, "/api/orders"), Some(Scope::OrdersRead));
        assert_eq!(of(&Method::DELETE, "/api/orders"), None);
        assert_eq!(of(&Method::POST, "/api/api-keys"), None);
    }

    #[test]
    fn each_route_is_declared_once() {
        let mut routes: Vec<_> = DECLARED.iter().map(|(route, _)| *route).collect();
        let declared = routes.len();
        routes.sort_unstable();
        routes.dedup();
        assert_eq!(routes.len(), declared);
    }
}
