//! The one document of both APIs, as clients see one origin.

use utoipa::openapi::{Info, OpenApi};

use crate::settings::Settings;

/// What holds for every route, and so is said of none; Markdown.
const CONVENTIONS: &str = "\
Commands (POST, PUT, PATCH, DELETE) answer with `Tillstream-Position`; send it back as `Tillstream-Min-Position` with a \
query to read your own write. The same `Idempotency-Key` with the same request runs once and answers alike for 24 hours.

A query's `ETag` goes into `If-None-Match` to learn that nothing has changed, and into `If-Match` to change only what you \
have seen. Lists are read page by page: `next_cursor` of one is the `cursor` of the next.

Money is `{\"amount\": \"99.99\", \"currency\": \"GBP\"}`, or `\"99.99\"` in the shop's currency; times are UTC. Whatever is \
refused is `application/problem+json` with a `code` that never changes, and the fields at fault in `errors`.";

pub fn document(settings: &Settings, commands: OpenApi, queries: OpenApi) -> OpenApi {
    let mut document = queries;
    document.merge(commands);
    document.info = Info::builder()
        .title(&settings.shop_name)
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(CONVENTIONS))
        .build();
    document
}
