//! The pages that are the executable's own: the front page, the API's documentation, the mailbox
//! folder, and whether the process is well.

mod health;
mod mailbox;
mod token_form;

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Html;
use axum::routing::get;
use telemetry::METRICS_CONTENT_TYPE;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_swagger_ui::{Config, SwaggerUi};

pub use health::Health;
pub use mailbox::MailboxPage;
pub use token_form::{EMAIL_VERIFICATION_PATH, PASSWORD_RESET_PATH, token_forms};

/// The documentation's page runs scripts and styles of its own, and nothing from elsewhere.
const DOCS_POLICY: (HeaderName, HeaderValue) = (
    CONTENT_SECURITY_POLICY,
    HeaderValue::from_static(
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; frame-ancestors 'none'",
    ),
);

/// Pages without script, with one style of their own.
pub const PAGE_POLICY: (HeaderName, HeaderValue) = (
    CONTENT_SECURITY_POLICY,
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
);

/// The look of our own pages.
pub const STYLE: &str = "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;\
padding:0 1rem;color:#222}a{color:#06c}table{border-collapse:collapse;width:100%}td,th{text-align:left;\
padding:.3rem .6rem;border-bottom:1px solid #ddd}pre{background:#f6f6f4;padding:1rem;white-space:pre-wrap}</style>";

/// The API's document at `/api/openapi.json`, and a page to browse it at `/api/docs/`.
pub fn documentation(document: utoipa::openapi::OpenApi) -> Router {
    let ui = SwaggerUi::new("/api/docs")
        .url("/api/openapi.json", document)
        .config(Config::default().try_it_out_enabled(true));
    let no_sniffing = HeaderValue::from_static("nosniff");
    Router::new()
        .merge(ui)
        .layer(SetResponseHeaderLayer::if_not_present(
            DOCS_POLICY.0,
            DOCS_POLICY.1,
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            X_CONTENT_TYPE_OPTIONS,
            no_sniffing,
        ))
}

/// What Prometheus reads, at `/metrics`. No secrets, but figures of the business: keep it from the public.
pub fn metrics() -> Router {
    let page = || async { ([(CONTENT_TYPE, METRICS_CONTENT_TYPE)], telemetry::metrics_page()) };
    Router::new().route("/metrics", get(page))
}

/// A page at `/` that leads to all others.
pub fn front(shop_name: &str) -> Router {
    let name = escape(shop_name);
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{name}</title>{STYLE}<h1>{name}</h1>\
         <p>This shop is a backend: its customers use it through sites and apps.<ul>\
         <li><a href=/api/docs/>The API, to browse and to try</a>\
         <li><a href=/api/products>The products</a>\
         <li><a href=/api/categories>The categories</a>\
         <li><a href=/health/ready>Whether it is ready</a></ul>"
    );
    let route = Router::new().route("/", get(move || async move { Html(page) }));
    route.layer(SetResponseHeaderLayer::if_not_present(
        PAGE_POLICY.0,
        PAGE_POLICY.1,
    ))
}

/// Text that can't be taken for markup.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
