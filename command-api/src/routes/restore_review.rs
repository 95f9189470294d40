//! `POST /api/reviews/{id}/restore`: staff let everybody see a review again.

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

/// Restores a review
///
/// Restoring what isn't hidden changes nothing.
#[utoipa::path(
    post, path = "/api/reviews/{id}/restore", tag = "reviews", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The review."), CommandHeaders), request_body = ReasonBody,
    responses((status = 200, body = ReviewAnswer), Rejected, Unauthenticated, Forbidden, NotFound)
)]
#[tracing::instrument(name = "command.restore_review", skip_all)]
pub async fn restore_review(
    caller: Caller,
    Path(review_id): Path<ReviewId>,
    State(commands): State<Commands>,
    incoming: Incoming<ReasonBody>,
) -> Result<Accepted<ReviewAnswer>, ApiError> {
    moderate(&commands, &caller, review_id, incoming, reviews::restore_review).await
}
