//! Calling an order off: by its customer, by staff, by the timer, before the money came and after.

use domain::RefusalKind::{Conflict, NotFound};
use domain::cancellation::{self, CancelOrder};
use domain::checkout::PlaceOrder;
use domain::order::Status;
use domain::settlement;
use domain::{Authority, payment};
use events::Event;
use events::payment::PaymentEvent;

use crate::shop::{ANNA, BOB, EXPIRES_AFTER, Outcome, Shop, at, settle};

fn cancel(shop: &mut Shop, order: &PlaceOrder, by: Authority, minute: i64) -> Outcome<()> {
    let command = CancelOrder {
        order_id: order.order_id,
        by,
        refund_id: shop.refund_id(),
        at: at(minute),
    };
    shop.when(|work| cancellation::cancel_order(work, &command))
}

fn timer(shop: &mut Shop, order: &PlaceOrder, minute: i64) -> Outcome<()> {
    cancel(shop, order, Authority::System, minute)
}

#[test]
fn an_unpaid_order_gives_its_units_back_and_its_payment_is_called_off() {
    for by in [Authority::Account(ANNA), Authority::Staff] {
        let mut shop = Shop::new();
        shop.sells("LAMP", 2_50, 5);
        shop.sells("MUG", 1_00, 5);
        let order = shop.ordered(&[("LAMP", 2), ("MUG", 1)]);

        cancel(&mut shop, &order, by, 5).then(&[
            "OrderCancelled",
            "PaymentCancelled",
            "ReservationReleased",
            "ReservationReleased",
        ]);

        assert_eq!((shop.shelf("LAMP"), shop.shelf("MUG")), ((5, 5), (5, 5)));
        assert_eq!(shop.order_status(&order), Status::Cancelled);
    }
}

#[test]
fn an_order_paid_by_card_is_refunded_by_the_provider() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let order = shop.paid(&[("LAMP", 2)]);

    let outcome = cancel(&mut shop, &order, Authority::Account(ANNA), 5);

    let refund = outcome.events.iter().find_map(|event| match event {
        Event::Payment(PaymentEvent::RefundRequested(refund)) => Some(refund.clone()),
        _ => None,
    });
    let refund = refund.unwrap();
    assert_eq!(refund.amount.amount_minor(), 5_00);
    assert_eq!(refund.provider_reference.as_deref(), Some("ch_1"));
    outcome.then(&["OrderCancelled", "RefundRequested", "ReservationReleased"]);
    assert_eq!(shop.shelf("LAMP"), (5, 5));
}

#[test]
fn an_order_paid_out_of_the_wallet_is_credited_at_once() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    shop.funds(ANNA, 5_00);
    let order = shop.paid_by_wallet(&[("LAMP", 2)]);
    assert_eq!(shop.balance(ANNA), 0);

    cancel(&mut shop, &order, Authority::Staff, 5).then(&[
        "OrderCancelled",
        "RefundRequested",
        "RefundSettled",
        "ReservationReleased",
        "WalletCredited",
    ]);

    assert_eq!(shop.balance(ANNA), 5_00);
}

#[test]
fn an_order_that_cost_nothing_is_cancelled_without_a_refund() {
    let mut shop = Shop::new();
    shop.sells("LEAFLET", 0, 5);
    let order = shop.ordered(&[("LEAFLET", 2)]);
    cancel(&mut shop, &order, Authority::Staff, 5).then(&["OrderCancelled", "ReservationReleased"]);
}

#[test]
fn only_what_is_left_is_given_back() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let order = shop.paid(&[("LAMP", 2)]);
    let goodwill = settlement::RefundPayment {
        payment_id: order.payment_id,
        refund_id: shop.refund_id(),
        amount: Some(crate::shop::pence(2_00)),
        reason: "scratched".to_owned(),
        at: at(2),
    };
    shop.when(|work| settlement::refund_payment(work, &goodwill)).ok();

    let outcome = cancel(&mut shop, &order, Authority::Staff, 5);

    let given = outcome.events.iter().filter_map(|event| match event {
        Event::Payment(PaymentEvent::RefundRequested(refund)) => Some(refund.amount.amount_minor()),
        _ => None,
    });
    assert_eq!(given.collect::<Vec<_>>(), [3_00]);
}

#[test]
fn to_cancel_twice_changes_nothing() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    for paid in [false, true] {
        let order = if paid {
            shop.paid(&[("LAMP", 1)])
        } else {
            shop.ordered(&[("LAMP", 1)])
        };
        cancel(&mut shop, &order, Authority::Staff, 5).ok();
        for by in [Authority::Staff, Authority::Account(ANNA), Authority::System] {
            cancel(&mut shop, &order, by, 60).then(&[]);
        }
    }
    assert_eq!(shop.shelf("LAMP"), (5, 5));
}

#[test]
fn what_has_left_the_house_is_not_cancelled() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let order = shop.delivered(&[("LAMP", 1)]);
    cancel(&mut shop, &order, Authority::Staff, 5).then_refused(Conflict, "order_status", None);
    timer(&mut shop, &order, 60).then(&[]);
}

#[test]
fn anothers_order_is_not_there() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let order = shop.ordered(&[("LAMP", 1)]);
    let never = shop.order(&[]);
    cancel(&mut shop, &order, Authority::Account(BOB), 5).then_refused(NotFound, "order_not_found", None);
    cancel(&mut shop, &never, Authority::Account(BOB), 5).then_refused(NotFound, "order_not_found", None);
    assert_eq!(shop.shelf("LAMP"), (5, 4));
}

#[test]
fn the_timer_waits_until_the_order_expires() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let order = shop.ordered(&[("LAMP", 1)]);
    timer(&mut shop, &order, EXPIRES_AFTER - 1).then(&[]);
    timer(&mut shop, &order, EXPIRES_AFTER).then(&[
        "OrderCancelled",
        "PaymentCancelled",
        "ReservationReleased",
    ]);
    assert_eq!(shop.shelf("LAMP"), (5, 5));
}

#[test]
fn of_payment_and_timer_the_payment_comes_first() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let order = shop.ordered(&[("LAMP", 1)]);

    // Late, but before the timer has run: the goods are still there.
    shop.settle(&order, EXPIRES_AFTER + 1)
        .then(&["OrderPaid", "PaymentSettled"]);
    timer(&mut shop, &order, EXPIRES_AFTER + 2).then(&[]);

    assert_eq!(shop.order_status(&order), Status::Paid);
    assert_eq!(shop.shelf("LAMP"), (5, 4));
}

#[test]
fn of_payment_and_timer_the_timer_comes_first() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 1);
    let order = shop.ordered(&[("LAMP", 1)]);

    timer(&mut shop, &order, EXPIRES_AFTER).ok();
    let next = shop.ordered(&[("LAMP", 1)]); // somebody else gets the last one
    shop.settle(&order, EXPIRES_AFTER + 1)
        .then(&["PaymentSettled", "RefundRequested"]);

    assert_eq!(shop.order_status(&order), Status::Cancelled);
    assert_eq!(shop.order_status(&next), Status::AwaitingPayment);
    assert_eq!(shop.refundable(&order), 0);
}

#[test]
fn money_that_comes_too_late_goes_back_exactly_once() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let order = shop.ordered(&[("LAMP", 2)]);
    cancel(&mut shop, &order, Authority::Account(ANNA), 5).ok();

    shop.settle(&order, 6)
        .then(&["PaymentSettled", "RefundRequested"]);

    // The provider repeats itself, the reconciliation finds it too, staff try again.
    for _ in 0..3 {
        shop.settle(&order, 7).then(&[]);
    }
    let again = settlement::RefundPayment {
        payment_id: order.payment_id,
        refund_id: shop.refund_id(),
        amount: None,
        reason: "again".to_owned(),
        at: at(8),
    };
    shop.when(|work| settlement::refund_payment(work, &again))
        .then_refused(domain::RefusalKind::Invalid, "amount_invalid", Some("amount"));
    let payment: payment::Payment = shop.look(order.payment_id);
    assert_eq!(payment.requested().unwrap().status, payment::Status::Settled);
    assert_eq!(shop.refundable(&order), 0);
}

#[test]
fn a_decline_after_the_cancellation_changes_nothing() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let order = shop.ordered(&[("LAMP", 2)]);
    cancel(&mut shop, &order, Authority::Staff, 5).ok();
    let decline = settlement::DeclinePayment {
        payment_id: order.payment_id,
        attempt_id: order.attempt_id,
        code: "funds".to_owned(),
        message: "not enough money".to_owned(),
    };
    shop.when(|work| settlement::decline_payment(work, &decline))
        .then(&[]);
    // And an attempt that the payment never made isn't taken for its own.
    let stranger = settle(&order, shop.attempt_id(), 6);
    shop.when(|work| settlement::settle_payment(work, &stranger))
        .then_refused(NotFound, "attempt_not_found", None);
}
