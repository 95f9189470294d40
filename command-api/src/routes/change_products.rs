//! `POST /api/products/bulk`: an admin takes many products off sale, or puts them on sale again.

use axum::extract::State;
use domain::{Authority, Refusal, catalogue};
use events::account::Role;
use events::ids::ProductId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Caller;
use web::position::Accepted;

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Forbidden, Rejected, Unauthenticated};
use crate::validation::Checks;

/// More products than a person ticks off on a page; few enough for one append.
const PRODUCTS_MAX: usize = 200;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkBody {
    /// 1 to 200 of them.
    #[schema(value_type = Vec<Uuid>)]
    ids: Vec<ProductId>,
    action: BulkAction,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// Off sale.
    Archive,
    /// On sale again.
    Activate,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct BulkAnswer {
    /// In the order of the ids.
    results: Vec<BulkResult>,
}

/// What became of one product.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BulkResult {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    /// Whether it is as the action wants it now.
    done: bool,
    /// Why it isn't, such as `product_not_found`.
    code: Option<String>,
    detail: Option<String>,
}

/// Takes products off sale, or puts them on sale again
///
/// All in one step, each with its own result: one that is refused keeps none of the others from it.
#[utoipa::path(
    post, path = "/api/products/bulk", tag = "products", security(("bearer" = [])),
    params(CommandHeaders), request_body = BulkBody,
    responses((status = 200, body = BulkAnswer), Rejected, Unauthenticated, Forbidden)
)]
#[tracing::instrument(name = "command.change_products", skip_all)]
pub async fn change_products(
    caller: Caller,
    State(commands): State<Commands>,
    incoming: Incoming<BulkBody>,
) -> Result<Accepted<BulkAnswer>, ApiError> {
    caller.require(Role::Admin)?;
    let context = commands.context(Some(caller.account), &incoming);
    let BulkBody { ids, action } = incoming.body;
    let mut checks = Checks::default();
    let fits = (1..=PRODUCTS_MAX).contains(&ids.len());
    checks.require(fits, "ids", "id_count", "there are 1 to 200 products");
    checks.done()?;
    let listed = action == BulkAction::Activate;
    let change = |work: &mut domain::UnitOfWork| {
        let results = catalogue::set_listed_each(work, &ids, Authority::Staff, listed)?;
        let result = |(product_id, result): (ProductId, Result<(), domain::DomainError>)| {
            let refusal = result.err();
            BulkResult {
                product_id,
                done: refusal.is_none(),
                code: refusal.as_ref().map(|refusal| refusal.code().to_owned()),
                detail: refusal.map(|refusal| refusal.to_string()),
            }
        };
        let results = results.into_iter().map(result).collect();
        Ok(BulkAnswer { results })
    };
    Ok(answer::ok(commands.execute(&context, change).await?))
}
