//! The property that makes rebuilds possible: rows depend on the events alone, not on how they came.

use events::Event;
use events::account::{AccountEvent, EmailVerificationLapsed, EmailVerified, PasswordChanged};
use events::api_key::{ApiKeyEvent, ApiKeyRevoked, ApiKeyUsed};
use events::cart::{CartCheckedOut, CartEvent, CartItemRemoved, CartItemSet};
use events::category::{CategoryCreated, CategoryEvent};
use events::guest_cart::{
    GuestCartEvent, GuestCartExpired, GuestCartItemRemoved, GuestCartItemSet, GuestCartMerged,
    GuestCartStarted,
};
use events::ids::{ApiKeyId, GuestCartId, RefundId};
use events::image::{ImageDescribed, ImageMoved, ImageRemoved};
use events::order::{OrderEvent, OrderShipped};
use events::order_mail::{OrderEmail, OrderEmailSent, OrderMailEvent};
use events::orphan::{OrphanAcknowledged, OrphanEvent, OrphanRefundRequested};
use events::payment::{PaymentDeclined, PaymentEvent, PaymentMethod, PaymentRetried, Purpose};
use events::product::{
    OwnershipMoved, ProductActivated, ProductArchived, ProductAttributesChanged, ProductDetailsChanged,
    ProductEvent, ProductRemoved, VariantAdded, VariantOptionsChanged, VariantPriceChanged, VariantRemoved,
};
use events::sealed::Sealed;
use events::stock::{StockAdjusted, StockEvent};
use events::wishlist::{WishlistEvent, WishlistItemRemoved};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;

use crate::analytics::{credit_note_of, placed_of_sellers};
use crate::database::Database;
use crate::shop::{Shop, digests};
use crate::story::*;

/// Any event about a few things, in no order that makes sense: a view must bear what it is told.
pub fn any_event() -> impl Strategy<Value = Event> {
    (0..69_u8, 1..6_u128, 1..50_u32).prop_map(|(kind, n, amount)| event(kind, n, amount))
}

fn event(kind: u8, n: u128, amount: u32) -> Event {
    let (product_id, account_id, minor) = (product(n), account(n), i64::from(amount));
    let purpose = Purpose::Order(order(n));
    match kind {
        0 => added(n, "mug", minor),
        1 => received(n, amount),
        2 => reserved(n, n, amount),
        3 => StockEvent::StockAdjusted(StockAdjusted {
            sku: sku(n, 'b'),
            product_id,
            delta: -minor,
            reason: "lost".to_owned(),
        })
        .into(),
        4 => ProductEvent::ProductDetailsChanged(ProductDetailsChanged {
            product_id,
            name: format!("mug {amount}"),
            description: String::new(),
            category: Some(category(n)),
        })
        .into(),
        5 => ProductEvent::VariantAdded(VariantAdded {
            product_id,
            variant: variant(n, 'b', minor),
        })
        .into(),
        6 => ProductEvent::VariantPriceChanged(VariantPriceChanged {
            product_id,
            sku: sku(n, 'a'),
            price: gbp(minor),
        })
        .into(),
        7 => ProductEvent::VariantRemoved(VariantRemoved {
            product_id,
            sku: sku(n, 'a'),
        })
        .into(),
        8 => ProductEvent::ProductRemoved(ProductRemoved { product_id }).into(),
        9 => placed_of_sellers(n),
        10 => paid(n, at(minor * 40_000)),
        11 => cancelled(n, vec![sold(n, amount, 10)], at(minor * 40_000)),
        12 => returned(n, vec![sold(1, 1, 150)], at(minor)),
        13 => OrderEvent::OrderShipped(OrderShipped {
            order_id: order(n),
            customer: None,
            carrier: None,
            tracking_number: Some(amount.to_string()),
            shipped_at: at(minor),
        })
        .into(),
        14 => payment_requested(n, purpose, minor),
        15 => payment_settled(n, purpose, minor),
        16 => refund_settled(n, purpose, minor),
        17 => credited(n, minor),
        18 => debited(n, minor),
        19 => CartEvent::CartItemSet(CartItemSet {
            account_id,
            sku: sku(n, 'a'),
            product_id,
            quantity: amount,
        })
        .into(),
        20 => CartEvent::CartItemRemoved(CartItemRemoved {
            account_id,
            sku: sku(n, 'a'),
        })
        .into(),
        21 => CategoryEvent::CategoryCreated(CategoryCreated {
            category_id: category(n),
            parent: None,
            name: format!("Category {amount}"),
            slug: format!("category-{n}"),
        })
        .into(),
        22 => registered(n),
        23 => posted(n, n, stars(amount), amount.is_multiple_of(7)),
        24 => edited(n, n, stars(amount + 1), stars(amount), amount.is_multiple_of(7)),
        25 => removed(n, n, stars(amount), amount.is_multiple_of(7)),
        26 => hidden(n, n, stars(amount)),
        27 => restored(n, n, stars(amount)),
        28 => wished(n, u128::from(amount % 5)),
        29 => WishlistEvent::WishlistItemRemoved(WishlistItemRemoved {
            account_id,
            product_id: product(u128::from(amount % 5)),
        })
        .into(),
        30 => ProductEvent::OwnershipMoved(OwnershipMoved {
            product_id,
            from: account(8),
            to: account_id,
            order_id: order(n),
            moved_at: at(minor),
        })
        .into(),
        31 => ProductEvent::ProductArchived(ProductArchived { product_id }).into(),
        34 => credit_note_of(n, vec![sold(n, amount, 10)], at(minor * 40_000)),
        35 => CartEvent::CartCheckedOut(CartCheckedOut {
            account_id,
            order_id: order(n),
        })
        .into(),
        36 => placed(n),
        32 | 33 => ProductEvent::ProductActivated(ProductActivated { product_id }).into(),
        37 | 38 => ProductEvent::VariantOptionsChanged(VariantOptionsChanged {
            product_id,
            sku: sku(n, 'a'),
            // "Size" and "size" are the same to who chooses.
            options: [("Size", amount % 3), ("size", 1)][..usize::try_from(amount % 2 + 1).unwrap()]
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.to_string()))
                .collect(),
        })
        .into(),
        39 => ProductEvent::ProductAttributesChanged(ProductAttributesChanged {
            product_id,
            attributes: [("author".to_owned(), format!("Author {amount}"))].into(),
        })
        .into(),
        40 | 41 => orphan_found(n),
        42 => OrphanEvent::OrphanRefundRequested(OrphanRefundRequested {
            orphan_id: orphan(n),
            refund_id: RefundId::default(),
            provider_reference: format!("pi_{n}"),
            amount: gbp(minor),
            reason: "nobody ordered".to_owned(),
            requested_at: at(minor),
        })
        .into(),
        43 => OrphanEvent::OrphanAcknowledged(OrphanAcknowledged {
            orphan_id: orphan(n),
            reason: "by hand".to_owned(),
            acknowledged_at: at(minor),
        })
        .into(),
        44 => branch_registered(n, amount),
        45 | 46 => reported(n, u64::from(amount), minor),
        47 => token_revoked(n),
        48..=52 => guest_cart(kind - 48, n, amount),
        53 => AccountEvent::EmailVerified(EmailVerified {
            account_id,
            verification_id: Uuid::nil(),
            verified_at: at(minor),
        })
        .into(),
        54 => AccountEvent::EmailVerificationLapsed(EmailVerificationLapsed { account_id }).into(),
        55 => OrderMailEvent::OrderEmailSent(OrderEmailSent {
            order_id: order(n),
            email: OrderEmail::Shipped,
            sent_at: at(minor),
        })
        .into(),
        56 => PaymentEvent::PaymentRetried(PaymentRetried {
            payment_id: payment(n),
            purpose,
            customer: None,
            amount: gbp(minor),
            method: PaymentMethod::Card {
                token: "tok".to_owned(),
            },
            attempt_id: attempt(amount.into()),
        })
        .into(),
        57 => PaymentEvent::PaymentDeclined(PaymentDeclined {
            payment_id: payment(n),
            purpose,
            customer: None,
            attempt_id: attempt(u128::from(amount + 1)),
            code: "card_declined".to_owned(),
            message: "no".to_owned(),
        })
        .into(),
        58 => image_added(n, n),
        59 => image_processed(n, n),
        60 => image_rejected(n, n),
        61 => ProductEvent::ImageDescribed(ImageDescribed {
            product_id,
            image_id: image(n),
            alt: amount.to_string(),
        })
        .into(),
        62 => ProductEvent::ImageMoved(ImageMoved {
            product_id,
            image_id: image(n),
            place: amount,
        })
        .into(),
        63 => ProductEvent::ImageRemoved(ImageRemoved {
            product_id,
            image_id: image(n),
            removed_at: at(minor),
        })
        .into(),
        64 => key_issued(n, amount),
        65 => ApiKeyEvent::ApiKeyUsed(ApiKeyUsed {
            key_id: ApiKeyId(account_id.0),
            account_id,
            used_at: at(minor),
        })
        .into(),
        66 => ApiKeyEvent::ApiKeyRevoked(ApiKeyRevoked {
            key_id: ApiKeyId(account_id.0),
            account_id,
            revoked_at: at(minor),
        })
        .into(),
        _ => AccountEvent::PasswordChanged(PasswordChanged {
            account_id,
            password: Sealed("hash".to_owned()),
            reset_id: None,
        })
        .into(),
    }
}

/// One of five events about a guest's cart.
fn guest_cart(kind: u8, n: u128, amount: u32) -> Event {
    let (cart_id, moment) = (GuestCartId(Uuid::from_u128(n)), at(i64::from(amount)));
    match kind {
        0 => GuestCartEvent::from(GuestCartStarted {
            cart_id,
            token_hash: format!("hash{amount}"),
            started_at: moment,
            expires_at: at(100),
        }),
        1 => GuestCartItemSet {
            cart_id,
            sku: sku(u128::from(amount % 3), 'a'),
            product_id: product(n),
            quantity: amount,
        }
        .into(),
        2 => GuestCartItemRemoved {
            cart_id,
            sku: sku(u128::from(amount % 3), 'a'),
        }
        .into(),
        3 => GuestCartMerged {
            cart_id,
            account_id: account(n),
            merged_at: moment,
        }
        .into(),
        _ => GuestCartExpired {
            cart_id,
            expired_at: moment,
        }
        .into(),
    }
    .into()
}

fn stars(amount: u32) -> u8 {
    u8::try_from(amount % 5 + 1).unwrap()
}

/// Records the story in parts, each projected before the next comes; compares with all in one go.
async fn projected_in_parts(
    database: Database,
    story: Vec<Event>,
    sizes: Vec<usize>,
) -> (Vec<String>, Vec<String>) {
    let mut shop = Shop::open(database).await;
    let mut projector = shop.project();
    let mut rest = story.into_iter().peekable();
    let mut sizes = sizes.into_iter().cycle();
    while rest.peek().is_some() {
        let size = sizes.next().unwrap_or(1);
        let position = shop.record(rest.by_ref().take(size)).await;
        projector.reach(position).await;
        // A part of one event ends with a restart, so that nothing in memory carries over.
        if size == 1 {
            projector.stop().await;
            projector = shop.project();
        }
    }
    projector.stop().await;
    let digests = (digests(&shop.views).await, shop.fresh_digests().await);
    shop.views.close().await;
    digests
}

/// Each case opens databases, hence not more of them.
fn however_the_events_come_the_rows_are_the_same(database: Database, cases: u32) {
    let mut runner = TestRunner::new(Config::with_cases(cases));
    let stories = proptest::collection::vec(any_event(), 1..120);
    let sizes = proptest::collection::vec(1..30_usize, 1..6);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runner
        .run(&(stories, sizes), |(story, sizes)| {
            let (parts, whole) = runtime.block_on(projected_in_parts(database, story, sizes));
            prop_assert_eq!(parts, whole);
            Ok(())
        })
        .unwrap();
}

#[test]
fn however_the_events_come_the_rows_in_sqlite_are_the_same() {
    however_the_events_come_the_rows_are_the_same(Database::Sqlite, 16);
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn however_the_events_come_the_rows_in_postgres_are_those_in_sqlite() {
    however_the_events_come_the_rows_are_the_same(Database::Postgres, 6);
}
