//! `GET /api/products/{id}/reviews`: what people say of a product. Texts are opened here, for those who may see them.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use events::ids::{ProductId, ReviewId};
use events::review::{Rating, ReviewContent};
use read_models::ViewName;
use read_models::products::{Product, ProductStatus};
use read_models::query::products;
use read_models::query::reviews::{self, Reader, ReviewFilter, ReviewOrder, ReviewPlace};
use read_models::ratings::AverageRating;
use read_models::reviews::{PostedReview, Review};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use web::paging::{Limit, Page, decode_cursor, invalid_cursor};
use web::position::MinPosition;
use web::{Caller, OptionalCaller, Path, Problem, Query};

use super::{Missing, QueryHeaders, Unanswered};
use crate::answer;
use crate::errors::store_failed;
use crate::personal_data::PersonalData;
use crate::reads::{Picture, Reads};

const VIEWS: &[ViewName] = &[ViewName::Reviews, ViewName::Products];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// `newest` (by default), or `rating`: the best first.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    sort: ReviewOrder,
    /// Only those with so many stars.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 5)]
    rating: Option<Rating>,
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
    cursor: Option<String>,
}

/// The reviews of a product, and what all of them that everybody sees come to.
#[derive(Serialize, ToSchema)]
pub struct ReviewsAnswer {
    /// In stars; null without a review.
    #[schema(value_type = Option<f64>)]
    average_rating: Option<AverageRating>,
    review_count: u64,
    rating_counts: RatingCounts,
    items: Vec<ReviewItem>,
    /// For `?cursor=…` of the next page; null on the last one.
    next_cursor: Option<String>,
}

/// How many reviews there are of each rating, in stars.
#[derive(Serialize, ToSchema)]
pub struct RatingCounts {
    #[serde(rename = "1")]
    one: u64,
    #[serde(rename = "2")]
    two: u64,
    #[serde(rename = "3")]
    three: u64,
    #[serde(rename = "4")]
    four: u64,
    #[serde(rename = "5")]
    five: u64,
}

/// A review. The texts are null where the author gave none, or was erased.
#[derive(Serialize, ToSchema)]
pub struct ReviewItem {
    #[schema(value_type = Uuid)]
    id: ReviewId,
    /// 1 to 5 stars.
    #[schema(value_type = u8)]
    rating: Rating,
    /// What the author is called.
    author: Option<String>,
    title: Option<String>,
    text: Option<String>,
    /// Whether the author has bought the product here.
    verified_purchase: bool,
    /// Whether it is the caller's own.
    mine: bool,
    posted_at: DateTime<Utc>,
    edited_at: Option<DateTime<Utc>>,
    /// Whether staff hide it: then staff and its author alone see it.
    hidden: bool,
    hidden_reason: Option<String>,
}

/// What a query that anybody may ask answers to somebody who isn't who they say.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "for the documentation; problems are made in `web`")]
enum BadToken {
    /// The token isn't good: `token_expired`, `token_invalid`.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(web::problem::ProblemDocument),
}

/// The reviews of a product
///
/// What staff have hidden is shown to staff and to its author.
#[utoipa::path(
    get, path = "/api/products/{id}/reviews", tag = "reviews", security((), ("bearer" = [])),
    params(("id" = Uuid, Path), ListParams, QueryHeaders),
    responses((status = 200, body = ReviewsAnswer), Unanswered, BadToken, Missing)
)]
pub async fn list(
    OptionalCaller(caller): OptionalCaller,
    Path(product_id): Path<ProductId>,
    Query(params): Query<ListParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(personal_data): State<PersonalData>,
) -> Result<Response, Problem> {
    let after: Option<ReviewPlace> = params.cursor.as_deref().map(decode_cursor).transpose()?;
    if after.as_ref().is_some_and(|place| place.order() != params.sort) {
        return Err(invalid_cursor());
    }
    let filter = ReviewFilter {
        product: product_id,
        rating: params.rating,
        reader: reader(caller.as_ref()),
    };
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let product = products::product(snapshot.conn(), product_id)
        .await
        .map_err(store_failed)?;
    let product = product
        .filter(|product| product.document.status == ProductStatus::Active)
        .ok_or_else(Problem::not_found)?;
    let limit = params.limit.with_lookahead();
    let found = reviews::reviews(snapshot.conn(), filter, params.sort, after.as_ref(), limit).await;
    drop(snapshot);
    let found = found.map_err(store_failed)?.into_iter();
    let posted = found.filter_map(|mut review| Some((review.posted.take()?, review)));
    let page = Page::cut(posted.collect(), params.limit, |(posted, _)| {
        place(params.sort, posted)
    });
    let sealed: Vec<_> = page
        .items
        .iter()
        .map(|(posted, review)| (review.author, &posted.content))
        .collect();
    let mut contents = personal_data.reviews(&sealed).await?.into_iter();
    let page = page.map(|(posted, review)| {
        let content = contents.next().flatten();
        item(&posted, review, content, caller.as_ref())
    });
    let answer = summed_up(&product, page);
    match caller {
        Some(_) => answer::private(&headers, position, &answer),
        None => answer::public(&headers, position, &answer),
    }
}

fn reader(caller: Option<&Caller>) -> Reader {
    match caller {
        Some(caller) if caller.is_staff() => Reader::Staff,
        Some(caller) => Reader::Account(caller.account),
        None => Reader::Anybody,
    }
}

fn place(order: ReviewOrder, posted: &PostedReview) -> ReviewPlace {
    match order {
        ReviewOrder::Newest => ReviewPlace::Newest(posted.posted_at, posted.id),
        ReviewOrder::Best => ReviewPlace::Best(posted.rating, posted.posted_at, posted.id),
    }
}

fn item(
    posted: &PostedReview,
    review: Review,
    content: Option<ReviewContent>,
    caller: Option<&Caller>,
) -> ReviewItem {
    let (author, title, text) = match content {
        Some(content) => (content.author, content.title, content.text),
        None => (None, None, None),
    };
    ReviewItem {
        id: posted.id,
        rating: posted.rating,
        author,
        title,
        text,
        verified_purchase: review.is_verified(),
        mine: caller.is_some_and(|caller| caller.account == review.author),
        posted_at: posted.posted_at,
        edited_at: posted.edited_at,
        hidden: review.hidden_reason.is_some(),
        hidden_reason: review.hidden_reason,
    }
}

fn summed_up(product: &Product, page: Page<ReviewItem>) -> ReviewsAnswer {
    let [one, two, three, four, five] = product.ratings.counts();
    ReviewsAnswer {
        average_rating: product.document.average_rating,
        review_count: product.document.review_count,
        rating_counts: RatingCounts {
            one,
            two,
            three,
            four,
            five,
        },
        items: page.items,
        next_cursor: page.next_cursor,
    }
}
