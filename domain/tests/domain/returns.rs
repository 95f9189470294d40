//! Goods that come back: onto the shelf, and their price to whoever paid it.

use domain::RefusalKind::{Conflict, Invalid, NotFound};
use domain::checkout::PlaceOrder;
use domain::fulfilment::{self, ReturnOrder};
use domain::settlement;
use domain::{Authority, catalogue, order};
use events::money::Money;

use crate::shop::{ANNA, BOB, Outcome, Shop, at, pence, ship, sku};

fn command(shop: &mut Shop, order: &PlaceOrder, quantities: Option<&[(&str, u32)]>) -> ReturnOrder {
    ReturnOrder {
        order_id: order.order_id,
        by: Authority::Account(ANNA),
        quantities: quantities.map(|some| some.iter().map(|(text, n)| (sku(text), *n)).collect()),
        refund_id: shop.refund_id(),
        reason: "too bright".to_owned(),
        at: at(10),
    }
}

fn take_back(shop: &mut Shop, order: &PlaceOrder, quantities: Option<&[(&str, u32)]>) -> Outcome<Money> {
    let command = command(shop, order, quantities);
    shop.when(|work| fulfilment::return_order(work, &command))
}

fn delivered_shop() -> (Shop, PlaceOrder) {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 10);
    shop.sells("MUG", 1_00, 10);
    let order = shop.delivered(&[("LAMP", 2), ("MUG", 3)]);
    (shop, order)
}

#[test]
fn a_paid_order_leaves_and_arrives() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 10);
    let order = shop.ordered(&[("LAMP", 2)]);
    let parcel = ship(&order);
    shop.when(|work| fulfilment::ship_order(work, &parcel))
        .then_refused(Conflict, "order_status", None);
    shop.settle(&order, 1).ok();
    shop.when(|work| fulfilment::ship_order(work, &parcel))
        .then(&["OrderShipped", "StockShipped"]);
    assert_eq!(shop.shelf("LAMP"), (8, 8));
    shop.when(|work| fulfilment::ship_order(work, &parcel))
        .then_refused(Conflict, "order_status", None);
    let arrive = |shop: &mut Shop| shop.when(|work| fulfilment::deliver_order(work, order.order_id, at(3)));
    arrive(&mut shop).then(&["OrderDelivered"]);
    arrive(&mut shop).then(&[]);
    let never = shop.order(&[]);
    let parcel = ship(&never);
    shop.when(|work| fulfilment::ship_order(work, &parcel))
        .then_refused(NotFound, "order_not_found", None);
}

#[test]
fn everything_comes_back() {
    let (mut shop, order) = delivered_shop();

    let given = take_back(&mut shop, &order, None).then(&[
        "OrderReturned",
        "RefundRequested",
        "StockReturned",
        "StockReturned",
    ]);

    assert_eq!(given, pence(8_00));
    assert_eq!((shop.shelf("LAMP"), shop.shelf("MUG")), ((10, 10), (10, 10)));
    assert_eq!(shop.refundable(&order), 0);
    // There is nothing left to come back.
    take_back(&mut shop, &order, None).then_refused(Invalid, "quantity_invalid", Some("quantity"));
}

#[test]
fn some_comes_back_then_more_then_the_rest() {
    let (mut shop, order) = delivered_shop();
    assert_eq!(
        take_back(&mut shop, &order, Some(&[("LAMP", 1)])).ok(),
        pence(2_50)
    );
    assert_eq!(
        take_back(&mut shop, &order, Some(&[("LAMP", 1), ("MUG", 1)])).ok(),
        pence(3_50)
    );
    take_back(&mut shop, &order, Some(&[("LAMP", 1)])).then_refused(
        Conflict,
        "return_exceeds_order",
        Some("lines"),
    );
    assert_eq!(take_back(&mut shop, &order, None).ok(), pence(2_00));
    assert_eq!((shop.shelf("LAMP"), shop.shelf("MUG")), ((10, 10), (10, 10)));
}

#[test]
fn no_more_comes_back_than_was_bought_and_nothing_that_was_not() {
    let (mut shop, order) = delivered_shop();
    shop.sells("CUP", 1_00, 10);
    for quantities in [
        &[("LAMP", 3)][..],
        &[("CUP", 1)],
        &[("NEVER", 1)],
        &[("LAMP", 1), ("MUG", 4)],
    ] {
        take_back(&mut shop, &order, Some(quantities)).then_refused(
            Conflict,
            "return_exceeds_order",
            Some("lines"),
        );
    }
    for quantities in [&[][..], &[("LAMP", 0)]] {
        take_back(&mut shop, &order, Some(quantities)).then_refused(
            Invalid,
            "quantity_invalid",
            Some("quantity"),
        );
    }
    assert_eq!(shop.shelf("LAMP"), (8, 8));
}

#[test]
fn a_customer_returns_what_has_arrived_and_staff_also_what_is_on_its_way() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 10);
    let order = shop.paid(&[("LAMP", 2)]);
    take_back(&mut shop, &order, None).then_refused(Conflict, "order_status", None);
    let parcel = ship(&order);
    shop.when(|work| fulfilment::ship_order(work, &parcel)).ok();
    take_back(&mut shop, &order, None).then_refused(Conflict, "order_status", None);
    let by_staff = ReturnOrder {
        by: Authority::Staff,
        ..command(&mut shop, &order, None)
    };
    assert_eq!(
        shop.when(|work| fulfilment::return_order(work, &by_staff)).ok(),
        pence(5_00)
    );
}

#[test]
fn staff_cannot_take_back_what_never_left() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 10);
    let order = shop.paid(&[("LAMP", 2)]);
    let by_staff = ReturnOrder {
        by: Authority::Staff,
        ..command(&mut shop, &order, None)
    };
    shop.when(|work| fulfilment::return_order(work, &by_staff))
        .then_refused(Conflict, "order_status", None);
}

#[test]
fn anothers_order_is_not_there() {
    let (mut shop, order) = delivered_shop();
    let by_bob = ReturnOrder {
        by: Authority::Account(BOB),
        ..command(&mut shop, &order, None)
    };
    shop.when(|work| fulfilment::return_order(work, &by_bob))
        .then_refused(NotFound, "order_not_found", None);
}

#[test]
fn what_the_wallet_paid_goes_back_into_it() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 10);
    shop.funds(ANNA, 5_00);
    let order = shop.paid_by_wallet(&[("LAMP", 2)]);
    shop.hand_over(&order);
    take_back(&mut shop, &order, Some(&[("LAMP", 1)])).then(&[
        "OrderReturned",
        "RefundRequested",
        "RefundSettled",
        "StockReturned",
        "WalletCredited",
    ]);
    assert_eq!(shop.balance(ANNA), 2_50);
}

#[test]
fn what_was_given_back_as_a_goodwill_is_not_given_back_again() {
    let (mut shop, order) = delivered_shop();
    let goodwill = settlement::RefundPayment {
        payment_id: order.payment_id,
        refund_id: shop.refund_id(),
        amount: Some(pence(7_00)),
        reason: "late".to_owned(),
        at: at(5),
    };
    shop.when(|work| settlement::refund_payment(work, &goodwill)).ok();

    assert_eq!(
        take_back(&mut shop, &order, Some(&[("LAMP", 1)])).ok(),
        pence(1_00)
    );
    let rest = take_back(&mut shop, &order, None).then(&["OrderReturned", "StockReturned", "StockReturned"]);

    assert_eq!(rest, pence(0));
    assert_eq!(shop.shelf("LAMP"), (10, 10));
    let order: order::Order = shop.look(order.order_id);
    assert_eq!(
        order.placed().unwrap().returned,
        [(sku("LAMP"), 2), (sku("MUG"), 3)].into()
    );
}

#[test]
fn what_was_free_comes_back_without_a_refund() {
    let mut shop = Shop::new();
    shop.sells("LEAFLET", 0, 5);
    let order = shop.ordered(&[("LEAFLET", 2)]);
    shop.hand_over(&order);
    let given = take_back(&mut shop, &order, None).then(&["OrderReturned", "StockReturned"]);
    assert_eq!(given, pence(0));
}

/// Bob sold the last lamps, removed them and left the SKU to the shop: what came back to him was the shop's to sell.
#[test]
fn what_comes_back_is_not_put_on_the_shelf_of_who_has_its_sku_now() {
    let mut shop = Shop::new();
    let add = shop.product(Some(BOB), &[("LAMP", 2_50, 2)]);
    shop.when(|work| catalogue::add_product(work, &add)).ok();
    let order = shop.delivered(&[("LAMP", 2)]);
    shop.when(|work| catalogue::remove_product(work, add.product_id, Authority::Account(BOB), None))
        .ok();
    shop.sells("LAMP", 9_99, 3);
    let given = take_back(&mut shop, &order, None).then(&["OrderReturned", "RefundRequested"]);
    assert_eq!(given, pence(5_00));
    assert_eq!(shop.shelf("LAMP"), (3, 3));
}
