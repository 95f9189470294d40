//! Reviews, from their own events and from the orders' payments: these alone tell whether somebody has bought what they
//! write about, whether they did before or do after.

use std::collections::BTreeSet;

use events::Event;
use events::ids::{AccountId, ProductId};
use events::order::{OrderEvent, SoldLine};
use events::review::{Rating, ReviewEvent};
use read_models::reviews::{PostedReview, Review};
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct Reviews;

impl Projection for Reviews {
    const VIEW: ViewName = ViewName::Reviews;
    type Row = Review;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<(ProductId, AccountId)> {
        if let Event::Review(event) = event {
            return vec![(event.product_id(), event.author())];
        }
        let Some((customer, lines, _)) = purchase(event) else {
            return Vec::new();
        };
        // A product may stand in several lines.
        let products: BTreeSet<_> = lines.iter().map(|line| line.product_id).collect();
        products.into_iter().map(|product| (product, customer)).collect()
    }

    fn apply(
        (product_id, author): &(ProductId, AccountId),
        row: Option<Review>,
        fact: &Fact,
        _: &mut Vec<NoEntries>,
    ) -> Option<Review> {
        let mut review = row.unwrap_or_else(|| Review::new(*product_id, *author));
        match &fact.event {
            Event::Review(event) => {
                change(&mut review, event);
                review.version = fact.version;
            }
            event => {
                if let Some((_, lines, sign)) = purchase(event) {
                    let of_product = lines.iter().filter(|line| line.product_id == *product_id);
                    let units: i64 = of_product.map(|line| i64::from(line.quantity)).sum();
                    review.purchased = review.purchased.saturating_add(sign * units);
                }
            }
        }
        review.position = fact.position;
        (!review.is_empty()).then_some(review)
    }
}

/// Who paid for what, or got it back because the order was cancelled after all, with the sign with which it counts. What
/// was delivered and returned was bought.
fn purchase(event: &Event) -> Option<(AccountId, &[SoldLine], i64)> {
    match event {
        Event::Order(OrderEvent::OrderPaid(e)) => Some((e.customer?, &e.lines, 1)),
        Event::Order(OrderEvent::OrderCancelled(e)) => Some((e.customer?, &e.reversed, -1)),
        _ => None,
    }
}

fn change(review: &mut Review, event: &ReviewEvent) {
    match event {
        ReviewEvent::ReviewPosted(e) => {
            review.posted = Some(PostedReview {
                id: e.review_id,
                rating: e.rating,
                content: e.content.clone(),
                posted_at: e.posted_at,
                edited_at: None,
            });
        }
        ReviewEvent::ReviewEdited(e) => {
            if let Some(posted) = &mut review.posted {
                posted.rating = e.rating;
                posted.content = e.content.clone();
                posted.edited_at = Some(e.edited_at);
            }
        }
        ReviewEvent::ReviewRemoved(_) => review.posted = None,
        ReviewEvent::ReviewHidden(e) => review.hidden_reason = Some(e.reason.clone()),
        ReviewEvent::ReviewRestored(_) => review.hidden_reason = None,
    }
}

/// What an event does to the ratings that everybody sees: one no longer counts, another does from now on.
pub fn counted(event: &ReviewEvent) -> (Option<Rating>, Option<Rating>) {
    match event {
        ReviewEvent::ReviewPosted(e) => (None, (!e.hidden).then_some(e.rating)),
        ReviewEvent::ReviewEdited(e) if e.hidden => (None, None),
        ReviewEvent::ReviewEdited(e) => (Some(e.was), Some(e.rating)),
        ReviewEvent::ReviewRemoved(e) => ((!e.hidden).then_some(e.was), None),
        ReviewEvent::ReviewHidden(e) => (Some(e.rating), None),
        ReviewEvent::ReviewRestored(e) => (None, Some(e.rating)),
    }
}
