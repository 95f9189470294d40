//! `GET /api/products/export`: the catalogue as one file, which `POST /api/products/batch` takes back.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::Response;
use bulk::Format;
use serde::Deserialize;
use utoipa::IntoParams;
use web::position::{MinPosition, POSITION, position_value};
use web::{Caller, Problem, Query};

use super::{Denied, QueryHeaders, Unanswered};
use crate::export::Export;
use crate::reads::Reads;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// `json` (the default), `ndjson` or `csv`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    format: FormatParam,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormatParam {
    #[default]
    Json,
    Ndjson,
    Csv,
}

/// All products that are on sale, as one file
///
/// Staff get all, everybody else their own. What is in it comes into any shop by `POST /api/products/batch`, and out of
/// that again with the same bytes: products stand in the order of their SKUs and have no ids, owners, images or reviews, and
/// none is told to be a one-of-a-kind. The quantity is what can be bought. In CSV, columns `attribute:…` and `option:…`
/// follow for whatever occurs, and a text that a spreadsheet would take for a formula has an apostrophe in front, which the
/// upload takes away.
#[utoipa::path(
    get, path = "/api/products/export", tag = "products", security(("bearer" = [])),
    params(ExportParams, QueryHeaders),
    responses((status = 200, description = "The file.", content(
        (Vec<Object> = "application/json"), (String = "application/x-ndjson"), (String = "text/csv")
    )), Unanswered, Denied)
)]
pub async fn export(
    caller: Caller,
    Query(params): Query<ExportParams>,
    min: MinPosition,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let format = match params.format {
        FormatParam::Json => Format::Json,
        FormatParam::Ndjson => Format::Ndjson,
        FormatParam::Csv => Format::Csv,
    };
    let seller = (!caller.is_staff()).then_some(caller.account);
    let export = Export {
        reads,
        seller,
        format,
        min,
    };
    let (position, file) = export.start().await?;
    let mut response = Response::new(Body::from_stream(file));
    let name = match format {
        Format::Json => "attachment; filename=\"products.json\"",
        Format::Ndjson => "attachment; filename=\"products.ndjson\"",
        Format::Csv => "attachment; filename=\"products.csv\"",
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(name));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(POSITION, position_value(position));
    Ok(response)
}
