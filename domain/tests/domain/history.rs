//! Sales of the past: recorded at the price of then, once per number, and nobody is charged.

use domain::RefusalKind::{Conflict, Invalid, NotFound};
use domain::fulfilment::{self, ReturnOrder};
use domain::history::{self, ORDER_REFERENCE_SCOPE, PastLine, RecordPastOrder};
use domain::order::{LINES_MAX, Order, Status};
use domain::{Authority, accounts, catalogue};
use events::Event;
use events::ids::{OrderId, PaymentId};
use events::money::Money;
use events::payment::PaymentEvent;
use events::sealed::Sealed;

use crate::accounts::registration;
use crate::shop::{ANNA, Outcome, Shop, at, pence, sku};

fn line(text: &str, quantity: u32, price_minor: i64) -> PastLine {
    PastLine {
        sku: sku(text),
        quantity,
        unit_price: pence(price_minor),
    }
}

fn past_order(shop: &mut Shop, lines: Vec<PastLine>) -> RecordPastOrder {
    RecordPastOrder {
        order_id: shop.new_id::<OrderId>(),
        payment_id: shop.new_id::<PaymentId>(),
        customer: None,
        contact: Sealed("contact".to_owned()),
        country: "United Kingdom".to_owned(),
        lines,
        placed_at: at(-1_000_000),
        reference: Some("536365".to_owned()),
        now: at(0),
    }
}

fn record(shop: &mut Shop, command: &RecordPastOrder) -> Outcome<Money> {
    shop.when(|work| history::record_past_order(work, command))
}

fn shop_with_lamps() -> Shop {
    let mut shop = Shop::new();
    shop.sells("LAMP", 9_99, 10);
    shop
}

#[test]
fn a_past_order_is_sold_paid_and_handed_over_at_once() {
    let mut shop = shop_with_lamps();
    let command = past_order(&mut shop, vec![line("LAMP", 2, 2_50), line("LAMP", 1, 2_00)]);

    let total = record(&mut shop, &command).then(&[
        "OrderPlaced",
        "OrderPaid",
        "OrderShipped",
        "OrderDelivered",
        "PaymentRequested",
        "PaymentSettled",
        "StockSold",
    ]);

    assert_eq!(total, pence(7_00));
    assert_eq!(shop.shelf("LAMP"), (7, 7));
    let order: Order = shop.look(command.order_id);
    assert_eq!(order.placed().unwrap().status, Status::Delivered);
    assert_eq!(
        shop.claim_owner(ORDER_REFERENCE_SCOPE, "536365"),
        Some(&*command.order_id.to_string())
    );
}

#[test]
fn it_carries_the_time_and_the_way_it_was_paid_then() {
    let mut shop = shop_with_lamps();
    let command = past_order(&mut shop, vec![line("LAMP", 2, 2_50)]);
    let outcome = record(&mut shop, &command);
    let settled = outcome.events.iter().find_map(|event| match event {
        Event::Payment(PaymentEvent::PaymentSettled(settled)) => Some(settled.clone()),
        _ => None,
    });
    let settled = settled.unwrap();
    assert_eq!(
        (settled.settled_at, settled.attempt_id),
        (command.placed_at, None)
    );
    outcome.ok();
}

#[test]
fn a_number_is_recorded_once() {
    let mut shop = shop_with_lamps();
    let first = past_order(&mut shop, vec![line("LAMP", 1, 2_50)]);
    record(&mut shop, &first).ok();
    let second = past_order(&mut shop, vec![line("LAMP", 1, 2_50)]);
    record(&mut shop, &second).then_taken(ORDER_REFERENCE_SCOPE, "536365");
    record(&mut shop, &first).then_refused(Conflict, "order_exists", None);
    assert_eq!(shop.shelf("LAMP"), (9, 9));
    let without_number = RecordPastOrder {
        reference: None,
        ..second
    };
    record(&mut shop, &without_number).ok();
}

#[test]
fn the_past_is_past() {
    let mut shop = shop_with_lamps();
    let command = past_order(&mut shop, vec![line("LAMP", 1, 2_50)]);
    let tomorrow = RecordPastOrder {
        placed_at: at(1),
        ..command.clone()
    };
    record(&mut shop, &tomorrow).then_refused(Invalid, "placed_at_not_past", Some("placed_at"));
    let now = RecordPastOrder {
        placed_at: at(0),
        ..command
    };
    record(&mut shop, &now).ok();
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut shop = shop_with_lamps();
    for (lines, code, field) in [
        (vec![], "order_line_count", "lines"),
        (
            vec![line("LAMP", 1, 1); LINES_MAX + 1],
            "order_line_count",
            "lines",
        ),
        (vec![line("LAMP", 0, 2_50)], "quantity_invalid", "quantity"),
        (
            vec![line("LAMP", 1, 1); 2]
                .into_iter()
                .map(|l| PastLine {
                    quantity: u32::MAX,
                    ..l
                })
                .collect(),
            "quantity_invalid",
            "quantity",
        ),
        (vec![line("LAMP", 1, -1)], "price_negative", "price"),
        (vec![line("LAMP", 2, i64::MAX)], "amount_invalid", "lines"),
        (vec![line("LAMP", 1, i64::MAX)], "amount_invalid", "lines"),
    ] {
        let command = past_order(&mut shop, lines);
        record(&mut shop, &command).then_refused(Invalid, code, Some(field));
    }
    let nowhere = RecordPastOrder {
        country: String::new(),
        ..past_order(&mut shop, vec![line("LAMP", 1, 1)])
    };
    record(&mut shop, &nowhere).then_refused(Invalid, "country_invalid", Some("country"));
}

#[test]
fn the_past_sold_what_was_there() {
    let mut shop = shop_with_lamps();
    let command = past_order(&mut shop, vec![line("LAMP", 11, 2_50)]);
    record(&mut shop, &command).then_refused(Conflict, "out_of_stock", Some("sku"));
    let unknown = past_order(&mut shop, vec![line("NEVER", 1, 2_50)]);
    record(&mut shop, &unknown).then_refused(Conflict, "not_for_sale", Some("sku"));
}

#[test]
fn what_is_no_longer_sold_was_sold_then() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 9_99, 10);
    shop.when(|work| catalogue::remove_product(work, lamp, Authority::Staff, None))
        .ok();
    let command = past_order(&mut shop, vec![line("LAMP", 1, 2_50)]);
    record(&mut shop, &command).ok();
}

#[test]
fn a_named_customer_is_a_known_one() {
    let mut shop = shop_with_lamps();
    let of_anna = RecordPastOrder {
        customer: Some(ANNA),
        ..past_order(&mut shop, vec![line("LAMP", 1, 1)])
    };
    record(&mut shop, &of_anna).then_refused(NotFound, "account_not_found", None);
    shop.when(|work| accounts::register(work, &registration(ANNA, "anna", None)))
        .ok();
    record(&mut shop, &of_anna).ok();
}

#[test]
fn a_gift_of_the_past_is_recorded_too() {
    let mut shop = shop_with_lamps();
    let command = past_order(&mut shop, vec![line("LAMP", 1, 0)]);
    assert_eq!(record(&mut shop, &command).ok(), pence(0));
}

#[test]
fn what_was_sold_then_can_come_back_now() {
    let mut shop = shop_with_lamps();
    let command = past_order(&mut shop, vec![line("LAMP", 2, 2_50), line("LAMP", 1, 2_00)]);
    record(&mut shop, &command).ok();
    let back = ReturnOrder {
        order_id: command.order_id,
        by: Authority::Staff,
        quantities: None,
        refund_id: shop.refund_id(),
        reason: "broken".to_owned(),
        at: at(1),
    };
    let given = shop.when(|work| fulfilment::return_order(work, &back)).then(&[
        "OrderReturned",
        "RefundRequested",
        "RefundSettled",
        "StockReturned",
    ]);
    assert_eq!(given, pence(7_00));
    assert_eq!(shop.shelf("LAMP"), (10, 10));
}
