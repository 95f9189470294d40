//! The stock of one SKU: what is there, what is promised, what has gone.

use events::ids::{OrderId, ProductId};
use events::stock::{
    ReservationReleased, StockAdjusted, StockEvent, StockListed, StockReceived, StockReserved, StockReturned,
    StockShipped, StockSold,
};
use uuid::Uuid;

use super::{ON_HAND_MAX, Stock, StockCommand, StockError};
use crate::RefusalKind::{Conflict, Invalid, NotFound};
use crate::given::{Then, after, given, sku};

const PRODUCT: ProductId = ProductId(Uuid::from_u128(1));
const OTHER: ProductId = ProductId(Uuid::from_u128(2));
const ORDER: OrderId = OrderId(Uuid::from_u128(3));

fn lamp() -> events::ids::Sku {
    sku("LAMP")
}

fn listed(product_id: ProductId) -> StockEvent {
    StockListed {
        sku: lamp(),
        product_id,
    }
    .into()
}

fn received(quantity: u32) -> StockEvent {
    StockReceived {
        sku: lamp(),
        product_id: PRODUCT,
        quantity,
        reason: "delivery".to_owned(),
    }
    .into()
}

fn reserved(order_id: OrderId, quantity: u32) -> StockEvent {
    StockReserved {
        sku: lamp(),
        product_id: PRODUCT,
        order_id,
        quantity,
    }
    .into()
}

fn released(quantity: u32) -> StockEvent {
    ReservationReleased {
        sku: lamp(),
        product_id: PRODUCT,
        order_id: ORDER,
        quantity,
    }
    .into()
}

fn shipped(quantity: u32) -> StockEvent {
    StockShipped {
        sku: lamp(),
        product_id: PRODUCT,
        order_id: ORDER,
        quantity,
    }
    .into()
}

fn sold(quantity: u32) -> StockEvent {
    StockSold {
        sku: lamp(),
        product_id: PRODUCT,
        order_id: ORDER,
        quantity,
    }
    .into()
}

fn returned(order_id: Option<OrderId>, quantity: u32) -> StockEvent {
    StockReturned {
        sku: lamp(),
        product_id: PRODUCT,
        order_id,
        quantity,
    }
    .into()
}

fn adjusted(delta: i64) -> StockEvent {
    StockAdjusted {
        sku: lamp(),
        product_id: PRODUCT,
        delta,
        reason: "count".to_owned(),
    }
    .into()
}

/// Ten lamps, of which four are promised to an order.
fn ten_of_which_four_promised() -> Vec<StockEvent> {
    vec![listed(PRODUCT), received(10), reserved(ORDER, 4)]
}

fn list(product_id: ProductId) -> StockCommand {
    StockCommand::List {
        sku: lamp(),
        product_id,
    }
}

fn receive(quantity: u32) -> StockCommand {
    StockCommand::Receive {
        quantity,
        reason: "delivery".to_owned(),
    }
}

fn reserve(quantity: u32) -> StockCommand {
    StockCommand::Reserve {
        order_id: ORDER,
        quantity,
    }
}

fn adjust(delta: i64) -> StockCommand {
    StockCommand::Adjust {
        delta,
        reason: "count".to_owned(),
    }
}

fn take_back(quantity: u32) -> StockCommand {
    StockCommand::Return {
        order_id: Some(ORDER),
        quantity,
    }
}

fn out_of_stock(wanted: u32, left: u64) -> StockError {
    StockError::OutOfStock {
        sku: lamp(),
        wanted,
        left,
    }
}

#[test]
fn a_sku_is_listed_for_one_product() {
    given::<Stock>(vec![])
        .when(list(PRODUCT))
        .then_expect_events(vec![listed(PRODUCT)]);
    given::<Stock>(vec![listed(PRODUCT)])
        .when(list(PRODUCT))
        .then_nothing();
}

#[test]
fn a_sku_passes_to_another_product_once_its_shelf_is_empty() {
    let told = (Conflict, "sku_in_use", Some("sku"));
    given::<Stock>(vec![listed(PRODUCT)])
        .when(list(OTHER))
        .then_expect_events(vec![listed(OTHER)]);
    given::<Stock>(vec![listed(PRODUCT), received(1)])
        .when(list(OTHER))
        .then_refused(StockError::InUse { sku: lamp() }, told);
    given::<Stock>(vec![listed(PRODUCT), received(1), sold(1)])
        .when(list(OTHER))
        .then_expect_events(vec![listed(OTHER)]);
}

#[test]
fn of_a_sku_that_nobody_sells_there_is_none() {
    for command in [
        receive(1),
        reserve(1),
        StockCommand::Sell {
            order_id: ORDER,
            quantity: 1,
        },
        StockCommand::Release { order_id: ORDER },
        StockCommand::Ship { order_id: ORDER },
        take_back(1),
        adjust(1),
    ] {
        given::<Stock>(vec![])
            .when(command)
            .then_refused(StockError::NotListed, (NotFound, "sku_not_found", Some("sku")));
    }
}

#[test]
fn units_come_in() {
    given::<Stock>(vec![listed(PRODUCT)])
        .when(receive(10))
        .then_expect_events(vec![received(10)]);
    given::<Stock>(vec![listed(PRODUCT)])
        .when(receive(0))
        .then_nothing();
}

#[test]
fn a_shelf_has_an_end() {
    let most = u32::try_from(ON_HAND_MAX).unwrap();
    let told = (Invalid, "stock_too_much", Some("quantity"));
    let full = || vec![listed(PRODUCT), received(most)];
    given::<Stock>(vec![listed(PRODUCT)])
        .when(receive(most))
        .then_expect_events(vec![received(most)]);
    for command in [receive(1), adjust(1), adjust(i64::MAX), take_back(1)] {
        given::<Stock>(full())
            .when(command)
            .then_refused(StockError::TooMuch { max: ON_HAND_MAX }, told);
    }
    given::<Stock>(vec![listed(PRODUCT)])
        .when(receive(u32::MAX))
        .then_refused(StockError::TooMuch { max: ON_HAND_MAX }, told);
}

#[test]
fn what_is_there_can_be_promised_down_to_the_last() {
    let ten = || vec![listed(PRODUCT), received(10)];
    given::<Stock>(ten())
        .when(reserve(10))
        .then_expect_events(vec![reserved(ORDER, 10)]);
    given::<Stock>(ten())
        .when(reserve(11))
        .then_refused(out_of_stock(11, 10), (Conflict, "out_of_stock", Some("sku")));
}

#[test]
fn what_is_promised_is_not_promised_again() {
    let told = (Conflict, "out_of_stock", Some("sku"));
    given::<Stock>(ten_of_which_four_promised())
        .when(reserve(7))
        .then_refused(out_of_stock(7, 6), told);
    given::<Stock>(ten_of_which_four_promised())
        .when(StockCommand::Sell {
            order_id: ORDER,
            quantity: 7,
        })
        .then_refused(out_of_stock(7, 6), told);
}

#[test]
fn a_second_promise_to_an_order_adds_to_the_first() {
    given::<Stock>(ten_of_which_four_promised())
        .when(reserve(6))
        .then_expect_events(vec![reserved(ORDER, 6)]);
    given::<Stock>(ten_of_which_four_promised())
        .and(vec![reserved(ORDER, 6)])
        .when(StockCommand::Ship { order_id: ORDER })
        .then_expect_events(vec![shipped(10)]);
}

#[test]
fn a_sale_takes_units_at_once() {
    given::<Stock>(ten_of_which_four_promised())
        .when(StockCommand::Sell {
            order_id: ORDER,
            quantity: 6,
        })
        .then_expect_events(vec![sold(6)]);
}

#[test]
fn a_promise_is_taken_back_once() {
    let release = || StockCommand::Release { order_id: ORDER };
    given::<Stock>(ten_of_which_four_promised())
        .when(release())
        .then_expect_events(vec![released(4)]);
    given::<Stock>(ten_of_which_four_promised())
        .and(vec![released(4)])
        .when(release())
        .then_nothing();
}

#[test]
fn promised_units_leave_once() {
    let ship = || StockCommand::Ship { order_id: ORDER };
    let refusal = || StockError::NotReserved {
        sku: lamp(),
        order_id: ORDER,
    };
    given::<Stock>(ten_of_which_four_promised())
        .when(ship())
        .then_expect_events(vec![shipped(4)]);
    for gone in [shipped(4), released(4)] {
        given::<Stock>(ten_of_which_four_promised())
            .and(vec![gone])
            .when(ship())
            .then_refused(refusal(), (Conflict, "not_reserved", None));
    }
}

#[test]
fn units_come_back_of_an_order_or_of_nobody_knows_which() {
    for order_id in [Some(ORDER), None] {
        given::<Stock>(vec![listed(PRODUCT)])
            .when(StockCommand::Return {
                order_id,
                quantity: 2,
            })
            .then_expect_events(vec![returned(order_id, 2)]);
    }
}

#[test]
fn a_count_corrects_the_books_but_not_below_what_is_promised() {
    for delta in [-6, 3] {
        given::<Stock>(ten_of_which_four_promised())
            .when(adjust(delta))
            .then_expect_events(vec![adjusted(delta)]);
    }
    given::<Stock>(ten_of_which_four_promised())
        .when(adjust(0))
        .then_nothing();
    for delta in [-7, i64::MIN] {
        given::<Stock>(ten_of_which_four_promised())
            .when(adjust(delta))
            .then_refused(
                StockError::BelowZero { delta, available: 6 },
                (Conflict, "stock_below_zero", Some("quantity")),
            );
    }
}

#[test]
fn the_figures_follow_the_events() {
    for (event, on_hand, available) in [
        (received(5), 15, 11),
        (reserved(OrderId::default(), 6), 10, 0),
        (released(4), 10, 10),
        (shipped(4), 6, 6),
        (sold(6), 4, 0),
        (returned(None, 1), 11, 7),
        (adjusted(-6), 4, 0),
        (adjusted(1), 11, 7),
    ] {
        let mut events = ten_of_which_four_promised();
        events.push(event.clone());
        let stock: Stock = after(events);
        assert_eq!(
            (stock.on_hand(), stock.available()),
            (on_hand, available),
            "{event:?}"
        );
    }
    assert_eq!(after::<Stock>([listed(PRODUCT)]).product_id(), Some(PRODUCT));
    assert_eq!(Stock::default().product_id(), None);
}
