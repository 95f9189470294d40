//! `PATCH /api/categories/{id}`: staff rename or move a category.

use axum::extract::State;
use domain::catalogue::{self, EditCategory};
use domain::supplied_tree;
use events::account::Role;
use events::ids::CategoryId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::etag::IfMatch;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::body::given;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{
    CommandHeaders, Conflict, EditHeaders, Forbidden, NotFound, Outdated, Rejected, Unauthenticated,
};
use crate::routes::create_category::CategoryAnswer;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditCategoryBody {
    name: Option<String>,
    /// `null` moves it to the top.
    #[serde(default, deserialize_with = "given")]
    #[expect(clippy::option_option, reason = "a missing field and null differ")]
    #[schema(value_type = Option<Uuid>)]
    parent: Option<Option<CategoryId>>,
}

/// Renames or moves a category
///
/// What is missing stays; so does the slug. 409 `headquarters_category` at a branch for what is headquarters'.
#[utoipa::path(
    patch, path = "/api/categories/{id}", tag = "categories", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The category."), CommandHeaders, EditHeaders),
    request_body = EditCategoryBody,
    responses((status = 200, body = CategoryAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict, Outdated)
)]
#[tracing::instrument(name = "command.edit_category", skip_all)]
pub async fn edit_category(
    caller: Caller,
    if_match: IfMatch,
    Path(category_id): Path<CategoryId>,
    State(commands): State<Commands>,
    incoming: Incoming<EditCategoryBody>,
) -> Result<Accepted<CategoryAnswer>, ApiError> {
    caller.require(Role::Staff)?;
    let context = commands.context(Some(caller.account), &incoming);
    let command = EditCategory {
        category_id,
        name: incoming.body.name,
        parent: incoming.body.parent,
        expected_version: if_match.expected_version(),
    };
    let edit = |work: &mut domain::UnitOfWork| {
        supplied_tree::keep_out(work, category_id)?;
        catalogue::edit_category(work, &command)?;
        Ok(CategoryAnswer { category_id })
    };
    Ok(answer::ok(commands.execute(&context, edit).await?))
}
