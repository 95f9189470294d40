//! What workers do for people beside their orders: links to verify an address, guests' carts that nobody came back for,
//! and the note in the log that an email has gone out.

use std::time::Duration;

use chrono::TimeDelta;
use domain::email_verification::{self, RequestEmailVerification};
use domain::guest_cart::GuestCart;
use domain::guest_carts;
use events::guest_cart::GuestCartStarted;
use events::ids::GuestCartId;
use events::sealed::Sealed;
use platform::event_log::EventLog;
use uuid::Uuid;
use workers::intents::{Effect, Finish, Lane, NewIntent, OrderNotice};

use crate::shop::{Shop, sku, until};

async fn ask_for_link(shop: &Shop, token_hash: &str, for_how_long: TimeDelta) -> Uuid {
    let token: Sealed = shop.vault.seal(shop.customer.0, "t0ken").await.unwrap();
    let request = RequestEmailVerification {
        account_id: shop.customer,
        verification_id: Uuid::now_v7(),
        token_hash: token_hash.to_owned(),
        token,
        expires_at: shop.now() + for_how_long,
    };
    shop.command(|work| email_verification::request(work, &request))
        .await;
    request.verification_id
}

#[tokio::test]
async fn a_link_to_verify_an_address_is_sent_while_it_works() {
    let shop = Shop::open().await;
    shop.intents().await.close().await; // the file is older than the links
    let superseded = ask_for_link(&shop, "first", TimeDelta::hours(1)).await;
    let newest = ask_for_link(&shop, "second", TimeDelta::hours(1)).await;
    let workers = shop.work().await;
    let mail = shop.until_mail(&format!("email-verification.{newest}")).await;
    assert!(
        mail.text.contains("https://gifts.example/verify#token=t0ken"),
        "{}",
        mail.text
    );
    workers.until_count(Lane::Email, "done", 2).await;
    assert_eq!(
        shop.mails().await.len(),
        1,
        "{superseded} was no longer the link that works"
    );
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn an_expired_link_is_not_sent() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    ask_for_link(&shop, "hash", TimeDelta::zero()).await;
    workers.until_count(Lane::Email, "done", 1).await;
    assert!(shop.mails().await.is_empty());
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_guests_cart_is_given_up_in_its_time() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let started = GuestCartStarted {
        cart_id: GuestCartId::generate(),
        token_hash: "hash".to_owned(),
        started_at: shop.now(),
        expires_at: shop.now() + TimeDelta::days(30),
    };
    shop.command(|work| guest_carts::start(work, &started, &sku(), 2))
        .await;
    let held = async || {
        shop.command(|work| Ok(work.read::<GuestCart>(started.cart_id)?.items().len()))
            .await
    };
    shop.clock.advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    workers.until_planned(&shop).await;
    assert_eq!(held().await, 1, "it isn't time");
    shop.clock.advance(TimeDelta::seconds(1));
    until("the cart is given up", async || held().await == 0).await;
    workers.until_count(Lane::Timers, "done", 1).await;
    workers.stop().await;
    shop.close().await;
}

/// The notes of emails in the log.
async fn noted(shop: &Shop) -> Vec<String> {
    let events = shop.log.read(0, EventLog::READ_LIMIT).await.unwrap();
    let notes = events
        .into_iter()
        .filter(|event| event.event_type == "OrderEmailSent");
    notes.map(|event| event.payload).collect()
}

#[tokio::test]
async fn an_email_about_an_order_is_noted_once_it_has_gone_out() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_visa").await;
    workers.until_count(Lane::Email, "done", 1).await;
    let before = noted(&shop).await;
    assert_eq!(before.len(), 1);
    assert!(before[0].contains(&placed.order_id.to_string()) && before[0].contains("confirmation"));
    assert!(!before[0].contains('@'), "to whom it went stands nowhere");
    workers.stop().await;
    let workers = shop.work().await;
    workers.until_planned(&shop).await;
    assert_eq!(noted(&shop).await, before);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn what_was_sent_and_not_noted_is_noted_and_not_sent_again() {
    let shop = Shop::open().await;
    let intents = shop.intents().await;
    let placed = shop.buy("pm_card_visa").await;
    let events = shop.log.read(0, EventLog::READ_LIMIT).await.unwrap();
    let event = events
        .iter()
        .find(|event| event.event_type == "OrderPlaced")
        .unwrap();
    let confirmation = NewIntent {
        effect: Effect::EmailOrder {
            order_id: placed.order_id,
            notice: OrderNotice::Confirmation,
        },
        event_id: event.meta.event_id,
        position: event.position,
        correlation_id: event.meta.correlation_id,
        trace_parent: None,
        due_at: None,
        parked: None,
    };
    let from = intents.checkpoint().await.unwrap();
    let planned = (from, shop.log.head().await.unwrap());
    intents.plan(planned, &[confirmation], &[]).await.unwrap();
    // The email goes out, and then the log can't be reached.
    let lease = Duration::from_mins(1);
    let claimed = intents.claim(Lane::Email, 1, lease).await.unwrap();
    let finish = Finish::Wait {
        due_at: shop.now(),
        memo: Some("sent".to_owned()),
    };
    assert!(intents.finish(&claimed[0], finish).await.unwrap());
    intents.close().await;
    drop(intents);

    let workers = shop.work().await;
    workers.until_count(Lane::Email, "done", 1).await;
    assert_eq!(noted(&shop).await.len(), 1);
    assert!(shop.mails().await.is_empty());
    workers.stop().await;
    shop.close().await;
}
