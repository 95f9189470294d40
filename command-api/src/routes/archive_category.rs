//! `DELETE /api/categories/{id}`: staff take a category out of the tree.

use axum::extract::State;
use domain::catalogue;
use domain::category::Category;
use domain::supplied_tree;
use events::account::Role;
use events::ids::CategoryId;
use web::etag::IfMatch;
use web::position::Accepted;
use web::{Caller, Path};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::{Incoming, NoFields};
use crate::problems::{
    CommandHeaders, Conflict, EditHeaders, Forbidden, NotFound, Outdated, Rejected, Unauthenticated,
};

/// Archives a category
///
/// It and the categories below it no longer show, and take nothing new; to close one of several levels, move the others
/// first. The products in them stay on sale: a search finds them, and so do the lists of the categories above. Its slug is
/// free for another. 409 `headquarters_category` at a branch for what is headquarters'.
#[utoipa::path(
    delete, path = "/api/categories/{id}", tag = "categories", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The category."), CommandHeaders, EditHeaders),
    responses((status = 204), Rejected, Unauthenticated, Forbidden, NotFound, Conflict, Outdated)
)]
#[tracing::instrument(name = "command.archive_category", skip_all)]
pub async fn archive_category(
    caller: Caller,
    if_match: IfMatch,
    Path(category_id): Path<CategoryId>,
    State(commands): State<Commands>,
    incoming: Incoming<NoFields>,
) -> Result<Accepted<()>, ApiError> {
    caller.require(Role::Staff)?;
    let context = commands.context(Some(caller.account), &incoming);
    let archive = |work: &mut domain::UnitOfWork| {
        work.expect_version::<Category>(category_id, if_match.expected_version())?;
        supplied_tree::keep_out(work, category_id)?;
        catalogue::archive_category(work, category_id)
    };
    Ok(answer::no_content(commands.execute(&context, archive).await?))
}
