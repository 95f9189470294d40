//! What the provider answers, and what the customer tries after a decline.

use domain::RefusalKind::{Conflict, Invalid, NotFound};
use domain::checkout::PlaceOrder;
use domain::order::Status;
use domain::settlement::{self, DeclinePayment, RetryPayment};
use domain::{Authority, wallets};
use events::ids::{AttemptId, PaymentId};
use events::payment::PaymentMethod;

use crate::shop::{ANNA, BOB, EXPIRES_AFTER, Outcome, Shop, at, card, pence, settle};

fn decline(shop: &mut Shop, payment_id: PaymentId, attempt_id: AttemptId) -> Outcome<()> {
    let command = DeclinePayment {
        payment_id,
        attempt_id,
        code: "funds".to_owned(),
        message: "not enough money".to_owned(),
    };
    shop.when(|work| settlement::decline_payment(work, &command))
}

fn declined(shop: &mut Shop) -> PlaceOrder {
    shop.sells("LAMP", 2_50, 5);
    let order = shop.ordered(&[("LAMP", 2)]);
    decline(shop, order.payment_id, order.attempt_id).then(&["PaymentDeclined"]);
    order
}

fn retry(shop: &mut Shop, order: &PlaceOrder, method: PaymentMethod) -> RetryPayment {
    RetryPayment {
        payment_id: order.payment_id,
        by: Authority::Account(ANNA),
        method,
        attempt_id: shop.attempt_id(),
        at: at(5),
    }
}

fn try_again(shop: &mut Shop, command: &RetryPayment) -> Outcome<()> {
    shop.when(|work| settlement::retry_payment(work, command))
}

#[test]
fn a_charge_pays_the_order_once() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let order = shop.ordered(&[("LAMP", 2)]);
    shop.settle(&order, 1).then(&["OrderPaid", "PaymentSettled"]);
    shop.settle(&order, 2).then(&[]);
    decline(&mut shop, order.payment_id, order.attempt_id).then(&[]);
    assert_eq!(shop.order_status(&order), Status::Paid);
}

#[test]
fn a_payment_that_nobody_asked_for_is_not_there() {
    let mut shop = Shop::new();
    let never = shop.order(&[]);
    shop.settle(&never, 1)
        .then_refused(NotFound, "payment_not_found", None);
    decline(&mut shop, never.payment_id, never.attempt_id).then_refused(NotFound, "payment_not_found", None);
    let again = retry(&mut shop, &never, card());
    try_again(&mut shop, &again).then_refused(NotFound, "payment_not_found", None);
}

#[test]
fn a_declined_order_is_paid_with_another_card() {
    let mut shop = Shop::new();
    let order = declined(&mut shop);
    assert_eq!(shop.order_status(&order), Status::AwaitingPayment);

    let second = retry(&mut shop, &order, card());
    try_again(&mut shop, &second).then(&["PaymentRetried"]);
    shop.settle(&order, 6)
        .then_refused(NotFound, "attempt_not_found", None);
    let charge = settle(&order, second.attempt_id, 7);
    shop.when(|work| settlement::settle_payment(work, &charge))
        .then(&["OrderPaid", "PaymentSettled"]);

    assert_eq!(shop.order_status(&order), Status::Paid);
    let third = retry(&mut shop, &order, card());
    try_again(&mut shop, &third).then_refused(Conflict, "payment_not_declined", None);
}

#[test]
fn a_declined_order_is_paid_out_of_the_wallet() {
    let mut shop = Shop::new();
    let order = declined(&mut shop);
    let by_wallet = retry(&mut shop, &order, PaymentMethod::Wallet);
    try_again(&mut shop, &by_wallet).then_refused(Conflict, "wallet_not_covered", Some("amount"));
    shop.funds(ANNA, 5_00);

    try_again(&mut shop, &by_wallet).then(&[
        "OrderPaid",
        "PaymentRetried",
        "PaymentSettled",
        "WalletDebited",
    ]);

    assert_eq!(shop.balance(ANNA), 0);
    assert_eq!(shop.order_status(&order), Status::Paid);
}

#[test]
fn while_an_attempt_is_in_flight_there_is_no_second() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    shop.funds(ANNA, 5_00);
    let order = shop.ordered(&[("LAMP", 2)]);
    for method in [card(), PaymentMethod::Wallet] {
        let command = retry(&mut shop, &order, method);
        try_again(&mut shop, &command).then_refused(Conflict, "payment_not_declined", None);
    }
    assert_eq!(shop.balance(ANNA), 5_00);
}

#[test]
fn an_expired_or_cancelled_order_is_not_paid_any_more() {
    let mut shop = Shop::new();
    let order = declined(&mut shop);
    let late = RetryPayment {
        at: at(EXPIRES_AFTER),
        ..retry(&mut shop, &order, card())
    };
    try_again(&mut shop, &late).then_refused(Conflict, "order_expired", None);
    let cancel = domain::cancellation::CancelOrder {
        order_id: order.order_id,
        by: Authority::Account(ANNA),
        refund_id: shop.refund_id(),
        at: at(6),
    };
    shop.when(|work| domain::cancellation::cancel_order(work, &cancel))
        .ok();
    let command = retry(&mut shop, &order, card());
    try_again(&mut shop, &command).then_refused(Conflict, "payment_not_declined", None);
}

#[test]
fn anothers_payment_is_not_there() {
    let mut shop = Shop::new();
    let order = declined(&mut shop);
    let command = RetryPayment {
        by: Authority::Account(BOB),
        ..retry(&mut shop, &order, card())
    };
    try_again(&mut shop, &command).then_refused(NotFound, "payment_not_found", None);
}

#[test]
fn a_retry_names_a_real_method() {
    let mut shop = Shop::new();
    let order = declined(&mut shop);
    let token = PaymentMethod::Card { token: String::new() };
    let external = PaymentMethod::External {
        reference: "honestly".to_owned(),
    };
    for (method, code, field) in [
        (token, "card_token_invalid", "payment.token"),
        (external, "payment_method_invalid", "payment.method"),
    ] {
        let command = retry(&mut shop, &order, method);
        try_again(&mut shop, &command).then_refused(Invalid, code, Some(field));
    }
}

/// A wallet can't fill itself: a deposit that was "settled" out of the wallet moved nothing.
#[test]
fn a_declined_deposit_is_tried_again_by_card_only() {
    let mut shop = Shop::new();
    shop.funds(ANNA, 5_00);
    let deposit = wallets::RequestDeposit {
        payment_id: shop.new_id(),
        attempt_id: shop.attempt_id(),
        account_id: ANNA,
        amount: pence(3_00),
        card_token: "tok_visa".to_owned(),
        at: at(0),
    };
    shop.when(|work| wallets::request_deposit(work, &deposit)).ok();
    decline(&mut shop, deposit.payment_id, deposit.attempt_id).ok();
    let again = RetryPayment {
        payment_id: deposit.payment_id,
        by: Authority::Account(ANNA),
        method: PaymentMethod::Wallet,
        attempt_id: shop.attempt_id(),
        at: at(1),
    };
    try_again(&mut shop, &again).then_refused(Invalid, "payment_method_invalid", Some("payment.method"));
    let by_card = RetryPayment {
        method: card(),
        ..again
    };
    try_again(&mut shop, &by_card).then(&["PaymentRetried"]);
    let charge = settlement::SettlePayment {
        payment_id: deposit.payment_id,
        attempt_id: by_card.attempt_id,
        provider_reference: "ch_2".to_owned(),
        at: at(2),
    };
    shop.when(|work| settlement::settle_payment(work, &charge))
        .then(&["PaymentSettled", "WalletCredited"]);
    assert_eq!(shop.balance(ANNA), 8_00);
}
