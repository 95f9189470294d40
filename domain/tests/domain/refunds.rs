//! Money that staff give back: never more than came.

use domain::RefusalKind::{Conflict, Invalid, NotFound};
use domain::checkout::PlaceOrder;
use domain::settlement::{self, RefundPayment};
use domain::wallets;
use events::ids::RefundId;

use crate::shop::{ANNA, Outcome, Shop, at, pence};

fn refund(shop: &mut Shop, order: &PlaceOrder, minor: Option<i64>) -> (RefundId, Outcome<()>) {
    let command = RefundPayment {
        payment_id: order.payment_id,
        refund_id: shop.refund_id(),
        amount: minor.map(pence),
        reason: "goodwill".to_owned(),
        at: at(5),
    };
    let outcome = shop.when(|work| settlement::refund_payment(work, &command));
    (command.refund_id, outcome)
}

fn paid_shop() -> (Shop, PlaceOrder) {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let order = shop.paid(&[("LAMP", 2)]);
    (shop, order)
}

#[test]
fn refunds_add_up_to_the_payment_at_most() {
    let (mut shop, order) = paid_shop();
    refund(&mut shop, &order, Some(3_00)).1.then(&["RefundRequested"]);
    refund(&mut shop, &order, Some(2_01))
        .1
        .then_refused(Conflict, "refund_too_high", Some("amount"));
    refund(&mut shop, &order, None).1.then(&["RefundRequested"]);
    assert_eq!(shop.refundable(&order), 0);
    refund(&mut shop, &order, Some(1))
        .1
        .then_refused(Conflict, "refund_too_high", Some("amount"));
}

#[test]
fn a_refund_of_nothing_or_in_another_currency_is_refused() {
    let (mut shop, order) = paid_shop();
    for minor in [0, -1] {
        refund(&mut shop, &order, Some(minor))
            .1
            .then_refused(Invalid, "amount_invalid", Some("amount"));
    }
    let command = RefundPayment {
        payment_id: order.payment_id,
        refund_id: shop.refund_id(),
        amount: Some(events::money::Money::new(1_00, "EUR".parse().unwrap())),
        reason: "goodwill".to_owned(),
        at: at(5),
    };
    shop.when(|work| settlement::refund_payment(work, &command))
        .then_refused(Invalid, "amount_invalid", Some("amount"));
}

#[test]
fn only_what_was_settled_is_refunded() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let order = shop.ordered(&[("LAMP", 2)]);
    refund(&mut shop, &order, Some(1_00))
        .1
        .then_refused(Conflict, "payment_not_settled", None);
    let never = shop.order(&[]);
    refund(&mut shop, &never, Some(1_00))
        .1
        .then_refused(NotFound, "payment_not_found", None);
}

#[test]
fn a_refund_into_the_wallet_is_there_at_once_and_once() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    shop.funds(ANNA, 5_00);
    let order = shop.paid_by_wallet(&[("LAMP", 2)]);
    let command = RefundPayment {
        payment_id: order.payment_id,
        refund_id: shop.refund_id(),
        amount: Some(pence(2_00)),
        reason: "goodwill".to_owned(),
        at: at(5),
    };
    let give = |shop: &mut Shop| shop.when(|work| settlement::refund_payment(work, &command));
    give(&mut shop).then(&["RefundRequested", "RefundSettled", "WalletCredited"]);
    give(&mut shop).then(&[]);
    assert_eq!((shop.balance(ANNA), shop.refundable(&order)), (2_00, 3_00));
}

#[test]
fn the_provider_ends_a_refund_once() {
    let (mut shop, order) = paid_shop();
    let payment_id = order.payment_id;
    let (first, outcome) = refund(&mut shop, &order, Some(5_00));
    outcome.ok();
    shop.when(|work| settlement::fail_refund(work, payment_id, first, "closed", "the card is closed"))
        .then(&["RefundFailed"]);
    shop.when(|work| settlement::settle_refund(work, payment_id, first, "re_1"))
        .then(&[]);
    assert_eq!(shop.refundable(&order), 5_00);

    let (second, outcome) = refund(&mut shop, &order, None);
    outcome.ok();
    shop.when(|work| settlement::settle_refund(work, payment_id, second, "re_2"))
        .then(&["RefundSettled"]);
    shop.when(|work| settlement::settle_refund(work, payment_id, second, "re_2"))
        .then(&[]);
    shop.when(|work| settlement::fail_refund(work, payment_id, second, "late", "too late"))
        .then(&[]);
    assert_eq!(shop.refundable(&order), 0);

    let unknown = shop.refund_id();
    shop.when(|work| settlement::settle_refund(work, payment_id, unknown, "re_3"))
        .then_refused(NotFound, "refund_not_found", None);
}

#[test]
fn a_deposit_goes_back_by_a_withdrawal() {
    let mut shop = Shop::new();
    let deposit = wallets::RequestDeposit {
        payment_id: shop.new_id(),
        attempt_id: shop.attempt_id(),
        account_id: ANNA,
        amount: pence(3_00),
        card_token: "tok_visa".to_owned(),
        at: at(0),
    };
    shop.when(|work| wallets::request_deposit(work, &deposit)).ok();
    let command = RefundPayment {
        payment_id: deposit.payment_id,
        refund_id: shop.refund_id(),
        amount: None,
        reason: "changed my mind".to_owned(),
        at: at(5),
    };
    shop.when(|work| settlement::refund_payment(work, &command))
        .then_refused(Conflict, "payment_not_settled", None);
}
