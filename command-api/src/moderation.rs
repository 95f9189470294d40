//! What staff do to a review, whether they take it out of sight or bring it back: only the decision differs.

use chrono::{DateTime, Utc};
use domain::{Decision, UnitOfWork};
use events::account::Role;
use events::ids::ReviewId;
use web::Caller;
use web::position::Accepted;

use crate::answer;
use crate::body::{ReasonBody, ReviewAnswer};
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;

/// Decides on the review, for this reason, at this moment.
pub type Moderation = fn(&mut UnitOfWork, ReviewId, &str, DateTime<Utc>) -> Decision<()>;

/// 403 `role_required` for who isn't staff; 422 for a reason that is missing or too long.
pub async fn moderate(
    commands: &Commands,
    caller: &Caller,
    review_id: ReviewId,
    incoming: Incoming<ReasonBody>,
    decide: Moderation,
) -> Result<Accepted<ReviewAnswer>, ApiError> {
    caller.require(Role::Staff)?;
    let context = commands.context(Some(caller.account), &incoming);
    let reason = incoming.body.check()?;
    let moderate = |work: &mut UnitOfWork| {
        decide(work, review_id, &reason, context.now)?;
        Ok(ReviewAnswer { review_id })
    };
    Ok(answer::ok(commands.execute(&context, moderate).await?))
}
