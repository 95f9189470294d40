use events::ids::{AccountId, OrderId, PaymentId, ProductId, Sku};
use events::money::Currency;
use events::sealed::Sealed;
use uuid::Uuid;

use super::*;

fn shop() -> ShopIdentity {
    ShopIdentity::new(
        "Gift Shop",
        "orders@gifts.example",
        "https://gifts.example/",
        "https://gifts.example/password",
        "https://gifts.example/verify",
    )
    .unwrap()
}

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000 + hour * 3_600, 0).unwrap()
}

fn line(sku: &str, name: &str, quantity: u32, minor: i64) -> OrderLine {
    OrderLine {
        sku: Sku::new(sku).unwrap(),
        product_id: ProductId(Uuid::from_u128(7)),
        name: name.to_owned(),
        category: None,
        seller: None,
        quantity,
        unit_price: Money::new(minor, Currency::GBP),
    }
}

fn placed() -> OrderPlaced {
    OrderPlaced {
        order_id: OrderId(Uuid::from_u128(1)),
        customer: Some(AccountId(Uuid::from_u128(2))),
        contact: Sealed("sealed".to_owned()),
        lines: vec![
            line("85123A", "White hanging heart", 2, 255),
            line("22423", "Cake stand <3 tiers> & \"lid\"\r\nBcc: x", 1, 1275),
        ],
        total: Money::new(1785, Currency::GBP),
        country: "United Kingdom".to_owned(),
        payment_id: PaymentId(Uuid::from_u128(3)),
        placed_at: at(0),
        expires_at: Some(at(1)),
        reference: None,
        historical: false,
    }
}

fn contact() -> Contact {
    Contact {
        email: None,
        name: "Ann <b>Smith</b>".to_owned(),
        address: "1 High Street\nLondon\r\n\r\nSW1A 1AA".to_owned(),
    }
}

fn shown(content: &Content) -> String {
    format!("{}\n\n{}\n{}", content.subject, content.text, content.html)
}

#[test]
fn a_confirmation_says_what_was_ordered_and_what_comes_next() {
    insta::assert_snapshot!(shown(&confirmation(&shop(), &placed(), &contact(), None)));
}

#[test]
fn a_confirmation_of_a_paid_order_says_so() {
    insta::assert_snapshot!(confirmation(&shop(), &placed(), &contact(), Some(at(0))).text);
}

#[test]
fn a_shipping_note_tells_the_tracking_number() {
    let event = OrderShipped {
        order_id: placed().order_id,
        customer: None,
        carrier: Some("Royal Mail".to_owned()),
        tracking_number: Some("RM 12<3".to_owned()),
        shipped_at: at(2),
    };
    insta::assert_snapshot!(shown(&shipped(&shop(), &placed(), &event, &contact())));
}

#[test]
fn a_cancellation_tells_why_and_what_comes_back() {
    let event = |reason, minor| OrderCancelled {
        order_id: placed().order_id,
        customer: None,
        reason,
        country: String::new(),
        reversed: vec![],
        reversed_total: Money::new(minor, Currency::GBP),
        cancelled_at: at(2),
    };
    let texts: Vec<_> = [
        event(CancelReason::Unpaid, 0),
        event(CancelReason::Customer, 1785),
        event(CancelReason::Staff, 1785),
    ]
    .iter()
    .map(|event| cancelled(&shop(), &placed(), event, &contact()).text)
    .collect();
    insta::assert_snapshot!(texts.join("\n-----\n"));
}

#[test]
fn a_password_link_carries_its_token_behind_the_hash() {
    insta::assert_snapshot!(shown(&password_reset(&shop(), "ann", "acc.tok-en_1", at(1))));
}

#[test]
fn an_order_that_goes_nowhere_says_nothing_of_where() {
    let contact = Contact {
        name: String::new(),
        address: String::new(),
        ..contact()
    };
    let told = |country: &str| {
        let placed = OrderPlaced {
            country: country.to_owned(),
            ..placed()
        };
        confirmation(&shop(), &placed, &contact, None).text
    };
    assert!(told("France").contains("It goes to:\n\nFrance\n"));
    let nowhere = told(UNSPECIFIED_COUNTRY);
    assert!(!nowhere.contains("goes to") && !nowhere.contains(UNSPECIFIED_COUNTRY));
}

#[test]
fn nothing_from_people_is_markup() {
    let content = confirmation(&shop(), &placed(), &contact(), None);
    assert!(
        !content.html.contains("<b>") && !content.html.contains("<3"),
        "{}",
        content.html
    );
    assert!(
        content.html.contains("Ann &lt;b&gt;Smith&lt;/b&gt;"),
        "{}",
        content.html
    );
}
