//! Charges: every way in which one can go, over real HTTP.

use chrono::TimeDelta;
use domain::Authority;
use domain::settlement::{self, RetryPayment};
use domain::wallet::Wallet;
use domain::wallets::{self, RequestDeposit};
use events::ids::{AttemptId, PaymentId};
use events::money::Currency;
use events::payment::PaymentMethod;
use workers::intents::Lane;

use crate::shop::{LONGEST_WAIT, ORDER_TTL, Shop, pounds};

#[tokio::test]
async fn a_charge_pays_the_order_and_a_confirmation_is_sent() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_visa").await;
    shop.until_event(placed, "OrderPaid").await;
    let mail = shop
        .until_mail(&format!("order-confirmation.{}", placed.order_id))
        .await;
    assert_eq!(mail.summary.to, "Ann Smith <ann@mail.example>");
    assert!(
        mail.text.contains("2 x White hanging heart (85123A)"),
        "{}",
        mail.text
    );
    assert!(mail.text.contains("Total: 10.00 GBP"), "{}", mail.text);
    let charges = shop.charges().await;
    assert_eq!(charges.len(), 1);
    assert_eq!(charges[0].amount_minor, 1_000);
    assert_eq!(charges[0].payment_id, Some(placed.payment_id.to_string()));
    assert_eq!(charges[0].attempt_id, Some(placed.attempt_id.to_string()));
    workers.stop().await;
    assert_eq!(
        shop.story(placed).await,
        ["OrderPlaced", "PaymentRequested", "OrderPaid", "PaymentSettled"]
    );
    shop.close().await;
}

#[tokio::test]
async fn the_answer_is_recorded_as_caused_by_the_request() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_visa").await;
    shop.until_event(placed, "OrderPaid").await;
    let log = shop.log.read(0, 1_000).await.unwrap();
    let of = |event_type| log.iter().find(|event| event.event_type == event_type).unwrap();
    let (requested, settled) = (of("PaymentRequested"), of("PaymentSettled"));
    assert_eq!(settled.meta.causation_id, Some(requested.meta.event_id));
    assert_eq!(settled.meta.correlation_id, requested.meta.correlation_id);
    assert_eq!(settled.meta.actor, events::envelope::Actor::System);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_declined_charge_can_be_tried_again_with_another_card() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_chargeDeclinedInsufficientFunds").await;
    shop.until_event(placed, "PaymentDeclined").await;
    assert!(shop.charges().await.is_empty());
    let retry = RetryPayment {
        payment_id: placed.payment_id,
        by: Authority::Account(shop.customer),
        method: PaymentMethod::Card {
            token: "pm_card_visa".to_owned(),
        },
        attempt_id: AttemptId::generate(),
        at: shop.now(),
    };
    shop.command(|work| settlement::retry_payment(work, &retry)).await;
    shop.until_event(placed, "OrderPaid").await;
    assert_eq!(shop.charges().await.len(), 1);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn an_unknown_card_is_declined_with_the_providers_words() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_nobody").await;
    shop.until_event(placed, "PaymentDeclined").await;
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn an_unavailable_provider_is_asked_again_until_it_charges_once() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_sandbox_unavailable").await;
    for _ in 0..2 {
        workers.until_waiting(Lane::Settlement).await;
        assert!(shop.charges().await.is_empty());
        shop.clock.advance(TimeDelta::minutes(2));
    }
    shop.until_event(placed, "OrderPaid").await;
    assert_eq!(shop.charges().await.len(), 1);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_lost_answer_is_unknown_then_asked_about_and_charged_once() {
    let shop = Shop::open().await;
    let workers = shop.work_impatiently().await;
    let placed = shop.buy("pm_card_sandbox_chargeThenHang").await;
    workers.until_waiting(Lane::Settlement).await;
    assert!(
        !shop.story(placed).await.contains(&"PaymentDeclined"),
        "silence is no refusal"
    );
    assert_eq!(
        shop.charges().await.len(),
        1,
        "it was charged, and nobody said so"
    );
    shop.clock.advance(TimeDelta::minutes(1));
    shop.until_event(placed, "OrderPaid").await;
    assert_eq!(shop.charges().await.len(), 1);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_charge_that_never_arrives_ends_with_the_order() {
    let shop = Shop::open().await;
    let workers = shop.work_impatiently().await;
    let placed = shop.buy("pm_card_sandbox_timeout").await;
    workers.until_waiting(Lane::Settlement).await;
    assert_eq!(shop.story(placed).await, ["OrderPlaced", "PaymentRequested"]);
    shop.clock.advance(ORDER_TTL);
    shop.until_event(placed, "PaymentCancelled").await;
    // Nobody believes at once that the request is gone, and nobody sends it again.
    workers.until_waiting(Lane::Settlement).await;
    shop.clock.advance(TimeDelta::minutes(5));
    workers.until_waiting(Lane::Settlement).await;
    shop.clock.advance(TimeDelta::minutes(10));
    workers.until_count(Lane::Settlement, "done", 1).await;
    assert!(shop.charges().await.is_empty());
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_payment_that_was_cancelled_before_its_charge_is_never_charged() {
    let shop = Shop::open().await;
    let intents = shop.intents().await; // the file is older than the order
    intents.close().await;
    drop(intents);
    let placed = shop.buy("pm_card_visa").await;
    shop.cancel(placed.order_id).await;
    let workers = shop.work().await;
    workers.until_count(Lane::Settlement, "done", 1).await;
    assert!(shop.charges().await.is_empty());
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_charge_that_settles_after_the_cancellation_is_refunded() {
    let shop = Shop::open().await;
    let workers = shop.work_impatiently().await;
    let placed = shop.buy("pm_card_sandbox_chargeThenHang").await;
    workers.until_waiting(Lane::Settlement).await;
    assert_eq!(
        shop.charges().await.len(),
        1,
        "it was charged, and nobody said so"
    );
    shop.cancel(placed.order_id).await;
    shop.clock.advance(TimeDelta::minutes(1));
    shop.until_event(placed, "RefundSettled").await;
    let charges = shop.charges().await;
    assert_eq!(charges.len(), 1);
    assert_eq!(charges[0].amount_refunded_minor, 1_000);
    assert!(!shop.story(placed).await.contains(&"OrderPaid"));
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_charge_that_takes_its_time_is_waited_for() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_sandbox_processing").await;
    workers.until_waiting(Lane::Settlement).await;
    crate::shop::until("the provider is done", async || shop.charges().await.len() == 1).await;
    shop.clock.advance(TimeDelta::minutes(1));
    shop.until_event(placed, "OrderPaid").await;
    assert_eq!(shop.charges().await.len(), 1);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn an_attempt_that_no_list_shows_is_charged_with_its_own_key() {
    let shop = Shop::open().await;
    let provider = crate::overgrown::in_front_of(shop.provider_url()).await;
    let workers = shop.work_with(provider.impatient_gateway(), shop.folder()).await;
    let placed = shop.buy("pm_card_sandbox_chargeThenHang").await;
    workers.until_waiting(Lane::Settlement).await;
    assert_eq!(
        shop.charges().await.len(),
        1,
        "it was charged, and nobody said so"
    );
    shop.clock.advance(TimeDelta::minutes(1));
    shop.until_event(placed, "OrderPaid").await;
    assert_eq!(shop.charges().await.len(), 1);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_cancelled_attempt_that_no_list_shows_stays_unknown_until_it_is_found() {
    let shop = Shop::open().await;
    let provider = crate::overgrown::in_front_of(shop.provider_url()).await;
    let workers = shop.work_with(provider.impatient_gateway(), shop.folder()).await;
    let placed = shop.buy("pm_card_sandbox_chargeThenHang").await;
    workers.until_waiting(Lane::Settlement).await;
    assert_eq!(
        shop.charges().await.len(),
        1,
        "it was charged, and nobody said so"
    );
    shop.cancel(placed.order_id).await;
    // Longer than a request may be on its way: nobody takes silence for proof, and nobody charges to find out.
    for _ in 0..4 {
        shop.clock.advance(TimeDelta::minutes(11));
        workers.until_waiting(Lane::Settlement).await;
    }
    assert_eq!(provider.charge_requests(), 1);
    assert!(!shop.story(placed).await.contains(&"PaymentSettled"));
    provider.tell();
    shop.clock.advance(TimeDelta::minutes(11));
    shop.until_event(placed, "RefundSettled").await;
    assert_eq!(shop.charges().await[0].amount_refunded_minor, 1_000);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_deposit_fills_the_wallet() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    deposit(&shop).await;
    until_balance(&shop, pounds(20)).await;
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_silent_provider_is_given_up_visibly_and_asked_again_on_request() {
    let shop = Shop::open().await;
    // Nobody listens there any more.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let gateway = crate::shop::gateway(&nobody, crate::shop::PATIENCE);
    let workers = shop.work_with(gateway, shop.folder()).await;
    let placed = shop.buy("pm_card_visa").await;
    workers.until_count(Lane::Email, "done", 1).await;
    let found = workers.until_parked(&shop, Lane::Settlement).await;
    assert_eq!(found[0].kind, "charge");
    assert!(
        found[0].last_error.contains("could not be reached"),
        "{}",
        found[0].last_error
    );
    workers.stop().await;

    let workers = shop.work().await;
    // By now the order has expired, and the provider has never heard of it: once that is believed, nothing is charged.
    shop.until_event(placed, "PaymentCancelled").await;
    workers.intents.resend(found[0].id).await.unwrap();
    workers.until_count(Lane::Settlement, "parked", 0).await;
    workers.until_waiting(Lane::Settlement).await;
    shop.clock.advance(LONGEST_WAIT);
    workers.until_count(Lane::Settlement, "done", 1).await;
    assert!(shop.charges().await.is_empty());
    workers.stop().await;
    shop.close().await;
}

/// Twenty pounds.
pub async fn deposit(shop: &Shop) {
    let deposit = RequestDeposit {
        payment_id: PaymentId::generate(),
        attempt_id: AttemptId::generate(),
        account_id: shop.customer,
        amount: pounds(20),
        card_token: "pm_card_visa".to_owned(),
        at: shop.now(),
    };
    shop.command(|work| wallets::request_deposit(work, &deposit))
        .await;
}

pub async fn until_balance(shop: &Shop, balance: events::money::Money) {
    crate::shop::until("the balance", async || {
        shop.command(|work| Ok(work.read::<Wallet>(shop.customer)?.balance(Currency::GBP)))
            .await
            == balance
    })
    .await;
}
