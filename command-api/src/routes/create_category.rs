//! `POST /api/categories`: staff add a node to the tree.

use axum::extract::State;
use domain::catalogue;
use events::account::Role;
use events::category::CategoryCreated;
use events::ids::CategoryId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Caller;
use web::position::Accepted;

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, Forbidden, Rejected, Unauthenticated};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCategoryBody {
    name: String,
    /// Lower-case letters, digits and dashes; made of the name, if missing.
    slug: Option<String>,
    /// At the top, if missing.
    #[schema(value_type = Option<Uuid>)]
    parent: Option<CategoryId>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct CategoryAnswer {
    #[schema(value_type = Uuid)]
    pub category_id: CategoryId,
}

/// Creates a category
///
/// 409 `category_slug_taken`, with the `category_id` that has it.
#[utoipa::path(
    post, path = "/api/categories", tag = "categories", security(("bearer" = [])),
    params(CommandHeaders), request_body = CreateCategoryBody,
    responses((status = 201, body = CategoryAnswer), Rejected, Unauthenticated, Forbidden, Conflict)
)]
#[tracing::instrument(name = "command.create_category", skip_all)]
pub async fn create_category(
    caller: Caller,
    State(commands): State<Commands>,
    incoming: Incoming<CreateCategoryBody>,
) -> Result<Accepted<CategoryAnswer>, ApiError> {
    caller.require(Role::Staff)?;
    let context = commands.context(Some(caller.account), &incoming);
    let CreateCategoryBody { name, slug, parent } = incoming.body;
    let category_id = CategoryId::generate();
    let created = CategoryCreated {
        category_id,
        parent,
        slug: slug.unwrap_or_else(|| slug_of(&name)),
        name,
    };
    let create = |work: &mut domain::UnitOfWork| {
        catalogue::create_category(work, &created)?;
        Ok(CategoryAnswer { category_id })
    };
    let accepted = commands.execute(&context, create).await?;
    Ok(answer::created(accepted, |answer| {
        format!("/api/categories/{}", answer.category_id)
    }))
}

/// The name's ASCII letters and digits, with a dash for whatever stands between them.
fn slug_of(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_of_the_name() {
        assert_eq!(slug_of("  Mugs & Cups (new) "), "mugs-cups-new");
        assert_eq!(slug_of("茶"), "");
    }
}
