//! Figures out of events, and which days are due.

mod story;

use events::chain::{DailyReportDelivered, DailyReportRequested};
use events::ids::{AccountId, OrderId, PaymentId, ProductId, RefundId};
use events::order::{OrderPaid, SoldLine};
use uuid::Uuid;

use super::*;
use story::*;

#[test]
fn a_sale_counts_on_the_day_of_its_payment_by_the_branchs_clock() {
    let mut shop = Shop::opened_on("2026-07-01T08:00:00Z");
    shop.sells("2026-07-01T10:00:00Z", 500, 2);
    // Half past midnight in London.
    shop.sells("2026-07-01T23:30:00Z", 70, 1);
    let found = shop.reports("2026-07-03T08:00:00Z");
    let expected = [
        line("2026-07-01", figures(500, 0, 1, 2)),
        line("2026-07-02", figures(70, 0, 1, 1)),
    ];
    assert_eq!(found, expected);
    assert_eq!(shop.reports("2026-07-03T08:00:01Z"), []);
}

#[test]
fn a_refund_counts_on_the_day_of_the_sale_and_corrects_it() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    shop.sells("2026-01-01T10:00:00Z", 500, 1);
    shop.reports("2026-01-02T08:00:00Z");
    shop.refunds("2026-01-02T09:00:00Z", 200, Some("2026-01-01T10:00:00Z"));
    assert_eq!(
        shop.reports("2026-01-02T09:00:01Z"),
        [line("2026-01-01", figures(500, 200, 1, 1))]
    );
    // A charge that came after its order was cancelled goes back, and was never earned.
    shop.refunds("2026-01-02T09:00:00Z", 500, None);
    assert_eq!(shop.reports("2026-01-02T09:00:02Z"), []);
}

#[test]
fn credit_notes_and_what_is_written_off_count_on_their_own_day() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    shop.sees("2026-01-01T09:00:00Z", credited("2026-01-01T09:00:00Z", 50), &[]);
    shop.sees("2026-01-01T09:00:00Z", adjusted(-2), &product(None));
    // What a count finds, and what is a seller's, is none of the shop's losses.
    shop.sees("2026-01-01T09:00:00Z", adjusted(5), &[]);
    shop.sees(
        "2026-01-01T09:00:00Z",
        adjusted(-2),
        &product(Some(AccountId::default())),
    );
    assert_eq!(
        shop.reports("2026-01-02T08:00:00Z"),
        [line("2026-01-01", figures(0, 250, 0, 0))]
    );
}

#[test]
fn units_are_written_off_at_the_price_of_their_moment() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    shop.position = 1_000;
    shop.sees("2026-01-01T09:00:00Z", adjusted(-2), &product(None));
    assert_eq!(
        shop.reports("2026-01-02T08:00:00Z"),
        [line("2026-01-01", figures(0, 600, 0, 0))]
    );
}

#[test]
fn a_day_without_sales_is_reported_too_and_once() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    let none = || figures(0, 0, 0, 0);
    let found = shop.reports("2026-01-03T08:00:00Z");
    assert_eq!(found, [line("2026-01-01", none()), line("2026-01-02", none())]);
    assert_eq!(shop.reports("2026-01-03T08:00:01Z"), []);
}

#[test]
fn today_is_due_at_its_time_and_what_comes_after_when_it_is_over() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    shop.sells("2026-01-01T10:00:00Z", 500, 1);
    assert_eq!(shop.reports("2026-01-01T23:54:59Z"), []);
    let first = [line("2026-01-01", figures(500, 0, 1, 1))];
    assert_eq!(shop.reports("2026-01-01T23:55:00Z"), first);
    shop.sells("2026-01-01T23:57:00Z", 20, 1);
    assert_eq!(shop.reports("2026-01-01T23:57:01Z"), []);
    let whole = [line("2026-01-01", figures(520, 0, 2, 2))];
    assert_eq!(shop.reports("2026-01-02T00:00:00Z"), whole);
}

#[test]
fn a_day_that_is_asked_for_is_due_at_once_whether_or_not_it_has_changed() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    let request = || {
        let requested = DailyReportRequested {
            day: day("2026-01-01"),
            requested_at: at("2026-01-01T12:00:00Z"),
        };
        OutgoingReportEvent::from(requested)
    };
    for _ in 0..2 {
        shop.sees("2026-01-01T12:00:00Z", request(), &[]);
        let found = shop.reports("2026-01-01T12:00:01Z");
        assert_eq!(found, [line("2026-01-01", figures(0, 0, 0, 0))]);
        assert_eq!(shop.reports("2026-01-01T12:00:02Z"), []);
    }
    // Nothing has changed since: at its time there is nothing new to tell.
    assert_eq!(shop.reports("2026-01-01T23:55:00Z"), []);
}

#[test]
fn each_currency_has_a_report_of_its_own() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    let euros = Money::new(900, "EUR".parse().unwrap());
    shop.sees(
        "2026-01-01T10:00:00Z",
        paid("2026-01-01T10:00:00Z", euros, 1),
        &[],
    );
    let found = shop.book.due(at("2026-01-02T08:00:00Z"));
    let revenues: Vec<_> = found
        .iter()
        .map(|(_, figures)| figures.revenue.to_string())
        .collect();
    assert_eq!(revenues, ["9.00 EUR", "0.00 GBP"]);
}

#[test]
fn the_last_delivery_is_remembered() {
    let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
    assert_eq!(shop.book.delivered_at(), None);
    let delivered = DailyReportDelivered {
        day: day("2026-01-01"),
        currency: Currency::GBP,
        revision: 1,
        delivered_at: at("2026-01-02T00:00:05Z"),
    };
    shop.sees("2026-01-02T00:00:05Z", OutgoingReportEvent::from(delivered), &[]);
    assert_eq!(shop.book.delivered_at(), Some(at("2026-01-02T00:00:05Z")));
}

mod by_category {
    use events::category::CategoryCreated;
    use events::ids::CategoryId;
    use events::order::{OrderEvent, OrderLine, OrderPlaced, OrderReturned};
    use events::sealed::Sealed;

    use super::*;

    const LINES: [(&str, u128, i64); 3] = [("MUG", 1, 700), ("PLATE", 2, 1_000), ("STRING", 0, 300)];

    fn id(n: u128) -> CategoryId {
        CategoryId(Uuid::from_u128(n))
    }

    fn product_id(n: u128) -> ProductId {
        ProductId(Uuid::from_u128(0xA0 + n))
    }

    fn sold((sku, product, minor): (&str, u128, i64)) -> SoldLine {
        SoldLine {
            sku: Sku::new(sku).unwrap(),
            product_id: product_id(product),
            quantity: 1,
            amount: pence(minor),
        }
    }

    /// A mug of the kitchen, a plate of the garden, and a string of no category.
    fn order() -> Vec<Told> {
        let line = |(sku, product, minor): (&str, u128, i64)| OrderLine {
            sku: Sku::new(sku).unwrap(),
            product_id: product_id(product),
            name: sku.to_owned(),
            category: Some(id(product)).filter(|_| product > 0),
            seller: None,
            quantity: 1,
            unit_price: pence(minor),
        };
        let placed = OrderPlaced {
            order_id: OrderId::default(),
            customer: None,
            contact: Sealed(String::new()),
            lines: LINES.into_iter().map(line).collect(),
            total: pence(2_000),
            country: "GB".to_owned(),
            payment_id: PaymentId::default(),
            placed_at: at("2026-01-01T09:00:00Z"),
            expires_at: None,
            reference: None,
            historical: false,
        };
        vec![(1, Event::Order(placed.into())), (2, sale())]
    }

    fn sale() -> Event {
        let paid = OrderPaid {
            order_id: OrderId::default(),
            customer: None,
            payment_id: PaymentId::default(),
            country: "GB".to_owned(),
            lines: LINES.into_iter().map(sold).collect(),
            total: pence(2_000),
            paid_at: at("2026-01-01T09:00:00Z"),
        };
        Event::Order(paid.into())
    }

    fn shop() -> Shop {
        let mut shop = Shop::opened_on("2026-01-01T08:00:00Z");
        shop.slugs = [(id(1), "kitchen".to_owned()), (id(2), "garden".to_owned())].into();
        shop.sees("2026-01-01T09:00:00Z", sale(), &order());
        shop
    }

    fn told(shop: &mut Shop) -> Vec<(String, i64, i64, u64)> {
        let (_, figures) = shop.reports("2026-01-02T08:00:00Z").remove(0);
        let categories = figures.categories.into_iter();
        categories
            .map(|one| {
                let (revenue, loss) = (one.revenue.amount_minor(), one.loss.amount_minor());
                (one.slug, revenue, loss, one.units)
            })
            .collect()
    }

    fn rows(expected: [(&str, i64, i64, u64); 3]) -> Vec<(String, i64, i64, u64)> {
        let rows = expected.into_iter();
        rows.map(|(slug, revenue, loss, units)| (slug.to_owned(), revenue, loss, units))
            .collect()
    }

    #[test]
    fn a_sale_counts_by_the_category_of_each_line() {
        let expected = [("", 300, 0, 1), ("garden", 1_000, 0, 1), ("kitchen", 700, 0, 1)];
        assert_eq!(told(&mut shop()), rows(expected));
    }

    #[test]
    fn what_came_back_is_lost_where_it_was_sold_and_a_refund_without_goods_everywhere() {
        let mut shop = shop();
        let refund = || refunded(Purpose::Order(OrderId::default()), pence(100));
        // A tenth of each.
        shop.sees(
            "2026-01-01T10:00:00Z",
            refunded(Purpose::Order(OrderId::default()), pence(200)),
            &order(),
        );
        let returned = OrderReturned {
            order_id: OrderId::default(),
            customer: None,
            country: "GB".to_owned(),
            lines: vec![sold(LINES[1])],
            total: pence(1_000),
            refund_id: RefundId::default(),
            reason: String::new(),
            returned_at: at("2026-01-01T11:00:00Z"),
        };
        let mut story = order();
        story.push((3, Event::Order(OrderEvent::from(returned))));
        shop.sees("2026-01-01T11:00:00Z", refund(), &story);
        let expected = [
            ("", 300, 30, 1),
            ("garden", 1_000, 200, 1),
            ("kitchen", 700, 70, 1),
        ];
        assert_eq!(told(&mut shop), rows(expected));
    }

    #[test]
    fn the_categories_that_an_order_names_are_looked_up() {
        let named = categories_of(&sale(), &order());
        assert_eq!(named, [id(1), id(2)]);
        let created = CategoryCreated {
            category_id: id(1),
            parent: None,
            name: "Kitchen".to_owned(),
            slug: "kitchen".to_owned(),
        };
        let created = Event::Category(events::category::CategoryEvent::from(created));
        assert_eq!(categories_of(&created, &[]), []);
    }

    #[test]
    fn a_kept_book_goes_on_as_it_was_and_one_of_another_clock_is_of_no_use() {
        let mut shop = shop();
        assert_eq!(shop.reports("2026-01-02T08:00:00Z").len(), 1);
        shop.sells("2026-01-02T10:00:00Z", 500, 1);
        let text = serde_json::to_string(&shop.book.keep()).unwrap();
        let kept = || serde_json::from_str(&text).unwrap();
        let calendar = shop.book.calendar;
        let resumed = DayBook::resume(kept(), calendar, Currency::GBP).unwrap();
        assert_eq!(format!("{resumed:?}"), format!("{:?}", shop.book));
        let elsewhere = Calendar {
            zone: chrono_tz::Asia::Tokyo,
            ..calendar
        };
        assert!(DayBook::resume(kept(), elsewhere, Currency::GBP).is_none());
        assert!(DayBook::resume(kept(), calendar, "EUR".parse().unwrap()).is_none());
    }
}
