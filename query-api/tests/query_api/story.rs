//! Events to tell stories with. Ids are small numbers, times are seconds after a fixed one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use events::Event;
use events::account::{AccountRegistered, Profile, Role};
use events::api_key::{ApiKeyIssued, Scope};
use events::cart::CartItemSet;
use events::category::{CategoryArchived, CategoryCreated};
use events::envelope::StreamId;
use events::ids::{
    AccountId, ApiKeyId, AttemptId, CategoryId, ImageId, OrderId, OrphanId, PaymentId, ProductId, RefundId,
    ReviewId, Sku,
};
use events::image::{
    ContentHash, ImageAdded, ImageFault, ImageFormat, ImageProcessed, ImageRejected, ImageSize,
};
use events::ledger::JournalEntry;
use events::money::{Currency, Money};
use events::order::{Contact, OrderLine, OrderPaid, OrderPlaced, SoldLine};
use events::orphan::{OrphanEvent, OrphanFound, OrphanKind, OrphanReason};
use events::payment::{PaymentMethod, PaymentRequested, PaymentSettled, Purpose};
use events::product::{ProductAdded, Variant};
use events::review::{Rating, ReviewContent, ReviewHidden, ReviewPosted};
use events::stock::{StockReceived, StockReserved};
use events::wallet::{CreditReason, WalletCredited};
use events::wishlist::WishlistItemAdded;
use projectors::projection::Projection;
use serde_json::Value;
use uuid::Uuid;

use crate::shop::Shop;

/// 2011-03-13T07:06:40Z, and so many seconds.
pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_300_000_000 + second, 0).unwrap()
}

pub fn gbp(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

pub fn product(n: u128) -> ProductId {
    ProductId(Uuid::from_u128(n))
}

pub fn category(n: u128) -> CategoryId {
    CategoryId(Uuid::from_u128(n))
}

pub fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

pub fn order(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

pub fn payment(n: u128) -> PaymentId {
    PaymentId(Uuid::from_u128(n))
}

pub fn refund(n: u128) -> RefundId {
    RefundId(Uuid::from_u128(n))
}

/// The number that an id in an answer was made of.
#[track_caller]
pub fn number(id: &Value) -> u128 {
    id.as_str().unwrap().parse::<Uuid>().unwrap().as_u128()
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

/// Product `n` of the shop's own, in the form `a`, at `minor` pence.
pub fn added(n: u128, name: &str, minor: i64) -> ProductAdded {
    ProductAdded {
        product_id: product(n),
        seller: None,
        name: name.to_owned(),
        description: format!("a fine {name}"),
        category: None,
        variants: vec![variant(n, 'a', minor)],
        added_at: at(i64::try_from(n).unwrap()),
    }
}

pub fn of_catalogue(event: impl Into<events::product::ProductEvent>) -> Event {
    event.into().into()
}

pub fn of_order(event: impl Into<events::order::OrderEvent>) -> Event {
    event.into().into()
}

pub fn of_payment(event: impl Into<events::payment::PaymentEvent>) -> Event {
    event.into().into()
}

pub fn of_stock(event: impl Into<events::stock::StockEvent>) -> Event {
    event.into().into()
}

pub fn of_wallet(event: impl Into<events::wallet::WalletEvent>) -> Event {
    event.into().into()
}

pub fn of_category(event: impl Into<events::category::CategoryEvent>) -> Event {
    event.into().into()
}

pub fn of_review(event: impl Into<events::review::ReviewEvent>) -> Event {
    event.into().into()
}

pub fn of_account(event: impl Into<events::account::AccountEvent>) -> Event {
    event.into().into()
}

pub fn received(n: u128, quantity: u32) -> Event {
    of_stock(StockReceived {
        sku: sku(n, 'a'),
        product_id: product(n),
        quantity,
        reason: "delivery".to_owned(),
    })
}

pub fn reserved(n: u128, order_number: u128, quantity: u32) -> Event {
    of_stock(StockReserved {
        sku: sku(n, 'a'),
        product_id: product(n),
        order_id: order(order_number),
        quantity,
    })
}

pub fn created(n: u128, parent: Option<u128>, name: &str) -> Event {
    of_category(CategoryCreated {
        category_id: category(n),
        parent: parent.map(category),
        name: name.to_owned(),
        slug: name.to_lowercase(),
    })
}

pub fn archived(n: u128) -> Event {
    of_category(CategoryArchived {
        category_id: category(n),
    })
}

pub fn in_cart(n: u128, product_number: u128, quantity: u32) -> Event {
    let item = CartItemSet {
        account_id: account(n),
        sku: sku(product_number, 'a'),
        product_id: product(product_number),
        quantity,
    };
    Event::Cart(item.into())
}

pub fn sold(n: u128, quantity: u32, minor: i64) -> SoldLine {
    SoldLine {
        sku: sku(n, 'a'),
        product_id: product(n),
        quantity,
        amount: gbp(minor * i64::from(quantity)),
    }
}

fn ordered(n: u128, quantity: u32, minor: i64) -> OrderLine {
    OrderLine {
        sku: sku(n, 'a'),
        product_id: product(n),
        name: format!("product {n}"),
        category: None,
        seller: None,
        quantity,
        unit_price: gbp(minor),
    }
}

pub fn contact() -> Contact {
    Contact {
        email: Some("ann@example.org".to_owned()),
        name: "Ann Archer".to_owned(),
        address: "1 High Street".to_owned(),
    }
}

/// Order `n` of account `customer`: two units of product 1 at 150 pence and one of product 2 at 1000.
pub async fn placed(shop: &Shop, n: u128, customer: u128) -> OrderPlaced {
    OrderPlaced {
        order_id: order(n),
        customer: Some(account(customer)),
        contact: shop.seal(account(customer).0, &contact()).await,
        lines: vec![ordered(1, 2, 150), ordered(2, 1, 1000)],
        total: gbp(1300),
        country: "France".to_owned(),
        payment_id: payment(n),
        placed_at: at(i64::try_from(n).unwrap()),
        expires_at: Some(at(900)),
        reference: None,
        historical: false,
    }
}

pub fn paid(n: u128, customer: u128, second: i64) -> OrderPaid {
    OrderPaid {
        order_id: order(n),
        customer: Some(account(customer)),
        payment_id: payment(n),
        country: "France".to_owned(),
        lines: vec![sold(1, 2, 150), sold(2, 1, 1000)],
        total: gbp(1300),
        paid_at: at(second),
    }
}

/// Payment `n` for the order `n` of an account, by card.
pub fn requested(n: u128, customer: u128) -> PaymentRequested {
    PaymentRequested {
        payment_id: payment(n),
        purpose: Purpose::Order(order(n)),
        customer: Some(account(customer)),
        amount: gbp(1300),
        method: PaymentMethod::Card {
            token: "tok_secret".to_owned(),
        },
        attempt_id: Some(AttemptId(Uuid::from_u128(n))),
        requested_at: at(i64::try_from(n).unwrap()),
    }
}

pub fn settled(n: u128, customer: u128) -> PaymentSettled {
    PaymentSettled {
        payment_id: payment(n),
        purpose: Purpose::Order(order(n)),
        customer: Some(account(customer)),
        amount: gbp(1300),
        attempt_id: Some(AttemptId(Uuid::from_u128(n))),
        provider_reference: Some(format!("ch_{n}")),
        entry: JournalEntry(Vec::new()),
        settled_at: at(100),
    }
}

/// A deposit by payment `payment_number` into the wallet of account `n`.
pub fn credited(n: u128, payment_number: u128, minor: i64) -> Event {
    of_wallet(WalletCredited {
        account_id: account(n),
        amount: gbp(minor),
        reason: CreditReason::Deposit(payment(payment_number)),
        credited_at: at(i64::try_from(payment_number).unwrap()),
    })
}

/// Account `n`, a customer with a password.
pub async fn registered(shop: &Shop, n: u128) -> AccountRegistered {
    let profile = Profile {
        username: format!("user{n}"),
        email: Some(format!("user{n}@example.org")),
        first_name: "Ann".to_owned(),
        last_name: "Archer".to_owned(),
    };
    AccountRegistered {
        account_id: account(n),
        profile: shop.seal(account(n).0, &profile).await,
        password: Some(shop.seal(account(n).0, &"$argon2id$secret").await),
        roles: BTreeSet::from([Role::Customer]),
        registered_at: at(i64::try_from(n).unwrap()),
    }
}

/// The review of product `n` by an account.
pub fn review(n: u128, author: u128) -> ReviewId {
    ReviewId(Uuid::from_u128(n * 1000 + author))
}

/// Account `author` reviews product `n`.
pub async fn posted(
    shop: &Shop,
    n: u128,
    author: u128,
    stars: u8,
    hidden: bool,
    second: i64,
) -> ReviewPosted {
    let content = ReviewContent {
        author: Some(format!("Author {author}")),
        title: Some(format!("{stars} stars")),
        text: Some("as described".to_owned()),
    };
    ReviewPosted {
        review_id: review(n, author),
        product_id: product(n),
        author: account(author),
        rating: Rating::new(stars).unwrap(),
        content: shop.seal(account(author).0, &content).await,
        hidden,
        posted_at: at(second),
    }
}

/// Staff hide what account `author` says of product `n`.
pub fn hidden(n: u128, author: u128, stars: u8) -> Event {
    of_review(ReviewHidden {
        review_id: review(n, author),
        product_id: product(n),
        author: account(author),
        rating: Rating::new(stars).unwrap(),
        reason: "spam".to_owned(),
        hidden_at: at(500),
    })
}

/// Product `product_number` goes on the wishlist of account `n`.
pub fn wished(n: u128, product_number: u128) -> Event {
    let added = WishlistItemAdded {
        account_id: account(n),
        product_id: product(product_number),
        added_at: at(600),
    };
    Event::Wishlist(added.into())
}

/// Money that moved without us, the `n`th charge.
pub fn orphan_found(n: u128) -> Event {
    Event::Orphan(OrphanEvent::OrphanFound(OrphanFound {
        orphan_id: orphan(n),
        kind: OrphanKind::Charge,
        reason: OrphanReason::UnknownPayment,
        provider_reference: format!("pi_{n}"),
        payment_id: Some(payment(n)),
        amount: gbp(100),
        moved_at: at(600 + i64::try_from(n).unwrap()),
        found_at: at(699),
    }))
}

pub fn orphan(n: u128) -> OrphanId {
    OrphanId(Uuid::from_u128(n))
}

pub fn stream_of(event: &Event) -> StreamId {
    use projectors::{
        accounts, carts, categories, daily_reports, guest_carts, orders, orphans, payments, products,
        reviews, wallets, wishlists,
    };
    match event {
        Event::Stock(_) => StreamId::new("stock", products::Products::keys(event)[0]),
        Event::Product(_) => StreamId::new("product", products::Products::keys(event)[0]),
        Event::Order(_) => StreamId::new("order", orders::Orders::keys(event)[0]),
        Event::Payment(_) => StreamId::new("payment", payments::Payments::keys(event)[0]),
        Event::OrderMail(_) => StreamId::new("order_mail", orders::Orders::keys(event)[0]),
        Event::GuestCart(_) => StreamId::new("guest_cart", guest_carts::GuestCarts::keys(event)[0]),
        Event::Cart(_) => StreamId::new("cart", carts::Carts::keys(event)[0]),
        Event::Account(_) => StreamId::new("account", accounts::Accounts::keys(event)[0]),
        Event::Category(_) => StreamId::new("category", categories::Categories::keys(event)[0]),
        Event::Wallet(_) => StreamId::new("wallet", wallets::Wallets::keys(event)[0].0),
        Event::CreditNote(_) => StreamId::new("creditnote", 1),
        Event::Review(_) => {
            let (product, author) = reviews::Reviews::keys(event)[0];
            StreamId::new("review", format_args!("{product}.{author}"))
        }
        Event::Wishlist(_) => StreamId::new("wishlist", wishlists::Wishlists::keys(event)[0].0),
        Event::Orphan(_) => StreamId::new("orphan", orphans::Orphans::keys(event)[0]),
        Event::Branch(event) => StreamId::new("branch", event.branch_id()),
        Event::DailyReport(_) => {
            let key = daily_reports::DailyReports::keys(event)[0];
            StreamId::new("daily_report", format_args!("{}.{}", key.branch_id, key.day))
        }
        Event::OutgoingReport(_)
        | Event::FollowedCatalogue(_)
        | Event::SuppliedProduct(_)
        | Event::SuppliedCategory(_) => {
            unreachable!("no view shows what a branch keeps of its headquarters")
        }
        Event::Session(_) => StreamId::new("session", 1),
        Event::ApiKey(_) => StreamId::new("api_keys", 1),
    }
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
    of_catalogue(added)
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
    of_catalogue(processed)
}

pub fn image_rejected(n: u128, image_number: u128) -> Event {
    let rejected = ImageRejected {
        product_id: product(n),
        image_id: image(image_number),
        fault: ImageFault::Undecodable,
        rejected_at: at(2),
    };
    of_catalogue(rejected)
}

/// An API key of account `n`, with every member filled.
pub fn key_issued(n: u128) -> Event {
    let issued = ApiKeyIssued {
        key_id: ApiKeyId(account(n).0),
        account_id: account(n),
        name: "warehouse".to_owned(),
        scopes: BTreeSet::from(Scope::ALL),
        key_hash: "hash".to_owned(),
        issued_at: at(1),
        expires_at: Some(at(2)),
    };
    Event::ApiKey(issued.into())
}
