//! How an amount divides among categories: what was sold, given back or written off, each by the category that its product
//! had when it was sold. The parts always come to the whole.

use std::collections::HashMap;

use events::Event;
use events::credit_note::CreditNoteIssued;
use events::envelope::Position;
use events::ids::{CategoryId, ProductId, RefundId};
use events::order::{OrderEvent, OrderPaid, SoldLine};
use events::product::ProductEvent;

use super::Told;

/// The slugs of the categories that a day's figures name; they never change.
pub(in crate::chain) type Slugs = HashMap<CategoryId, String>;

/// One category's part of an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Empty for what belongs to none.
    pub slug: String,
    pub minor: i64,
    pub units: u64,
}

/// The categories that an event and the events of its other stream name.
pub(in crate::chain) fn categories_of(event: &Event, others: &[Told]) -> Vec<CategoryId> {
    let told = others.iter().map(|(_, event)| event).chain([event]);
    told.flat_map(named_by).collect()
}

fn named_by(event: &Event) -> Vec<CategoryId> {
    match event {
        Event::Order(OrderEvent::OrderPlaced(placed)) => {
            placed.lines.iter().filter_map(|line| line.category).collect()
        }
        Event::CreditNote(events::credit_note::CreditNoteEvent::CreditNoteIssued(issued)) => issued
            .origins
            .iter()
            .filter_map(|origin| origin.category)
            .collect(),
        Event::Product(ProductEvent::ProductAdded(added)) => added.category.into_iter().collect(),
        Event::Product(ProductEvent::ProductDetailsChanged(changed)) => {
            changed.category.into_iter().collect()
        }
        _ => vec![],
    }
}

/// Of a sale, by what the order's own stream tells of its lines.
pub(super) fn of_sale(paid: &OrderPaid, order: &[Told], slugs: &Slugs) -> Vec<Part> {
    let lines = by_category(&paid.lines, &categories_of_order(order), slugs);
    divided(paid.total.amount_minor(), lines)
}

/// Of a refund: among what came back with it, or among all that was sold.
pub(super) fn of_refund(minor: i64, refund_id: RefundId, order: &[Told], slugs: &Slugs) -> Vec<Part> {
    let returned = order.iter().find_map(|(_, event)| match event {
        Event::Order(OrderEvent::OrderReturned(returned)) if returned.refund_id == refund_id => {
            Some(&returned.lines)
        }
        _ => None,
    });
    let sold = || {
        order.iter().find_map(|(_, event)| match event {
            Event::Order(OrderEvent::OrderPaid(paid)) => Some(&paid.lines),
            _ => None,
        })
    };
    let lines = returned.or_else(sold).map_or(&[][..], Vec::as_slice);
    divided(minor, by_category(lines, &categories_of_order(order), slugs))
}

pub(super) fn of_credit_note(issued: &CreditNoteIssued, slugs: &Slugs) -> Vec<Part> {
    let origins = issued.origins.iter();
    let categories = origins
        .filter_map(|origin| Some((origin.product_id, origin.category?)))
        .collect();
    divided(
        issued.total.amount_minor(),
        by_category(&issued.lines, &categories, slugs),
    )
}

/// All of it is of the category that the product had just before this position.
pub(super) fn of_product(minor: i64, product: &[Told], before: Position, slugs: &Slugs) -> Vec<Part> {
    let mut category = None;
    for (_, event) in product.iter().filter(|(position, _)| *position < before) {
        match event {
            Event::Product(ProductEvent::ProductAdded(added)) => category = added.category,
            Event::Product(ProductEvent::ProductDetailsChanged(changed)) => category = changed.category,
            _ => {}
        }
    }
    let slug = category.and_then(|id| slugs.get(&id)).cloned();
    vec![Part {
        slug: slug.unwrap_or_default(),
        minor,
        units: 0,
    }]
}

fn categories_of_order(order: &[Told]) -> HashMap<ProductId, CategoryId> {
    let lines = order.iter().flat_map(|(_, event)| match event {
        Event::Order(OrderEvent::OrderPlaced(placed)) => placed.lines.as_slice(),
        _ => &[],
    });
    lines
        .filter_map(|line| Some((line.product_id, line.category?)))
        .collect()
}

fn by_category(lines: &[SoldLine], categories: &HashMap<ProductId, CategoryId>, slugs: &Slugs) -> Vec<Part> {
    let part = |line: &SoldLine| {
        let slug = categories.get(&line.product_id).and_then(|id| slugs.get(id));
        Part {
            slug: slug.cloned().unwrap_or_default(),
            minor: line.amount.amount_minor(),
            units: line.quantity.into(),
        }
    };
    lines.iter().map(part).collect()
}

/// The same categories with parts that come to `whole`: as they are if they do, else in proportion, where what is lost by
/// rounding in one falls to the next.
fn divided(whole: i64, parts: Vec<Part>) -> Vec<Part> {
    let sum: i128 = parts.iter().map(|part| i128::from(part.minor.max(0))).sum();
    if sum == 0 {
        let units = parts.iter().map(|part| part.units).sum();
        return vec![Part {
            slug: String::new(),
            minor: whole,
            units,
        }];
    }
    let (mut weight, mut given) = (0, 0);
    let share = |part: Part| {
        weight += i128::from(part.minor.max(0));
        let upto = i128::from(whole) * weight / sum;
        // Proof: between 0 and `whole`.
        let minor = i64::try_from(upto - given).unwrap_or_default();
        given = upto;
        Part { minor, ..part }
    };
    parts.into_iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(slug: &str, minor: i64) -> Part {
        Part {
            slug: slug.to_owned(),
            minor,
            units: 1,
        }
    }

    #[test]
    fn a_part_is_what_its_lines_are_where_they_come_to_the_whole() {
        let parts = vec![part("a", 3), part("", 4), part("b", 0)];
        assert_eq!(divided(7, parts.clone()), parts);
        assert_eq!(divided(5, vec![part("a", 0), part("b", 0)]).len(), 1);
    }

    proptest! {
        /// To the penny, and none below zero.
        #[test]
        fn parts_come_to_the_whole(
            whole in 0..1_000_000_i64,
            weights in proptest::collection::vec(0..10_000_i64, 0..20),
        ) {
            let parts = divided(whole, weights.into_iter().map(|minor| part("x", minor)).collect());
            prop_assert!(parts.iter().all(|part| part.minor >= 0));
            prop_assert_eq!(parts.iter().map(|part| part.minor).sum::<i64>(), whole);
        }
    }
}
