//! The endpoints, a file per noun.

mod analytics;
mod api_keys;
mod branches;
mod cart;
mod categories;
mod chain_calls;
mod daily_revenue;
mod dashboard;
mod exports;
mod facets;
mod images;
mod order_history;
mod orders;
mod orphans;
mod payments;
mod product_history;
mod products;
mod reviews;
mod sales;
mod suggestions;
mod users;
mod wallet;
mod whose;
mod wishlist;

use serde::Deserialize;
use utoipa::{IntoParams, IntoResponses};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::paging::Limit;

use crate::ApiState;

/// All endpoints.
pub fn all() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(users::me))
        .routes(routes!(users::list))
        .routes(routes!(users::one))
        .routes(routes!(api_keys::own))
        .routes(routes!(categories::tree))
        .routes(routes!(categories::one))
        .routes(routes!(products::list))
        .routes(routes!(exports::export))
        .routes(routes!(products::one))
        .routes(routes!(suggestions::suggest))
        .routes(routes!(product_history::history))
        .routes(routes!(images::file))
        .routes(routes!(reviews::list))
        .routes(routes!(cart::own))
        .routes(routes!(wishlist::own))
        .routes(routes!(orders::list))
        .routes(routes!(orders::one))
        .routes(routes!(order_history::history))
        .routes(routes!(orphans::list))
        .routes(routes!(orphans::one))
        .routes(routes!(payments::list))
        .routes(routes!(payments::one))
        .routes(routes!(wallet::balances))
        .routes(routes!(wallet::entries))
        .routes(routes!(sales::report))
        .routes(routes!(analytics::sales_over_time::report))
        .routes(routes!(analytics::best_sellers::report))
        .routes(routes!(analytics::revenue::report))
        .routes(routes!(analytics::items::report))
        .routes(routes!(analytics::customers::customers))
        .routes(routes!(analytics::conversion::conversion))
        .routes(routes!(analytics::purchases::report))
        .routes(routes!(dashboard::figures_of))
        .routes(routes!(dashboard::purchased))
        .routes(routes!(dashboard::sold))
        .routes(routes!(dashboard::unsold))
        .routes(routes!(dashboard::archived))
        .routes(routes!(branches::list))
        .routes(routes!(branches::one))
        .routes(routes!(chain_calls::list))
        .routes(routes!(daily_revenue::report))
}

/// Which part of a list to show.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageParams {
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
    cursor: Option<String>,
}

/// The headers that every query takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "for the documentation; the extractor reads the header")]
struct QueryHeaders {
    /// The answer reflects the log up to here, or it is 503 `read_model_behind`.
    #[param(rename = "Tillstream-Min-Position")]
    min_position: Option<u64>,
    /// The tag of an answer that the client has; 304 if it still holds.
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
}

/// What every query can answer besides its document.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "for the documentation; problems are made in `web`")]
enum Unanswered {
    /// The document hasn't changed since the tag in `If-None-Match`.
    #[response(status = 304)]
    NotModified,
    /// A parameter, a cursor or a header makes no sense: `invalid_parameter`, `invalid_cursor`, `invalid_min_position`.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(web::problem::ProblemDocument),
    /// Our fault; the log says why.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(web::problem::ProblemDocument),
    /// The read model is behind the position asked for (`read_model_behind`), or its database can't be reached
    /// (`read_model_unavailable`); with `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json")]
    Behind(web::problem::ProblemDocument),
}

/// What a query for somebody's own things can answer besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "for the documentation; problems are made in `web`")]
enum Denied {
    /// Nobody is logged in, or the token isn't good: `token_missing`, `token_expired`, `token_invalid`, `api_key_invalid`.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(web::problem::ProblemDocument),
    /// Logged in, and without the role: `role_required`; or an API key that doesn't open this: `api_key_not_allowed`,
    /// `scope_required`.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(web::problem::ProblemDocument),
}

/// What a query for one thing can answer besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "for the documentation; problems are made in `web`")]
enum Missing {
    /// Nothing is there, or nothing of the caller's.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(web::problem::ProblemDocument),
}
