//! What the command API and the query API have in common as HTTP services: problems, extractors,
//! access tokens, positions, `ETag`s, pages, and the layers around every request.
//!
//! Knows HTTP and nothing about the shop: no route, no command and no view is here.

pub mod api_keys;
pub mod caller;
pub mod cart_token;
pub mod etag;
mod http_metrics;
pub mod idempotency;
pub mod json;
pub mod layers;
pub mod money;
pub mod pace;
pub mod paging;
pub mod params;
pub mod position;
pub mod problem;
pub mod request_id;
pub mod scopes;
pub mod stripe_webhook;
mod surround;
pub mod tokens;
mod unread;

pub use caller::{Caller, OptionalCaller};
pub use json::Json;
pub use params::{Path, Query};
pub use problem::Problem;
