//! The errors that an endpoint can answer, for its documentation. Each endpoint lists those that it
//! has; the answers themselves are made in `errors`.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses};
use web::problem::PROBLEM_JSON;

/// The name of the security scheme; the routes, whose macro wants a literal, repeat it.
pub const BEARER: &str = "bearer";

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident { $($status:literal: $description:literal,)+ })+) => {$(
        $(#[$doc])*
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([$(($status.to_owned(), problem($description)),)+])
            }
        }
    )+};
}

problems! {
    /// What every command with a body can answer.
    Rejected {
        "400": "The body is no JSON, or a header makes no sense: `malformed_json`, `invalid_idempotency_key`.",
        "413": "The body is longer than this route takes.",
        "415": "The body is not `application/json`.",
        "422": "Fields are at fault, and `errors` names them; or the idempotency key came with another body before.",
        "500": "Our fault; the log says why.",
        "503": "Not now: the log can't be reached, too many want the same thing, or the shop was restored and isn't ready yet (`restoring`). Send it again.",
    }
    /// What an upload can answer in place of those.
    UploadRejected {
        "400": "The form can't be read, or a header makes no sense: `malformed_form`, `invalid_idempotency_key`.",
        "408": "It stopped coming, or came too slowly: `upload_stalled`, `upload_too_slow`.",
        "413": "The image is longer than the shop takes.",
        "415": "It is no JPEG, PNG or WebP, whatever it is called: `image_type_unsupported`; or the body is no form and no image.",
        "422": "Its header makes no sense, it has too many pixels, or a field is at fault: `image_unreadable`, `image_too_large`.",
        "500": "Our fault; the log says why.",
        "503": "Not now: the log or the blob store can't be reached. Send it again.",
    }
    /// What a body can answer, besides, that may take long.
    TooSlow {
        "408": "It stopped coming, or came too slowly: `upload_stalled`, `upload_too_slow`.",
    }
    Unauthenticated {
        "401": "Nobody is logged in, or the token isn't good: `token_missing`, `token_expired`, `token_invalid`, `api_key_invalid`.",
    }
    Forbidden {
        "403": "Logged in, and without the role: `role_required`; or an API key that doesn't open this: `api_key_not_allowed`, `scope_required`.",
    }
    NotFound {
        "404": "Nothing is there, or nothing of the caller's.",
    }
    Conflict {
        "409": "It can't be done as things stand; `code` says why.",
    }
    Outdated {
        "412": "It has been changed since the version in `If-Match`.",
    }
    TooMany {
        "429": "Too often, or too many at once; `Retry-After` says when to come again.",
    }
}

fn problem(description: &str) -> RefOr<Response> {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(description);
    RefOr::T(response.content(PROBLEM_JSON, content).build())
}

/// The header of every command whose answer is kept.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documentation; the header is read in `incoming`")]
pub struct CommandHeaders {
    /// Names this command, so that sending it twice runs it once: the second time gets the first answer.
    #[param(rename = "Idempotency-Key", max_length = 255)]
    idempotency_key: Option<String>,
}

/// The header of an edit.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "documentation; the header is read by `web::etag::IfMatch`"
)]
pub struct EditHeaders {
    /// The `ETag` that the edit is based on.
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}
