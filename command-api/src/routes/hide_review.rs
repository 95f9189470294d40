//! `POST /api/reviews/{id}/hide`: staff take a review out of everybody's sight.

use axum::extract::State;
use domain::reviews;
use events::ids::ReviewId;
use web::position::Accepted;
use web::{Caller, Path};

use crate::body::{ReasonBody, ReviewAnswer};
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::moderation::moderate;
use crate::problems::{CommandHeaders, Forbidden, NotFound, Rejected, Unauthenticated};

/// Hides a review
///
/// Its author still sees it, with the reason, and it no longer counts in the product's rating, whatever the author makes of
/// it. Hiding twice changes nothing.
#[utoipa::path(
    post, path = "/api/reviews/{id}/hide", tag = "reviews", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The review."), CommandHeaders), request_body = ReasonBody,
    responses((status = 200, body = ReviewAnswer), Rejected, Unauthenticated, Forbidden, NotFound)
)]
#[tracing::instrument(name = "command.hide_review", skip_all)]
pub async fn hide_review(
    caller: Caller,
    Path(review_id): Path<ReviewId>,
    State(commands): State<Commands>,
    incoming: Incoming<ReasonBody>,
) -> Result<Accepted<ReviewAnswer>, ApiError> {
    moderate(&commands, &caller, review_id, incoming, reviews::hide_review).await
}
