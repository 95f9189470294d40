//! Emails over a real SMTP conversation and into the folder.

use std::time::{Duration, SystemTime};

use chrono::TimeDelta;
use domain::accounts::{self, RequestPasswordReset};
use domain::fulfilment::{self, ShipOrder};
use events::ids::OrderId;
use events::sealed::Sealed;
use uuid::Uuid;
use workers::email::{MailTransport, SmtpCredentials, SmtpSettings, SmtpTls};
use workers::intents::{IntentId, Lane, Parked};
use workers::mailbox::Mailbox;

use crate::shop::{EMAIL, Shop, Workers, until};
use crate::smtp_server::{Answer, SmtpServer};

#[tokio::test]
async fn a_confirmation_goes_out_over_smtp() {
    let shop = Shop::open().await;
    let server = SmtpServer::start([]).await;
    let workers = shop
        .work_with(shop.gateway(), server.transport(SmtpTls::None))
        .await;
    let placed = shop.buy("pm_card_visa").await;
    until("the email", async || !server.received().is_empty()).await;
    let received = server.received();
    assert_eq!(received[0].from, "orders@gifts.example");
    assert_eq!(received[0].to, EMAIL);
    let data = &received[0].data;
    let message_id = message_id(placed.order_id);
    for part in [
        message_id.as_str(),
        "From: \"Gift Shop\" <orders@gifts.example>",
        "Auto-Submitted: auto-generated",
        "text/plain",
        "text/html",
    ] {
        assert!(data.contains(part), "{part} in {data}");
    }
    workers.until_count(Lane::Email, "done", 1).await;
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_busy_server_is_tried_again_later_with_the_same_message() {
    let shop = Shop::open().await;
    let server = SmtpServer::start([Answer::TryLater, Answer::TakeAndCut]).await;
    let workers = shop
        .work_with(shop.gateway(), server.transport(SmtpTls::None))
        .await;
    let placed = shop.buy("pm_card_visa").await;
    for tries in 1..=2 {
        until("the try", async || server.received().len() == tries).await;
        workers.until_waiting(Lane::Email).await;
        shop.clock.advance(TimeDelta::minutes(1));
    }
    workers.until_count(Lane::Email, "done", 1).await;
    let received = server.received();
    assert_eq!(received.len(), 3);
    let message_id = message_id(placed.order_id);
    assert!(received.iter().all(|mail| mail.data.contains(&message_id)));
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_refused_email_is_parked_with_what_follows_it_and_sent_on_request() {
    let shop = Shop::open().await;
    let server = SmtpServer::start([Answer::NoSuchUser]).await;
    let workers = shop
        .work_with(shop.gateway(), server.transport(SmtpTls::None))
        .await;
    let refused = shop.buy("pm_card_visa").await;
    workers.until_count(Lane::Email, "parked", 1).await;
    shop.until_event(refused, "OrderPaid").await;
    ship(&shop, refused.order_id).await;
    let other = shop.buy("pm_card_visa").await;
    workers.until_count(Lane::Email, "done", 1).await;
    assert!(
        server.received()[0].data.contains(&message_id(other.order_id)),
        "another order's goes on"
    );

    let parked = parked(&workers).await;
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].kind, "email_confirmation");
    assert_eq!(parked[0].waiting, 1, "the shipping note waits behind it");
    assert!(
        parked[0].last_error.contains("has no mailbox here"),
        "{}",
        parked[0].last_error
    );
    assert!(
        !parked[0].last_error.contains(EMAIL),
        "no address in the table: {}",
        parked[0].last_error
    );

    workers.intents.resend(parked[0].id).await.unwrap();
    workers.until_count(Lane::Email, "done", 3).await;
    let received = server.received();
    assert!(
        received[1].data.contains(&message_id(refused.order_id)),
        "in their order"
    );
    assert!(
        received[2]
            .data
            .contains(&format!("<order-shipped.{}@gifts.example>", refused.order_id))
    );
    assert!(
        workers.intents.resend(parked[0].id).await.is_err(),
        "it is parked no more"
    );
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_server_that_never_accepts_parks_the_email_in_the_end() {
    let shop = Shop::open().await;
    let server = SmtpServer::start([Answer::TryLater; 20]).await;
    let workers = shop
        .work_with(shop.gateway(), server.transport(SmtpTls::None))
        .await;
    shop.buy("pm_card_chargeDeclined").await;
    let parked = workers.until_parked(&shop, Lane::Email).await;
    assert_eq!(server.answers_left(), 0, "no try was left out");
    assert_eq!(parked[0].attempts, 20);
    workers.intents.resend(parked[0].id).await.unwrap();
    until("the email", async || server.received().len() >= 21).await;
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn without_starttls_nothing_is_sent_in_the_clear() {
    let shop = Shop::open().await;
    let server = SmtpServer::start([]).await;
    let workers = shop
        .work_with(shop.gateway(), server.transport(SmtpTls::StartTls))
        .await;
    shop.buy("pm_card_visa").await;
    workers.until_waiting(Lane::Email).await;
    assert!(server.received().is_empty());
    workers.stop().await;
    shop.close().await;
}

#[test]
fn a_password_is_never_sent_without_tls_and_never_shown() {
    let credentials = SmtpCredentials {
        username: "shop".to_owned(),
        password: "hunter2hunter2".to_owned(),
    };
    let settings = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port: 25,
        tls: SmtpTls::None,
        credentials: Some(credentials),
    };
    assert!(!format!("{settings:?}").contains("hunter2"));
    assert!(MailTransport::smtp(settings).is_err());
}

#[tokio::test]
async fn a_shipping_note_tells_the_tracking_number() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_visa").await;
    shop.until_event(placed, "OrderPaid").await;
    ship(&shop, placed.order_id).await;
    let mail = shop
        .until_mail(&format!("order-shipped.{}", placed.order_id))
        .await;
    assert!(mail.text.contains("Tracking number: RM123"), "{}", mail.text);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn an_order_without_an_address_of_its_own_goes_to_the_accounts() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy_for("pm_card_visa", None).await;
    let mail = shop
        .until_mail(&format!("order-confirmation.{}", placed.order_id))
        .await;
    assert!(mail.summary.to.contains(EMAIL));
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn who_was_erased_gets_no_email() {
    let shop = Shop::open().await;
    let intents = shop.intents().await; // the file is older than the order
    intents.close().await;
    drop(intents);
    shop.buy("pm_card_visa").await;
    shop.vault.erase(shop.customer.0).await.unwrap();
    let workers = shop.work().await;
    workers.until_count(Lane::Email, "done", 1).await;
    assert!(shop.mails().await.is_empty());
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_link_for_a_new_password_is_sent_while_it_works() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let reset_id = forget_password(&shop, TimeDelta::hours(1)).await;
    let mail = shop.until_mail(&format!("password-reset.{reset_id}")).await;
    assert!(
        mail.text.contains("https://gifts.example/password#token=t0ken"),
        "{}",
        mail.text
    );
    workers.until_count(Lane::Email, "done", 1).await;
    forget_password(&shop, TimeDelta::zero()).await;
    workers.until_count(Lane::Email, "done", 2).await;
    assert_eq!(shop.mails().await.len(), 1, "an expired link is of no use");
    workers.stop().await;
    forget_password(&shop, TimeDelta::hours(1)).await;
    let newest = forget_password(&shop, TimeDelta::hours(1)).await;
    let workers = shop.work().await;
    shop.until_mail(&format!("password-reset.{newest}")).await;
    workers.until_count(Lane::Email, "done", 4).await;
    assert_eq!(shop.mails().await.len(), 2, "nor is one whose place another took");
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn the_mailbox_shows_pages_newest_first_and_nothing_outside_the_folder() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let mut orders = vec![];
    for _ in 0..5 {
        let placed = shop.buy("pm_card_visa").await;
        shop.until_mail(&format!("order-confirmation.{}", placed.order_id))
            .await;
        orders.push(format!("order-confirmation.{}", placed.order_id));
    }
    orders.reverse();
    workers.stop().await;
    std::fs::write(shop.mail_folder().join("notes.txt"), "not an email").unwrap();
    let mailbox = Mailbox::new(&shop.mail_folder());
    let (mut seen, mut after) = (vec![], None);
    loop {
        let page = mailbox.list(2, after.as_deref()).await.unwrap();
        assert!(page.mails.len() <= 2);
        seen.extend(page.mails.into_iter().map(|mail| mail.id));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, orders);
    for id in ["../work", "..", "", ".", "no-such", "a/b", "notes.txt"] {
        assert!(mailbox.read(id).await.unwrap().is_none(), "{id:?}");
    }
    shop.close().await;
}

async fn parked(workers: &Workers) -> Vec<Parked> {
    workers.intents.parked(IntentId(0), 10).await.unwrap()
}

fn message_id(order_id: OrderId) -> String {
    format!("Message-ID: <order-confirmation.{order_id}@gifts.example>")
}

async fn ship(shop: &Shop, order_id: OrderId) {
    let command = ShipOrder {
        order_id,
        carrier: None,
        tracking_number: Some("RM123".to_owned()),
        at: shop.now(),
    };
    shop.command(|work| fulfilment::ship_order(work, &command)).await;
}

async fn forget_password(shop: &Shop, for_how_long: TimeDelta) -> Uuid {
    let token: Sealed = shop.vault.seal(shop.customer.0, "t0ken").await.unwrap();
    let request = RequestPasswordReset {
        account_id: shop.customer,
        reset_id: Uuid::now_v7(),
        token_hash: "0".repeat(64),
        token,
        expires_at: shop.now() + for_how_long,
    };
    shop.command(|work| accounts::request_password_reset(work, &request))
        .await;
    request.reset_id
}

#[tokio::test]
async fn what_a_killed_process_left_half_written_is_cleared_away_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, age: Duration| {
        let path = folder.path().join(name);
        let file = std::fs::File::create(&path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
        path
    };
    let (day, minute) = (Duration::from_hours(24), Duration::from_mins(1));
    let leftover = write(".order-confirmation.1.ab.tmp", day);
    let kept = [
        write(".order-confirmation.2.cd.tmp", minute),
        write("order-confirmation.3.eml", day),
        write("notes.tmp", day),
        write(".hidden", day),
    ];
    MailTransport::folder(folder.path()).unwrap();
    assert!(!leftover.exists());
    for path in kept {
        assert!(path.exists(), "{}", path.display());
    }
}
