//! Figures for reports: what orders, carts and items add to the sums beside their rows.

use chrono::{DateTime, NaiveDate, Utc};
use events::Event;
use events::cart::{CartCheckedOut, CartEvent, CartItemRemoved, CartItemSet};
use events::credit_note::{CreditNoteEvent, CreditNoteIssued, ProductOrigin};
use events::ids::AccountId;
use events::ledger::JournalEntry;
use events::money::Currency;
use events::order::{OrderEvent, SoldLine};
use events::product::{ProductArchived, ProductEvent, ProductRemoved};
use projectors::customers::Customers;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use read_models::customers::CartsOfDay;
use read_models::periods::{Period, Unit};
use read_models::query::Snapshot;
use read_models::query::analytics::{self, Rank, Ranking, Subject};
use read_models::sales_figures::{Dimension, Part, SalesFigures, Scope};

use crate::database::Database;
use crate::sameness::any_event;
use crate::shop::Shop;
use crate::story::*;

/// A day in seconds.
const DAY: i64 = 86_400;

/// Order `n` as `placed` has it: of its products the first is of category 1 and seller 8, the second the shop's own.
pub fn placed_of_sellers(n: u128) -> Event {
    let Event::Order(OrderEvent::OrderPlaced(mut event)) = placed(n) else {
        unreachable!("it is what `placed` makes");
    };
    event.lines[0].category = Some(category(1));
    event.lines[0].seller = Some(account(8));
    Event::Order(OrderEvent::OrderPlaced(event))
}

/// Credit note `n`, of goods of category 1 and seller 8.
pub fn credit_note_of(n: u128, lines: Vec<SoldLine>, when: DateTime<Utc>) -> Event {
    let total = lines.iter().map(|line| line.amount.amount_minor()).sum();
    let origins = lines.iter().map(|line| ProductOrigin {
        product_id: line.product_id,
        category: Some(category(1)),
        seller: Some(account(8)),
    });
    Event::CreditNote(CreditNoteEvent::CreditNoteIssued(CreditNoteIssued {
        credit_note_id: credit_note(n),
        customer: None,
        country: "Spain".to_owned(),
        origins: origins.collect(),
        lines,
        total: gbp(total),
        entry: JournalEntry(Vec::new()),
        reason: "broken".to_owned(),
        reference: None,
        issued_at: when,
    }))
}

/// A shop that has heard this story.
async fn told_shop(story: Vec<Event>) -> Shop {
    let mut shop = Shop::open(Database::Sqlite).await;
    let projector = shop.project();
    let position = shop.record(story).await;
    projector.reach(position).await;
    projector.stop().await;
    shop
}

async fn sum(shop: &Shop, scope: Scope, part: Part, period: &str) -> SalesFigures {
    let mut snapshot = Snapshot::begin(&shop.views).await.unwrap();
    let subject = Subject {
        scope,
        part,
        currency: Currency::GBP,
    };
    analytics::sum(snapshot.conn(), subject, period.parse().unwrap())
        .await
        .unwrap()
}

/// Orders, units, gross; reversals, returned units, refunded.
fn figures(sum: &SalesFigures) -> [i64; 6] {
    [
        sum.orders,
        sum.units,
        sum.gross_minor,
        sum.reversals,
        sum.returned_units,
        sum.refunded_minor,
    ]
}

fn story_of_sales() -> Vec<Event> {
    // 2011-03-13, a Sunday, is the day of `at(0)`.
    vec![
        placed_of_sellers(1),
        placed_of_sellers(2),
        placed(3),
        paid(1, at(10)),
        paid(2, at(20)),
        // Monday.
        paid(3, at(DAY)),
        returned(1, vec![sold(1, 1, 150)], at(DAY)),
        cancelled(2, vec![sold(1, 2, 150), sold(2, 1, 1000)], at(20 * DAY)),
        credit_note_of(1, vec![sold(1, 3, 100)], at(20 * DAY)),
        // Never paid, so never counted.
        placed(4),
        cancelled(4, Vec::new(), at(DAY)),
    ]
}

#[tokio::test]
async fn sales_count_when_they_were_paid_and_reversals_on_their_own_day() {
    let shop = told_shop(story_of_sales()).await;
    for (period, wanted) in [
        ("2011-03-13", [2, 6, 2600, 0, 0, 0]),
        ("2011-03-14", [1, 3, 1300, 1, 1, 150]),
        ("2011-04-02", [0, 0, 0, 2, 6, 1600]),
        ("2011-03", [3, 9, 3900, 1, 1, 150]),
        ("2011", [3, 9, 3900, 3, 7, 1750]),
        ("all", [3, 9, 3900, 3, 7, 1750]),
        ("2010", [0; 6]),
    ] {
        let found = sum(&shop, Scope::Shop, Part::all(), period).await;
        assert_eq!(figures(&found), wanted, "{period}");
    }
}

#[tokio::test]
async fn a_line_counts_where_its_product_belonged_when_it_was_ordered() {
    let shop = told_shop(story_of_sales()).await;
    let seller = Scope::Seller(account(8));
    let (of_category, of_seller) = (Part::category(Some(category(1))), Part::seller(Some(account(8))));
    let sellers = [2, 4, 600, 3, 6, 750];
    for (scope, part, wanted) in [
        (Scope::Shop, of_category, sellers),
        (Scope::Shop, of_seller, sellers),
        (Scope::Shop, Part::category(None), [3, 5, 3300, 1, 1, 1000]),
        (Scope::Shop, Part::seller(None), [3, 5, 3300, 1, 1, 1000]),
        (Scope::Shop, Part::product(product(1)), [3, 6, 900, 3, 6, 750]),
        (Scope::Shop, Part::country("France"), [3, 9, 3900, 2, 4, 1450]),
        (Scope::Shop, Part::country("Spain"), [0, 0, 0, 1, 3, 300]),
        (seller, Part::all(), sellers),
        (seller, Part::product(product(1)), sellers),
        (seller, Part::product(product(2)), [0; 6]),
        (seller, Part::country("Spain"), [0, 0, 0, 1, 3, 300]),
    ] {
        let found = sum(&shop, scope, part.clone(), "all").await;
        assert_eq!(figures(&found), wanted, "{scope} {part:?}");
    }
    let buyer = Scope::Buyer(account(2));
    for (day, wanted) in [
        ("2011-03-13", [1, 3, 1300, 0, 0, 0]),
        ("2011-04-02", [0, 0, 0, 1, 3, 1300]),
    ] {
        let found = sum(&shop, buyer, Part::all(), day).await;
        assert_eq!(figures(&found), wanted, "{day}");
    }
}

#[tokio::test]
async fn what_sold_best_comes_first() {
    let shop = told_shop(story_of_sales()).await;
    let mut snapshot = Snapshot::begin(&shop.views).await.unwrap();
    for (rank, period, wanted) in [
        (Rank::Revenue, "2011-03", [2, 1]),
        (Rank::Units, "2011-03", [1, 2]),
        (Rank::Units, "all", [2, 1]),
    ] {
        let ranking = Ranking {
            scope: Scope::Shop,
            dimension: Dimension::Product,
            currency: Currency::GBP,
            period: period.parse().unwrap(),
            rank,
        };
        let found = analytics::ranking(snapshot.conn(), ranking, 10).await.unwrap();
        let products: Vec<_> = found.into_iter().map(|row| row.key.part.value).collect();
        assert_eq!(
            products,
            wanted.map(|n| product(n).to_string()),
            "{rank:?} {period}"
        );
    }
}

fn put(n: u128, product_number: u128) -> Event {
    Event::Cart(CartEvent::CartItemSet(CartItemSet {
        account_id: account(n),
        sku: sku(product_number, 'a'),
        product_id: product(product_number),
        quantity: 1,
    }))
}

fn taken_out(n: u128, product_number: u128) -> Event {
    Event::Cart(CartEvent::CartItemRemoved(CartItemRemoved {
        account_id: account(n),
        sku: sku(product_number, 'a'),
    }))
}

fn checked_out(n: u128) -> Event {
    Event::Cart(CartEvent::CartCheckedOut(CartCheckedOut {
        account_id: account(n),
        order_id: order(n),
    }))
}

#[test]
fn a_cart_begins_with_its_first_item_and_ends_ordered_or_emptied() {
    let story = [
        put(1, 1),
        put(1, 2),
        taken_out(1, 1),
        checked_out(1),
        put(1, 1),
        taken_out(1, 1),
        put(1, 1),
        put(2, 1),
    ];
    let (customers, _) = told::<Customers>(&story);
    let today: NaiveDate = at(0).date_naive();
    let carts = |n: u128| customers[&account(n)].carts[&today];
    assert_eq!(
        carts(1),
        CartsOfDay {
            begun: 3,
            ordered: 1,
            converted: 1
        }
    );
    assert_eq!(carts(2).begun, 1);
    assert_eq!(customers[&account(1)].cart_begun, Some(today));
}

#[tokio::test]
async fn a_customer_is_new_once_in_each_length_of_period() {
    let paid_by = |n, days| paid(n, at(days * DAY));
    // Told out of order, as imports may tell it. Account 1 buys on Sunday, Monday and in April; account 2 in April alone.
    let story = vec![
        paid_by(2, 30),
        paid_by(1, 20),
        paid_by(1, 1),
        paid_by(1, 0),
        paid_by(1, 0),
        put(1, 1),
        checked_out(1),
    ];
    let shop = told_shop(story).await;
    let mut snapshot = Snapshot::begin(&shop.views).await.unwrap();
    for (unit, day, new, returning) in [
        (Unit::Day, 0, 1, 0),
        (Unit::Day, 1, 0, 1),
        (Unit::Week, 0, 1, 0),
        (Unit::Week, 1, 0, 1),
        (Unit::Month, 0, 1, 0),
        (Unit::Month, 20, 1, 1),
        (Unit::Year, 0, 2, 0),
    ] {
        let period = Period::of(unit, at(day * DAY).date_naive());
        let found = analytics::customers(snapshot.conn(), period, period)
            .await
            .unwrap();
        let found = &found[0];
        assert_eq!(
            (found.new_customers, found.returning_customers),
            (new, returning),
            "{period}"
        );
    }
    let day = Period::of(Unit::Day, at(0).date_naive());
    let carts = &analytics::customers(snapshot.conn(), day, day).await.unwrap()[0];
    assert_eq!((carts.carts_begun, carts.carts_converted), (1, 1));
    let last = analytics::last_day_of_customers(snapshot.conn()).await.unwrap();
    assert_eq!(last, Some(at(30 * DAY).date_naive()));
}

#[tokio::test]
async fn items_are_counted_by_what_has_become_of_them() {
    let of_seller = |n: u128| {
        let Event::Product(ProductEvent::ProductAdded(mut event)) = added(n, "mug", 150) else {
            unreachable!("it is what `added` makes");
        };
        event.seller = Some(account(8));
        Event::Product(ProductEvent::ProductAdded(event))
    };
    let story = vec![
        added(1, "mug", 150),
        received(1, 5),
        of_seller(2),
        of_seller(3),
        received(3, 2),
        reserved(3, 1, 2),
        of_seller(4),
        Event::Product(ProductEvent::ProductArchived(ProductArchived {
            product_id: product(4),
        })),
        added(5, "cup", 150),
        Event::Product(ProductEvent::ProductRemoved(ProductRemoved {
            product_id: product(5),
        })),
        // Its stock is known, itself not yet.
        received(6, 5),
    ];
    let shop = told_shop(story).await;
    let mut snapshot = Snapshot::begin(&shop.views).await.unwrap();
    for (scope, wanted) in [
        (Scope::Shop, [1, 2, 1, 1]),
        (Scope::Seller(account(8)), [0, 2, 1, 0]),
        (Scope::Seller(AccountId::default()), [0; 4]),
    ] {
        let counts = analytics::items(snapshot.conn(), scope).await.unwrap();
        let found = [counts.on_sale, counts.sold_out, counts.archived, counts.removed];
        assert_eq!(found, wanted, "{scope}");
    }
}

/// Units and money of the parts of a period, and of all of it.
async fn parts_and_all(shop: &Shop, dimension: Dimension, period: Period) -> ([i64; 4], [i64; 4]) {
    let add = |sums: [i64; 4], row: &SalesFigures| {
        let more = [row.units, row.gross_minor, row.returned_units, row.refunded_minor];
        [0, 1, 2, 3].map(|n| sums[n] + more[n])
    };
    let ranking = Ranking {
        scope: Scope::Shop,
        dimension,
        currency: Currency::GBP,
        period,
        rank: Rank::Revenue,
    };
    let mut snapshot = Snapshot::begin(&shop.views).await.unwrap();
    let parts = analytics::ranking(snapshot.conn(), ranking, 1_000).await.unwrap();
    let all = sum(shop, Scope::Shop, Part::all(), &period.to_string()).await;
    (parts.iter().fold([0; 4], add), add([0; 4], &all))
}

/// Whatever happens, in no order that makes sense: nothing is counted in one report and not in the other.
#[test]
fn the_parts_of_every_period_come_to_all_of_it() {
    let mut runner = TestRunner::new(Config::with_cases(8));
    let stories = proptest::collection::vec(any_event(), 1..150);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let differences = async |story| {
        let shop = told_shop(story).await;
        let mut differences = Vec::new();
        for period in Period::containing(at(0).date_naive()) {
            for dimension in [
                Dimension::Category,
                Dimension::Country,
                Dimension::Seller,
                Dimension::Product,
            ] {
                let (parts, all) = parts_and_all(&shop, dimension, period).await;
                if parts != all {
                    differences.push(format!("{dimension:?} {period}: {parts:?}, {all:?}"));
                }
            }
        }
        differences
    };
    runner
        .run(&stories, |story| {
            prop_assert_eq!(runtime.block_on(differences(story)), Vec::<String>::new());
            Ok(())
        })
        .unwrap();
}
