//! The reviews of a product, newest or best first.

use chrono::{DateTime, Utc};
use events::ids::{AccountId, ProductId, ReviewId};
use events::review::Rating;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::statement::Statement;
use crate::reviews::{POSTED, Review};
use crate::store::StoreError;

/// How a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ReviewOrder {
    /// The latest posted first.
    #[default]
    #[serde(rename = "newest")]
    Newest,
    /// The best first, and of those that are equal the newest.
    #[serde(rename = "rating")]
    Best,
}

/// Who looks: what staff have hidden isn't for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Anybody,
    /// Sees their own, hidden or not.
    Account(AccountId),
    /// Sees all.
    Staff,
}

/// Which reviews to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewFilter {
    pub product: ProductId,
    /// Those with this rating only.
    pub rating: Option<Rating>,
    pub reader: Reader,
}

/// A review's place in a list of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewPlace {
    Newest(DateTime<Utc>, ReviewId),
    Best(Rating, DateTime<Utc>, ReviewId),
}

impl ReviewPlace {
    /// Which order it is a place in.
    pub fn order(&self) -> ReviewOrder {
        match self {
            Self::Newest(..) => ReviewOrder::Newest,
            Self::Best(..) => ReviewOrder::Best,
        }
    }
}

/// Up to `limit` reviews that come after `after`, which must be a place in the same order. All of them are posted.
pub async fn reviews(
    conn: &mut AnyConnection,
    filter: ReviewFilter,
    order: ReviewOrder,
    after: Option<&ReviewPlace>,
    limit: i64,
) -> Result<Vec<Review>, StoreError> {
    list(filter, order, after, limit).rows(conn).await
}

pub(super) fn list(
    filter: ReviewFilter,
    order: ReviewOrder,
    after: Option<&ReviewPlace>,
    limit: i64,
) -> Statement {
    let mut statement = Statement::select::<Review>();
    statement.sql("product_id = ").text(filter.product);
    statement.sql(" AND state = ").text(POSTED);
    if let Some(rating) = filter.rating {
        statement.sql(" AND rating = ").int(rating.stars().into());
    }
    match filter.reader {
        Reader::Anybody => {
            statement.sql(" AND hidden_reason IS NULL");
        }
        Reader::Account(account) => {
            statement
                .sql(" AND (hidden_reason IS NULL OR author = ")
                .text(account);
            statement.sql(")");
        }
        Reader::Staff => {}
    }
    match after {
        Some(ReviewPlace::Newest(posted_at, id)) => {
            statement
                .sql(" AND (posted_at, review_id) < (")
                .int(posted_at.timestamp_micros());
            statement.sql(", ").text(id).sql(")");
        }
        Some(ReviewPlace::Best(rating, posted_at, id)) => {
            statement
                .sql(" AND (rating, posted_at, review_id) < (")
                .int(rating.stars().into());
            statement.sql(", ").int(posted_at.timestamp_micros());
            statement.sql(", ").text(id).sql(")");
        }
        None => {}
    }
    let order = match order {
        ReviewOrder::Newest => " ORDER BY posted_at DESC, review_id DESC LIMIT ",
        ReviewOrder::Best => " ORDER BY rating DESC, posted_at DESC, review_id DESC LIMIT ",
    };
    statement.sql(order).int(limit);
    statement
}
