//! `PUT /api/products/{id}/reviews/mine`: the caller's review of a product, new or edited.

use axum::extract::State;
use domain::review::{Review, review_id};
use domain::reviews::{self, PutReview};
use events::account::Role;
use events::ids::{AccountId, ProductId};
use events::review::{Rating, ReviewContent};
use events::sealed::Sealed;
use executor::CommandContext;
use serde::Deserialize;
use utoipa::ToSchema;
use web::position::Accepted;
use web::{Caller, Path, Problem};

use crate::accounts;
use crate::answer;
use crate::body::ReviewAnswer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::personal_data::PersonalData;
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, Unauthenticated};
use crate::validation::{Checks, NAME_MAX_CHARS, REVIEW_MAX_CHARS, REVIEW_TITLE_MAX_CHARS};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutReviewBody {
    /// In stars.
    #[schema(value_type = u8, minimum = 1, maximum = 5)]
    rating: Rating,
    title: Option<String>,
    text: Option<String>,
    /// What to call the author beside it; the account's first name, if missing.
    author: Option<String>,
}

/// Reviews a product
///
/// Each customer has one review of each product; a second one takes the place of the first. Whether it is of a verified
/// purchase the shop finds out by itself. 404 `product_not_found`; 409 `own_product` for the seller.
#[utoipa::path(
    put, path = "/api/products/{id}/reviews/mine", tag = "reviews", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The product."), CommandHeaders), request_body = PutReviewBody,
    responses((status = 200, body = ReviewAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.put_review", skip_all)]
pub async fn put_review(
    caller: Caller,
    Path(product_id): Path<ProductId>,
    State(commands): State<Commands>,
    State(personal_data): State<PersonalData>,
    incoming: Incoming<PutReviewBody>,
) -> Result<Accepted<ReviewAnswer>, ApiError> {
    caller.require(Role::Customer)?;
    let context = commands.context(Some(caller.account), &incoming);
    let rating = incoming.body.rating;
    let mut content = incoming.body.check()?;
    if content.author.is_none() {
        let (_, profile) = accounts::read(&commands, &personal_data, &context, caller.account).await?;
        content.author = Some(profile.first_name).filter(|name| !name.is_empty());
    }
    let command = PutReview {
        product_id,
        author: caller.account,
        rating,
        content: seal(
            &commands,
            &personal_data,
            &context,
            (product_id, caller.account),
            &content,
        )
        .await?,
        at: context.now,
    };
    let put = |work: &mut domain::UnitOfWork| {
        let review_id = reviews::put_review(work, &command)?;
        Ok(ReviewAnswer { review_id })
    };
    Ok(answer::ok(commands.execute(&context, put).await?))
}

impl PutReviewBody {
    fn check(self) -> Result<ReviewContent, Problem> {
        let mut checks = Checks::default();
        let content = ReviewContent {
            author: checks.optional_line("author", self.author, NAME_MAX_CHARS),
            title: checks.optional_line("title", self.title, REVIEW_TITLE_MAX_CHARS),
            text: checks.optional_text("text", self.text, REVIEW_MAX_CHARS),
        };
        checks.done()?;
        Ok(content)
    }
}

/// What is sealed anew looks different each time: what says the same as before stays as it was sealed before, so that the
/// aggregate sees that nothing has changed.
async fn seal(
    commands: &Commands,
    personal_data: &PersonalData,
    context: &CommandContext,
    (product_id, author): (ProductId, AccountId),
    content: &ReviewContent,
) -> Result<Sealed, ApiError> {
    let review = commands
        .inspect(context, |work| work.read::<Review>(review_id(product_id, author)))
        .await?;
    if let Some(posted) = review.posted() {
        let before = personal_data.open_review(author, &posted.content).await?;
        if before.as_ref() == Some(content) {
            return Ok(posted.content.clone());
        }
    }
    personal_data.seal_review(author, content).await
}
