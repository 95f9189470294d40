//! Events to tell stories with. Ids are small numbers, times are seconds after a fixed one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use events::Event;
use events::account::{AccountEvent, AccountRegistered, Role};
use events::api_key::{ApiKeyEvent, ApiKeyIssued, Scope};
use events::branch::{
    BranchProfile, BranchRegistered, BranchTokenRevoked, CategoryFigures, DailyReportReceived, DayFigures,
    ReportCause,
};
use events::ids::{
    AccountId, ApiKeyId, AttemptId, BranchId, CategoryId, CreditNoteId, ImageId, OrderId, OrphanId,
    PaymentId, ProductId, RefundId, ReviewId, Sku, WithdrawalId,
};
use events::image::{
    ContentHash, ImageAdded, ImageFault, ImageFormat, ImageProcessed, ImageRejected, ImageSize,
};
use events::ledger::JournalEntry;
use events::money::{Currency, Money};
use events::order::{
    CancelReason, OrderCancelled, OrderEvent, OrderLine, OrderPaid, OrderPlaced, OrderReturned, SoldLine,
};
use events::orphan::{OrphanEvent, OrphanFound, OrphanKind, OrphanReason};
use events::payment::{
    PaymentEvent, PaymentMethod, PaymentRequested, PaymentSettled, Purpose, RefundSettled,
};
use events::product::{ProductAdded, ProductEvent, Variant};
use events::review::{
    Rating, ReviewEdited, ReviewEvent, ReviewHidden, ReviewPosted, ReviewRemoved, ReviewRestored,
};
use events::sealed::Sealed;
use events::stock::{StockEvent, StockReceived, StockReserved};
use events::wallet::{
    CreditReason, WalletCredited, WalletDebited, WalletEvent, WithdrawalFailed, WithdrawalRequested,
    WithdrawalSettled,
};
use events::wishlist::{WishlistEvent, WishlistItemAdded};
use projectors::Fact;
use projectors::projection::{KeyOf, Projection};
use uuid::Uuid;

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

pub fn payment_requested(n: u128, purpose: Purpose, minor: i64) -> Event {
    Event::Payment(PaymentEvent::PaymentRequested(PaymentRequested {
        payment_id: payment(n),
        purpose,
        customer: Some(account(n)),
        amount: gbp(minor),
        method: PaymentMethod::Card {
            token: "tok_secret".to_owned(),
        },
        attempt_id: Some(attempt(n)),
        requested_at: at(1),
    }))
}

pub fn payment_settled(n: u128, purpose: Purpose, minor: i64) -> Event {
    Event::Payment(PaymentEvent::PaymentSettled(PaymentSettled {
        payment_id: payment(n),
        purpose,
        customer: Some(account(n)),
        amount: gbp(minor),
        attempt_id: Some(attempt(n)),
        provider_reference: Some("ch_1".to_owned()),
        entry: JournalEntry(Vec::new()),
        settled_at: at(2),
    }))
}

pub fn refund_settled(n: u128, purpose: Purpose, minor: i64) -> Event {
    Event::Payment(PaymentEvent::RefundSettled(RefundSettled {
        payment_id: payment(n),
        purpose,
        customer: Some(account(n)),
        refund_id: refund(n),
        amount: gbp(minor),
        provider_reference: Some("re_1".to_owned()),
        entry: JournalEntry(Vec::new()),
    }))
}

pub fn credited(n: u128, minor: i64) -> Event {
    Event::Wallet(WalletEvent::WalletCredited(WalletCredited {
        account_id: account(n),
        amount: gbp(minor),
        reason: CreditReason::Deposit(payment(n)),
        credited_at: at(1),
    }))
}

pub fn debited(n: u128, minor: i64) -> Event {
    Event::Wallet(WalletEvent::WalletDebited(WalletDebited {
        account_id: account(n),
        amount: gbp(minor),
        order_id: order(n),
        debited_at: at(2),
    }))
}

pub fn withdrawal_requested(n: u128, minor: i64) -> Event {
    Event::Wallet(WalletEvent::WithdrawalRequested(WithdrawalRequested {
        account_id: account(n),
        withdrawal_id: withdrawal(n),
        amount: gbp(minor),
        destination: "ba_1".to_owned(),
        entry: JournalEntry(Vec::new()),
        requested_at: at(3),
    }))
}

pub fn withdrawal_settled(n: u128, minor: i64) -> Event {
    Event::Wallet(WalletEvent::WithdrawalSettled(WithdrawalSettled {
        account_id: account(n),
        withdrawal_id: withdrawal(n),
        amount: gbp(minor),
        provider_reference: "po_1".to_owned(),
        entry: JournalEntry(Vec::new()),
    }))
}

pub fn withdrawal_failed(n: u128, minor: i64) -> Event {
    Event::Wallet(WalletEvent::WithdrawalFailed(WithdrawalFailed {
        account_id: account(n),
        withdrawal_id: withdrawal(n),
        amount: gbp(minor),
        code: "account_closed".to_owned(),
        message: "The account is closed.".to_owned(),
        entry: JournalEntry(Vec::new()),
        failed_at: at(4),
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

/// The review of product `n` by an account.
pub fn review(n: u128, author: u128) -> ReviewId {
    ReviewId(Uuid::from_u128(n * 1000 + author))
}

fn stars(stars: u8) -> Rating {
    Rating::new(stars).unwrap()
}

pub fn posted(n: u128, author: u128, rating: u8, hidden: bool) -> Event {
    Event::Review(ReviewEvent::ReviewPosted(ReviewPosted {
        review_id: review(n, author),
        product_id: product(n),
        author: account(author),
        rating: stars(rating),
        content: Sealed(format!("sealed {rating}")),
        hidden,
        posted_at: at(50),
    }))
}

pub fn edited(n: u128, author: u128, was: u8, rating: u8, hidden: bool) -> Event {
    Event::Review(ReviewEvent::ReviewEdited(ReviewEdited {
        review_id: review(n, author),
        product_id: product(n),
        author: account(author),
        rating: stars(rating),
        was: stars(was),
        content: Sealed(format!("sealed {rating}")),
        hidden,
        edited_at: at(60),
    }))
}

pub fn removed(n: u128, author: u128, was: u8, hidden: bool) -> Event {
    Event::Review(ReviewEvent::ReviewRemoved(ReviewRemoved {
        review_id: review(n, author),
        product_id: product(n),
        author: account(author),
        was: stars(was),
        hidden,
        removed_at: at(70),
    }))
}

pub fn hidden(n: u128, author: u128, rating: u8) -> Event {
    Event::Review(ReviewEvent::ReviewHidden(ReviewHidden {
        review_id: review(n, author),
        product_id: product(n),
        author: account(author),
        rating: stars(rating),
        reason: "spam".to_owned(),
        hidden_at: at(80),
    }))
}

pub fn restored(n: u128, author: u128, rating: u8) -> Event {
    Event::Review(ReviewEvent::ReviewRestored(ReviewRestored {
        review_id: review(n, author),
        product_id: product(n),
        author: account(author),
        rating: stars(rating),
        reason: "it was fair".to_owned(),
        restored_at: at(90),
    }))
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

pub fn branch(n: u128) -> BranchId {
    BranchId(Uuid::from_u128(n))
}

pub fn branch_registered(n: u128, amount: u32) -> Event {
    let registered = BranchRegistered {
        branch_id: branch(n),
        profile: BranchProfile {
            name: format!("Branch {amount}"),
            region: format!("Region {}", amount % 2),
            ..BranchProfile::default()
        },
        token_hash: "hash".to_owned(),
        registered_at: at(i64::from(amount)),
    };
    Event::Branch(registered.into())
}

pub fn token_revoked(n: u128) -> Event {
    let revoked = BranchTokenRevoked {
        branch_id: branch(n),
        revoked_at: at(1),
    };
    Event::Branch(revoked.into())
}

/// Of one of a few days.
pub fn reported(n: u128, revision: u64, minor: i64) -> Event {
    let received = DailyReportReceived {
        branch_id: branch(n),
        day: at(minor % 3 * 86_400).date_naive(),
        revision,
        figures: DayFigures {
            revenue: gbp(minor),
            loss: gbp(minor / 2),
            orders: 1,
            units: revision,
            // Of some only in all.
            categories: ["kitchen"]
                .into_iter()
                .filter(|_| minor % 2 == 0)
                .map(|slug| CategoryFigures {
                    slug: slug.to_owned(),
                    revenue: gbp(minor),
                    loss: gbp(minor / 2),
                    units: revision,
                })
                .collect(),
        },
        replaces: None,
        cause: ReportCause::Sales,
        received_at: at(minor),
    };
    Event::DailyReport(received.into())
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
