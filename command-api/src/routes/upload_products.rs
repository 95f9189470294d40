//! `POST /api/products/batch`: an inventory system tells what it has.

use axum::extract::State;
use domain::upload::Restock;
use events::account::Role;
use serde::Deserialize;
use utoipa::IntoParams;
use web::position::Accepted;
use web::{Caller, Query};

use crate::answer;
use crate::batch::{Putting, Upload, UploadReport};
use crate::commands::Commands;
use crate::deps::Terms;
use crate::errors::ApiError;
use crate::problems::{CommandHeaders, Conflict, Forbidden, Rejected, TooMany, TooSlow, Unauthenticated};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadParams {
    /// Tells what would happen; nothing does.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    dry_run: bool,
    /// What a quantity means for a SKU that is there already: `set` (the default), so many can be bought now; or `add`,
    /// so many came in.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    stock: StockParam,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockParam {
    #[default]
    Set,
    Add,
}

/// Adds products, and brings those that are there up to date
///
/// Products are known by their SKUs; staff's new ones are the shop's own, everybody else's are theirs. The body is a
/// JSON array, NDJSON or CSV of at most 32 MiB and 10,000 rows, in the shape that `GET /api/products/export` and
/// `tillstream export` write. What is empty or missing says nothing, and variants that aren't listed stay. A
/// product comes in whole or not at all, and one that is rejected keeps none of the others out: the answer is 200 with
/// a report of each row. The same upload again changes nothing (with `stock=add`, only under the same
/// `Idempotency-Key`), and one that was cut off goes on where it was. Staff's new categories are made; 413
/// `payload_too_large`, `too_many_rows`; 400 `malformed_csv`, `malformed_json`; 422 `column_missing`, `column_unknown`,
/// `column_twice`.
#[utoipa::path(
    post, path = "/api/products/batch", tag = "products", security(("bearer" = [])),
    params(UploadParams, CommandHeaders),
    request_body(content(
        (String = "text/csv"), (String = "application/x-ndjson"), (Vec<Object> = "application/json")
    )),
    responses(
        (status = 200, body = UploadReport), Rejected, TooSlow, Unauthenticated, Forbidden, Conflict, TooMany
    )
)]
#[tracing::instrument(name = "command.upload_products", skip_all)]
pub async fn upload_products(
    caller: Caller,
    State(commands): State<Commands>,
    State(terms): State<Terms>,
    Query(params): Query<UploadParams>,
    Upload(incoming): Upload,
) -> Result<Accepted<UploadReport>, ApiError> {
    let is_staff = caller.is_staff();
    if !is_staff && !caller.has(Role::Customer) {
        caller.require(Role::Seller)?;
    }
    let putting = Putting {
        context: commands.context(Some(caller.account), &incoming),
        commands,
        by: super::authority(&caller),
        seller: (!is_staff).then_some(caller.account),
        currency: terms.currency,
        restock: match params.stock {
            StockParam::Set => Restock::Set,
            StockParam::Add => Restock::Add,
        },
        is_rehearsal: params.dry_run,
    };
    let file = incoming.body;
    let (content, format) = (
        file.file.try_clone().map_err(web::Problem::internal)?,
        file.format,
    );
    let accepted = putting.run(content, format).await?;
    drop(file); // its place among the uploads is free from here on
    Ok(answer::ok(accepted))
}
