//! An order, from placed to returned.

use std::collections::BTreeMap;

use events::ids::{AccountId, OrderId, PaymentId, ProductId, RefundId};
use events::money::MoneyError;
use events::order::{
    CancelReason, OrderCancelled, OrderDelivered, OrderEvent, OrderLine, OrderPaid, OrderPlaced,
    OrderReturned, OrderShipped, SoldLine,
};
use uuid::Uuid;

use super::{LINES_MAX, Order, OrderCommand, OrderError};
use crate::RefusalKind::{Conflict, Invalid, NotFound};
use crate::given::{Then, at, euros, given, pence, sealed, sku};

const ORDER: OrderId = OrderId(Uuid::from_u128(1));
const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(2));
const PRODUCT: ProductId = ProductId(Uuid::from_u128(3));
const REFUND: RefundId = RefundId(Uuid::from_u128(4));
const CUSTOMER: Option<AccountId> = Some(AccountId(Uuid::from_u128(5)));

fn line(text: &str, quantity: u32, price_minor: i64) -> OrderLine {
    OrderLine {
        sku: sku(text),
        product_id: PRODUCT,
        name: text.to_owned(),
        category: None,
        seller: None,
        quantity,
        unit_price: pence(price_minor),
    }
}

fn sold(text: &str, quantity: u32, amount_minor: i64) -> SoldLine {
    SoldLine {
        sku: sku(text),
        product_id: PRODUCT,
        quantity,
        amount: pence(amount_minor),
    }
}

/// Two lamps at 2.50 and three mugs at 1.00, to be paid within half an hour.
fn placed() -> OrderPlaced {
    OrderPlaced {
        order_id: ORDER,
        customer: CUSTOMER,
        contact: sealed("contact"),
        lines: vec![line("LAMP", 2, 2_50), line("MUG", 3, 1_00)],
        total: pence(8_00),
        country: "France".to_owned(),
        payment_id: PAYMENT,
        placed_at: at(0),
        expires_at: Some(at(30)),
        reference: None,
        historical: false,
    }
}

fn with_lines(lines: Vec<OrderLine>, total_minor: i64) -> OrderPlaced {
    OrderPlaced {
        lines,
        total: pence(total_minor),
        ..placed()
    }
}

fn paid() -> OrderPaid {
    OrderPaid {
        order_id: ORDER,
        customer: CUSTOMER,
        payment_id: PAYMENT,
        country: "France".to_owned(),
        lines: vec![sold("LAMP", 2, 5_00), sold("MUG", 3, 3_00)],
        total: pence(8_00),
        paid_at: at(1),
    }
}

fn shipped() -> OrderShipped {
    OrderShipped {
        order_id: ORDER,
        customer: CUSTOMER,
        carrier: Some("Post".to_owned()),
        tracking_number: Some("RB1".to_owned()),
        shipped_at: at(2),
    }
}

fn delivered() -> OrderDelivered {
    OrderDelivered {
        order_id: ORDER,
        customer: CUSTOMER,
        delivered_at: at(3),
    }
}

fn cancelled(reason: CancelReason, minute: i64) -> OrderCancelled {
    OrderCancelled {
        order_id: ORDER,
        customer: CUSTOMER,
        reason,
        country: "France".to_owned(),
        reversed: vec![],
        reversed_total: pence(0),
        cancelled_at: at(minute),
    }
}

fn returned(lines: Vec<SoldLine>, total_minor: i64) -> OrderReturned {
    OrderReturned {
        order_id: ORDER,
        customer: CUSTOMER,
        country: "France".to_owned(),
        lines,
        total: pence(total_minor),
        refund_id: REFUND,
        reason: "too bright".to_owned(),
        returned_at: at(4),
    }
}

fn ship() -> OrderCommand {
    OrderCommand::Ship {
        carrier: Some("Post".to_owned()),
        tracking_number: Some("RB1".to_owned()),
        at: at(2),
    }
}

fn cancel(reason: CancelReason, minute: i64) -> OrderCommand {
    OrderCommand::Cancel {
        reason,
        at: at(minute),
    }
}

fn take_back(quantities: &[(&str, u32)]) -> OrderCommand {
    let quantities = quantities.iter().map(|(text, quantity)| (sku(text), *quantity));
    OrderCommand::Return {
        quantities: quantities.collect(),
        refund_id: REFUND,
        reason: "too bright".to_owned(),
        at: at(4),
    }
}

fn history(length: usize) -> Vec<OrderEvent> {
    let all = [
        placed().into(),
        paid().into(),
        shipped().into(),
        delivered().into(),
    ];
    all.into_iter().take(length).collect()
}

const NONE: usize = 0;
const PLACED: usize = 1;
const PAID: usize = 2;
const SHIPPED: usize = 3;
const DELIVERED: usize = 4;

fn wrong_status(wanted: &'static str, status: &'static str) -> OrderError {
    OrderError::WrongStatus { wanted, status }
}

#[test]
fn an_order_is_placed_once() {
    given::<Order>(history(NONE))
        .when(OrderCommand::Place(placed()))
        .then_expect_events(history(PLACED));
    given::<Order>(history(PLACED))
        .when(OrderCommand::Place(placed()))
        .then_refused(OrderError::AlreadyPlaced, (Conflict, "order_exists", None));
}

#[test]
fn an_order_has_lines_but_not_too_many() {
    let refusal = || OrderError::LineCount { max: LINES_MAX };
    for count in [0, LINES_MAX + 1] {
        given::<Order>(history(NONE))
            .when(OrderCommand::Place(with_lines(
                vec![line("LAMP", 1, 0); count],
                0,
            )))
            .then_refused(refusal(), (Invalid, "order_line_count", Some("lines")));
    }
    let longest = with_lines(vec![line("LAMP", 1, 1); LINES_MAX], 20_00);
    given::<Order>(history(NONE))
        .when(OrderCommand::Place(longest.clone()))
        .then_expect_events(vec![longest.into()]);
}

#[test]
fn a_line_of_nothing_is_refused() {
    given::<Order>(history(NONE))
        .when(OrderCommand::Place(with_lines(vec![line("LAMP", 0, 2_50)], 0)))
        .then_refused(
            OrderError::Quantity,
            (Invalid, "quantity_invalid", Some("quantity")),
        );
}

#[test]
fn the_total_is_the_sum_of_the_lines() {
    let refusal = OrderError::Total {
        stated: pence(7_99),
        counted: pence(8_00),
    };
    given::<Order>(history(NONE))
        .when(OrderCommand::Place(OrderPlaced {
            total: pence(7_99),
            ..placed()
        }))
        .then_refused(refusal, (Invalid, "order_total_wrong", Some("lines")));
}

#[test]
fn an_order_is_in_one_currency_and_within_range() {
    let in_euros = OrderLine {
        unit_price: euros(1_00),
        ..line("MUG", 1, 0)
    };
    let mixed = MoneyError::Mixed {
        left: pence(0).currency(),
        right: euros(0).currency(),
    };
    for (lines, error) in [
        (vec![line("LAMP", 1, 2_50), in_euros], mixed),
        (vec![line("LAMP", 3, i64::MAX / 2)], MoneyError::Overflow),
        (
            vec![line("LAMP", 1, i64::MAX), line("MUG", 1, 1)],
            MoneyError::Overflow,
        ),
    ] {
        given::<Order>(history(NONE))
            .when(OrderCommand::Place(with_lines(lines, 0)))
            .then_refused(
                OrderError::Money(error),
                (Invalid, "amount_invalid", Some("lines")),
            );
    }
}

#[test]
fn to_an_order_that_nobody_placed_nothing_can_happen() {
    for command in [
        OrderCommand::MarkPaid { at: at(1) },
        ship(),
        OrderCommand::Deliver { at: at(3) },
        cancel(CancelReason::Staff, 1),
        take_back(&[("LAMP", 1)]),
    ] {
        given::<Order>(history(NONE))
            .when(command)
            .then_refused(OrderError::NotFound, (NotFound, "order_not_found", None));
    }
}

#[test]
fn it_is_paid_once() {
    let pay = || OrderCommand::MarkPaid { at: at(1) };
    given::<Order>(history(PLACED))
        .when(pay())
        .then_expect_events(vec![paid().into()]);
    for length in [PAID, SHIPPED, DELIVERED] {
        given::<Order>(history(length)).when(pay()).then_nothing();
    }
}

#[test]
fn money_that_comes_after_the_cancellation_does_not_bring_it_back() {
    given::<Order>(history(PLACED))
        .and(vec![cancelled(CancelReason::Unpaid, 31).into()])
        .when(OrderCommand::MarkPaid { at: at(32) })
        .then_nothing();
}

#[test]
fn a_paid_order_is_shipped_once() {
    given::<Order>(history(PAID))
        .when(ship())
        .then_expect_events(vec![shipped().into()]);
    for (length, status) in [
        (PLACED, "awaiting payment"),
        (SHIPPED, "shipped"),
        (DELIVERED, "delivered"),
    ] {
        given::<Order>(history(length))
            .when(ship())
            .then_refused(wrong_status("shipped", status), (Conflict, "order_status", None));
    }
}

#[test]
fn a_shipped_order_is_delivered_and_to_say_so_twice_changes_nothing() {
    let deliver = || OrderCommand::Deliver { at: at(3) };
    given::<Order>(history(SHIPPED))
        .when(deliver())
        .then_expect_events(vec![delivered().into()]);
    given::<Order>(history(DELIVERED)).when(deliver()).then_nothing();
    for (length, status) in [(PLACED, "awaiting payment"), (PAID, "paid")] {
        given::<Order>(history(length)).when(deliver()).then_refused(
            wrong_status("delivered", status),
            (Conflict, "order_status", None),
        );
    }
}

#[test]
fn an_unpaid_order_is_cancelled_and_reverses_no_sale() {
    for reason in [CancelReason::Customer, CancelReason::Staff] {
        given::<Order>(history(PLACED))
            .when(cancel(reason, 5))
            .then_expect_events(vec![cancelled(reason, 5).into()]);
    }
}

#[test]
fn a_paid_order_is_cancelled_and_reverses_its_sale() {
    let reversal = OrderCancelled {
        reversed: paid().lines,
        reversed_total: pence(8_00),
        ..cancelled(CancelReason::Customer, 5)
    };
    given::<Order>(history(PAID))
        .when(cancel(CancelReason::Customer, 5))
        .then_expect_events(vec![reversal.into()]);
}

#[test]
fn what_has_left_the_house_is_not_cancelled() {
    for (length, status) in [(SHIPPED, "shipped"), (DELIVERED, "delivered")] {
        given::<Order>(history(length))
            .when(cancel(CancelReason::Staff, 5))
            .then_refused(
                wrong_status("cancelled", status),
                (Conflict, "order_status", None),
            );
    }
}

#[test]
fn to_cancel_twice_changes_nothing() {
    given::<Order>(history(PLACED))
        .and(vec![cancelled(CancelReason::Customer, 5).into()])
        .when(cancel(CancelReason::Staff, 6))
        .then_nothing();
}

#[test]
fn the_timer_cancels_what_is_unpaid_from_the_minute_on_when_it_expires() {
    let timer = |minute| cancel(CancelReason::Unpaid, minute);
    given::<Order>(history(PLACED)).when(timer(29)).then_nothing();
    given::<Order>(history(PLACED))
        .when(timer(30))
        .then_expect_events(vec![cancelled(CancelReason::Unpaid, 30).into()]);
    for length in [PAID, SHIPPED, DELIVERED] {
        given::<Order>(history(length)).when(timer(31)).then_nothing();
    }
    let endless = OrderPlaced {
        expires_at: None,
        ..placed()
    };
    given::<Order>(vec![endless.into()])
        .when(timer(100_000))
        .then_nothing();
}

#[test]
fn a_part_comes_back_at_the_price_that_was_paid() {
    for length in [SHIPPED, DELIVERED] {
        given::<Order>(history(length))
            .when(take_back(&[("LAMP", 1), ("MUG", 2)]))
            .then_expect_events(vec![
                returned(vec![sold("LAMP", 1, 2_50), sold("MUG", 2, 2_00)], 4_50).into(),
            ]);
    }
}

#[test]
fn units_come_back_line_by_line() {
    // The same SKU was sold at two prices; four of five units come back in three steps.
    let order = with_lines(vec![line("LAMP", 2, 2_50), line("LAMP", 3, 2_00)], 11_00);
    let history: Vec<OrderEvent> = vec![order.into(), paid().into(), shipped().into()];
    let first = returned(vec![sold("LAMP", 1, 2_50)], 2_50);
    let second = returned(vec![sold("LAMP", 1, 2_50), sold("LAMP", 1, 2_00)], 4_50);
    given::<Order>(history.clone())
        .when(take_back(&[("LAMP", 1)]))
        .then_expect_events(vec![first.clone().into()]);
    given::<Order>(history.clone())
        .and(vec![first.clone().into()])
        .when(take_back(&[("LAMP", 2)]))
        .then_expect_events(vec![second.clone().into()]);
    given::<Order>(history)
        .and(vec![first.into(), second.into()])
        .when(take_back(&[("LAMP", 1)]))
        .then_expect_events(vec![returned(vec![sold("LAMP", 1, 2_00)], 2_00).into()]);
}

#[test]
fn no_more_comes_back_than_was_bought() {
    let told = (Conflict, "return_exceeds_order", Some("lines"));
    let refusal = |text: &str, wanted, returnable| OrderError::NotBought {
        sku: sku(text),
        wanted,
        returnable,
    };
    given::<Order>(history(DELIVERED))
        .when(take_back(&[("LAMP", 3)]))
        .then_refused(refusal("LAMP", 3, 2), told);
    given::<Order>(history(DELIVERED))
        .when(take_back(&[("CUP", 1)]))
        .then_refused(refusal("CUP", 1, 0), told);
    given::<Order>(history(DELIVERED))
        .and(vec![returned(vec![sold("LAMP", 2, 5_00)], 5_00).into()])
        .when(take_back(&[("LAMP", 1)]))
        .then_refused(refusal("LAMP", 1, 0), told);
}

#[test]
fn to_return_nothing_is_refused() {
    for quantities in [&[][..], &[("LAMP", 0)], &[("LAMP", 1), ("MUG", 0)]] {
        given::<Order>(history(DELIVERED))
            .when(take_back(quantities))
            .then_refused(
                OrderError::Quantity,
                (Invalid, "quantity_invalid", Some("quantity")),
            );
    }
}

#[test]
fn only_what_left_the_house_comes_back() {
    for (length, status) in [(PLACED, "awaiting payment"), (PAID, "paid")] {
        given::<Order>(history(length))
            .when(take_back(&[("LAMP", 1)]))
            .then_refused(wrong_status("returned", status), (Conflict, "order_status", None));
    }
}

#[test]
fn what_other_use_cases_refuse_about_orders_is_told_too() {
    use crate::refusal::Refusal;
    for (error, told) in [
        (
            OrderError::NotForSale { sku: sku("LAMP") },
            (Conflict, "not_for_sale", Some("sku")),
        ),
        (
            OrderError::Expired { at: at(30) },
            (Conflict, "order_expired", None),
        ),
        (
            OrderError::Country { max_chars: 64 },
            (Invalid, "country_invalid", Some("country")),
        ),
        (
            OrderError::NotPast,
            (Invalid, "placed_at_not_past", Some("placed_at")),
        ),
    ] {
        assert_eq!((error.kind(), error.code(), error.field().as_deref()), told);
    }
}

#[test]
fn quantities_are_over_all_lines() {
    let mut order = Order::default();
    let event = with_lines(vec![line("LAMP", 2, 1), line("MUG", 1, 1), line("LAMP", 3, 1)], 6);
    cqrs_es::Aggregate::apply(&mut order, event.into());
    let quantities = order.placed().unwrap().quantities();
    assert_eq!(quantities, BTreeMap::from([(sku("LAMP"), 5), (sku("MUG"), 1)]));
}
