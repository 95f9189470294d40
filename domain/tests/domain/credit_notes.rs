//! Credit notes: goods of the past that came back, of an order that nobody knows.

use domain::RefusalKind::{Conflict, Invalid, NotFound};
use domain::catalogue;
use domain::history::{self, CREDIT_NOTE_REFERENCE_SCOPE, PastLine, RecordCreditNote};
use domain::order::LINES_MAX;
use events::Event;
use events::credit_note::{CreditNoteEvent, ProductOrigin};
use events::ids::CreditNoteId;
use events::money::Money;

use crate::shop::{ANNA, Outcome, Shop, at, pence, sku};

fn line(text: &str, quantity: u32, price_minor: i64) -> PastLine {
    PastLine {
        sku: sku(text),
        quantity,
        unit_price: pence(price_minor),
    }
}

fn note(shop: &mut Shop, lines: Vec<PastLine>) -> RecordCreditNote {
    RecordCreditNote {
        credit_note_id: shop.new_id::<CreditNoteId>(),
        customer: None,
        country: "United Kingdom".to_owned(),
        lines,
        reason: "broken".to_owned(),
        issued_at: at(-1_000_000),
        reference: Some("C536379".to_owned()),
        now: at(0),
    }
}

fn record(shop: &mut Shop, command: &RecordCreditNote) -> Outcome<Money> {
    shop.when(|work| history::record_credit_note(work, command))
}

#[test]
fn the_goods_are_back_and_the_money_is_gone() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 9_99, 1);
    shop.sells("MUG", 9_99, 0);
    let command = note(
        &mut shop,
        vec![line("LAMP", 1, 2_50), line("MUG", 2, 1_00), line("LAMP", 1, 2_00)],
    );

    let total = record(&mut shop, &command).then(&["CreditNoteIssued", "StockReturned", "StockReturned"]);

    assert_eq!(total, pence(6_50));
    assert_eq!((shop.shelf("LAMP"), shop.shelf("MUG")), ((3, 3), (2, 2)));
}

#[test]
fn it_says_where_each_product_belonged() {
    let mut shop = Shop::new();
    let mug = shop.sells("MUG", 9_99, 1);
    let lamp = shop.product(Some(ANNA), &[("LAMP", 9_99, 1)]);
    shop.when(|work| catalogue::add_product(work, &lamp)).ok();
    let command = note(
        &mut shop,
        vec![line("LAMP", 1, 2_50), line("MUG", 2, 1_00), line("LAMP", 1, 2_00)],
    );
    let events = record(&mut shop, &command).events;
    let issued = events.iter().find_map(|event| match event {
        Event::CreditNote(CreditNoteEvent::CreditNoteIssued(issued)) => Some(issued),
        _ => None,
    });
    let origin = |product_id, seller| ProductOrigin {
        product_id,
        category: None,
        seller,
    };
    assert_eq!(
        issued.unwrap().origins,
        [origin(mug, None), origin(lamp.product_id, Some(ANNA))]
    );
}

#[test]
fn a_number_is_recorded_once() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 9_99, 1);
    let first = note(&mut shop, vec![line("LAMP", 1, 2_50)]);
    record(&mut shop, &first).ok();
    let second = note(&mut shop, vec![line("LAMP", 1, 2_50)]);
    record(&mut shop, &second).then_taken(CREDIT_NOTE_REFERENCE_SCOPE, "C536379");
    record(&mut shop, &first).then_refused(Conflict, "credit_note_exists", None);
    assert_eq!(shop.shelf("LAMP"), (2, 2));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 9_99, 1);
    for (lines, kind, code, field) in [
        (vec![], Invalid, "credit_note_line_count", "lines"),
        (
            vec![line("LAMP", 1, 1); LINES_MAX + 1],
            Invalid,
            "credit_note_line_count",
            "lines",
        ),
        (
            vec![line("LAMP", 0, 2_50)],
            Invalid,
            "quantity_invalid",
            "quantity",
        ),
        (vec![line("LAMP", 1, -1)], Invalid, "price_negative", "price"),
        (
            vec![line("LAMP", u32::MAX, 1)],
            Invalid,
            "stock_too_much",
            "quantity",
        ),
        (vec![line("NEVER", 1, 1)], Conflict, "not_for_sale", "sku"),
    ] {
        let command = note(&mut shop, lines);
        record(&mut shop, &command).then_refused(kind, code, Some(field));
    }
    let good = note(&mut shop, vec![line("LAMP", 1, 1)]);
    let future = RecordCreditNote {
        issued_at: at(1),
        ..good.clone()
    };
    record(&mut shop, &future).then_refused(Invalid, "placed_at_not_past", Some("placed_at"));
    let nowhere = RecordCreditNote {
        country: " ".to_owned(),
        ..good.clone()
    };
    record(&mut shop, &nowhere).then_refused(Invalid, "country_invalid", Some("country"));
    let of_nobody = RecordCreditNote {
        customer: Some(ANNA),
        ..good
    };
    record(&mut shop, &of_nobody).then_refused(NotFound, "account_not_found", None);
    assert_eq!(shop.shelf("LAMP"), (1, 1));
}
