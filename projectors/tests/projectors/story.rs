//! Events to tell stories with. Ids are small numbers, times are seconds after a fixed one.
//!
//! Here is what most stories need: products, orders, people. The rest has files of its own.

mod branches;
mod money;
mod opinions;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use events::Event;
use events::account::{AccountEvent, AccountRegistered, Role};
use events::api_key::{ApiKeyEvent, ApiKeyIssued, Scope};
use events::ids::{
    AccountId, ApiKeyId, AttemptId, CategoryId, CreditNoteId, ImageId, OrderId, PaymentId, ProductId,
    RefundId, Sku, WithdrawalId,
};
use events::image::{
    ContentHash, ImageAdded, ImageFault, ImageFormat, ImageProcessed, ImageRejected, ImageSize,
};
use events::money::{Currency, Money};
use events::order::{
    CancelReason, OrderCancelled, OrderEvent, OrderLine, OrderPaid, OrderPlaced, OrderReturned, SoldLine,
};
use events::product::{ProductAdded, ProductEvent, Variant};
use events::sealed::Sealed;
use events::stock::{StockEvent, StockReceived, StockReserved};
use events::wishlist::{WishlistEvent, WishlistItemAdded};
use projectors::Fact;
use projectors::projection::{KeyOf, Projection};
use uuid::Uuid;

pub use branches::*;
pub use money::*;
pub use opinions::*;

pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_300_000_000 + second, 0).unwrap()
}

pub fn gbp(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

pub fn product(n: u128) -> ProductId {
    ProductId(Uuid::from_u128(n))
}

pub fn order(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

pub fn payment(n: u128) -> PaymentId {
    PaymentId(Uuid::from_u128(n))
}

pub fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

pub fn category(n: u128) -> CategoryId {
    CategoryId(Uuid::from_u128(n))
}

pub fn refund(n: u128) -> RefundId {
    RefundId(Uuid::from_u128(n))
}

pub fn withdrawal(n: u128) -> WithdrawalId {
    WithdrawalId(Uuid::from_u128(n))
}

pub fn credit_note(n: u128) -> CreditNoteId {
    CreditNoteId(Uuid::from_u128(n))
}

pub fn attempt(n: u128) -> AttemptId {
    AttemptId(Uuid::from_u128(n))
}

/// The SKU of product `n` in one of its forms.
pub fn sku(n: u128, form: char) -> Sku {
    Sku::new(format!("{n}{form}")).unwrap()
}

pub fn variant(n: u128, form: char, minor: i64) -> Variant {
    Variant {
        sku: sku(n, form),
        options: BTreeMap::from([("form".to_owned(), form.to_string())]),
        price: gbp(minor),
    }
}

/// Product `n`, in the form `a`, at `minor` pence.
pub fn added(n: u128, name: &str, minor: i64) -> Event {
    Event::Product(ProductEvent::ProductAdded(ProductAdded {
        product_id: product(n),
        seller: None,
        name: name.to_owned(),
        description: format!("a fine {name}"),
        category: None,
        variants: vec![variant(n, 'a', minor)],
        added_at: at(i64::try_from(n).unwrap()),
    }))
}

pub fn received(n: u128, quantity: u32) -> Event {
    Event::Stock(StockEvent::StockReceived(StockReceived {
        sku: sku(n, 'a'),
        product_id: product(n),
        quantity,
        reason: "delivery".to_owned(),
    }))
}

pub fn reserved(n: u128, order_number: u128, quantity: u32) -> Event {
    Event::Stock(StockEvent::StockReserved(StockReserved {
        sku: sku(n, 'a'),
        product_id: product(n),
        order_id: order(order_number),
        quantity,
    }))
}

pub fn sold(n: u128, quantity: u32, minor: i64) -> SoldLine {
    SoldLine {
        sku: sku(n, 'a'),
        product_id: product(n),
        quantity,
        amount: gbp(minor * i64::from(quantity)),
    }
}

/// Order `n` of two units of product 1 at 150 pence and one of product 2 at 1000.
pub fn placed(n: u128) -> Event {
    let line = |product_number: u128, quantity, minor| OrderLine {
        sku: sku(product_number, 'a'),
        product_id: product(product_number),
        name: format!("product {product_number}"),
        category: None,
        seller: None,
        quantity,
        unit_price: gbp(minor),
    };
    Event::Order(OrderEvent::OrderPlaced(OrderPlaced {
        order_id: order(n),
        customer: Some(account(n)),
        contact: Sealed(format!("sealed {n}")),
        lines: vec![line(1, 2, 150), line(2, 1, 1000)],
        total: gbp(1300),
        country: "France".to_owned(),
        payment_id: payment(n),
        placed_at: at(i64::try_from(n).unwrap()),
        expires_at: Some(at(900)),
        reference: None,
        historical: false,
    }))
}

pub fn paid(n: u128, when: DateTime<Utc>) -> Event {
    Event::Order(OrderEvent::OrderPaid(OrderPaid {
        order_id: order(n),
        customer: Some(account(n)),
        payment_id: payment(n),
        country: "France".to_owned(),
        lines: vec![sold(1, 2, 150), sold(2, 1, 1000)],
        total: gbp(1300),
        paid_at: when,
    }))
}

pub fn cancelled(n: u128, reversed: Vec<SoldLine>, when: DateTime<Utc>) -> Event {
    let total = reversed.iter().map(|line| line.amount.amount_minor()).sum();
    Event::Order(OrderEvent::OrderCancelled(OrderCancelled {
        order_id: order(n),
        customer: Some(account(n)),
        reason: CancelReason::Customer,
        country: "France".to_owned(),
        reversed,
        reversed_total: gbp(total),
        cancelled_at: when,
    }))
}

pub fn returned(n: u128, lines: Vec<SoldLine>, when: DateTime<Utc>) -> Event {
    let total = lines.iter().map(|line| line.amount.amount_minor()).sum();
    Event::Order(OrderEvent::OrderReturned(OrderReturned {
        order_id: order(n),
        customer: Some(account(n)),
        country: "France".to_owned(),
        lines,
        total: gbp(total),
        refund_id: refund(n),
        reason: "broken".to_owned(),
        returned_at: when,
    }))
}

pub fn registered(n: u128) -> Event {
    Event::Account(AccountEvent::AccountRegistered(AccountRegistered {
        account_id: account(n),
        profile: Sealed(format!("profile {n}")),
        password: None,
        roles: BTreeSet::from([Role::Customer]),
        registered_at: at(0),
    }))
}

/// Product `product_number` goes on the wishlist of account `n`.
pub fn wished(n: u128, product_number: u128) -> Event {
    Event::Wishlist(WishlistEvent::WishlistItemAdded(WishlistItemAdded {
        account_id: account(n),
        product_id: product(product_number),
        added_at: at(95),
    }))
}

/// A view's rows by key.
pub type RowsOf<P> = BTreeMap<KeyOf<P>, <P as Projection>::Row>;

/// What a view makes of a story, in memory: its rows by key and its entries.
pub fn told<P: Projection>(story: &[Event]) -> (RowsOf<P>, Vec<P::Entry>) {
    let (mut rows, mut entries) = (BTreeMap::new(), Vec::new());
    for (event, position) in story.iter().zip(1..) {
        let fact = Fact {
            event: event.clone(),
            position,
            version: position,
            recorded_at: at(0),
            actor: events::envelope::Actor::System,
        };
        for key in P::keys(event) {
            let row = P::apply(&key, rows.remove(&key), &fact, &mut entries);
            rows.extend(row.map(|row| (key, row)));
        }
    }
    (rows, entries)
}

pub fn image(n: u128) -> ImageId {
    ImageId(Uuid::from_u128(0x1_0000 + n))
}

/// A hash of one digit.
pub fn content(digit: &str) -> ContentHash {
    ContentHash::new(digit.repeat(64)).unwrap()
}

/// A product's image, uploaded.
pub fn image_added(n: u128, image_number: u128) -> Event {
    let added = ImageAdded {
        product_id: product(n),
        image_id: image(image_number),
        original: content("a"),
        format: ImageFormat::Png,
        bytes: 900,
        width: 480,
        height: 240,
        alt: "A mug.".to_owned(),
        added_at: at(1),
    };
    ProductEvent::from(added).into()
}

/// It is ready in two sizes.
pub fn image_processed(n: u128, image_number: u128) -> Event {
    let size = |width, digit| ImageSize {
        width,
        height: width / 2,
        bytes: 5,
        content: content(digit),
    };
    let processed = ImageProcessed {
        product_id: product(n),
        image_id: image(image_number),
        sizes: vec![size(160, "b"), size(480, "c")],
        processed_at: at(2),
    };
    ProductEvent::from(processed).into()
}

pub fn image_rejected(n: u128, image_number: u128) -> Event {
    let rejected = ImageRejected {
        product_id: product(n),
        image_id: image(image_number),
        fault: ImageFault::Undecodable,
        rejected_at: at(2),
    };
    ProductEvent::from(rejected).into()
}

/// A key of account `n` with the same number, under a name that says `amount`.
pub fn key_issued(n: u128, amount: u32) -> Event {
    Event::ApiKey(ApiKeyEvent::ApiKeyIssued(ApiKeyIssued {
        key_id: ApiKeyId(account(n).0),
        account_id: account(n),
        name: format!("key {amount}"),
        scopes: BTreeSet::from([Scope::CatalogueWrite]),
        key_hash: format!("hash {n}"),
        issued_at: at(1),
        expires_at: amount.is_multiple_of(2).then(|| at(i64::from(amount))),
    }))
}
