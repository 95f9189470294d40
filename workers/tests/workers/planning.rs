//! What is planned, once; and what never is.

use chrono::TimeDelta;
use domain::history::{self, PastLine, RecordPastOrder};
use events::envelope::{Actor, EventMeta, StreamId};
use events::ids::{EventId, OrderId, PaymentId};
use events::order::Contact;
use platform::event_log::{Append, NewEvent, StreamHead, StreamWrite};
use uuid::Uuid;
use workers::intents::{IntentId, Lane};

use crate::shop::{Shop, pounds, sku};

/// Events that the planner takes at once.
const BATCH: u64 = 500;

crate::shop::on_both! {
    sales_of_the_past_cause_nothing,
    a_planner_that_starts_again_plans_nothing_twice,
    a_lost_file_sends_and_charges_nothing_again,
    an_unreadable_event_is_parked_and_the_rest_goes_on,
    done_intents_are_cleared_away_in_time_and_not_planned_again,
}

async fn sales_of_the_past_cause_nothing(shop: Shop) {
    let intents = shop.intents().await; // the file is older than the orders
    intents.close().await;
    drop(intents);
    for number in 0..150 {
        record_past_order(&shop, number).await;
    }
    assert!(
        some_order_is_cut(&shop).await,
        "no batch ends within an order: record more of them"
    );
    let workers = shop.work().await;
    workers.until_planned(&shop).await;
    assert!(workers.intents.tally().await.unwrap().is_empty());
    // An order of today goes its way among them.
    let placed = shop.buy("pm_card_visa").await;
    shop.until_event(placed, "OrderPaid").await;
    workers.until_count(Lane::Email, "done", 1).await;
    assert_eq!(shop.mails().await.len(), 1);
    workers.stop().await;
    shop.close().await;
}

/// Whether an order was placed in one batch and shipped in another.
async fn some_order_is_cut(shop: &Shop) -> bool {
    let log = shop.log.read(0, 10_000).await.unwrap();
    let batch = |event: &&events::envelope::RecordedEvent| (event.position - 1) / BATCH;
    let placed = log.iter().filter(|event| event.event_type == "OrderPlaced");
    let shipped = log.iter().filter(|event| event.event_type == "OrderShipped");
    placed.zip(shipped).any(|(placed, shipped)| {
        assert_eq!(placed.stream, shipped.stream);
        batch(&placed) != batch(&shipped)
    })
}

async fn a_planner_that_starts_again_plans_nothing_twice(shop: Shop) {
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_visa").await;
    workers.until_count(Lane::Settlement, "done", 1).await;
    workers.until_count(Lane::Email, "done", 1).await;
    workers.until_planned(&shop).await;
    let backlog = workers.intents.tally().await.unwrap();
    workers.stop().await;
    let head = shop.log.head().await.unwrap();
    let workers = shop.work().await;
    workers.until_planned(&shop).await;
    assert_eq!(workers.intents.tally().await.unwrap(), backlog);
    assert_eq!(shop.log.head().await.unwrap(), head);
    assert_eq!(shop.charges().await.len(), 1, "{placed:?}");
    workers.stop().await;
    shop.close().await;
}

async fn a_lost_file_sends_and_charges_nothing_again(shop: Shop) {
    let workers = shop.work().await;
    let paid = shop.buy("pm_card_visa").await;
    workers.until_count(Lane::Settlement, "done", 1).await;
    workers.until_count(Lane::Email, "done", 1).await;
    let open = shop.buy("pm_card_sandbox_chargeThenHang").await;
    crate::shop::until("the charge", async || shop.charges().await.len() == 2).await;
    workers.until_count(Lane::Email, "done", 2).await;
    workers.kill().await;
    std::fs::remove_dir_all(shop.mail_folder()).unwrap();
    shop.lose_intents().await;

    let workers = shop.work().await;
    shop.until_event(open, "OrderPaid").await;
    workers.until_planned(&shop).await;
    workers.until_count(Lane::Settlement, "done", 2).await;
    assert_eq!(
        shop.charges().await.len(),
        2,
        "what the provider had done was found there"
    );
    assert!(shop.mails().await.is_empty());
    let unsent = workers.intents.unsent(IntentId(0), 10).await.unwrap();
    assert_eq!(unsent.len(), 2);
    assert_eq!(unsent[0].stream, format!("order-{}", paid.order_id));

    workers.intents.resend(unsent[0].id).await.unwrap();
    shop.until_mail(&format!("order-confirmation.{}", paid.order_id))
        .await;
    // What is ordered from now on goes its way.
    let new = shop.buy("pm_card_visa").await;
    shop.until_mail(&format!("order-confirmation.{}", new.order_id))
        .await;
    workers.stop().await;
    shop.close().await;
}

async fn an_unreadable_event_is_parked_and_the_rest_goes_on(shop: Shop) {
    let workers = shop.work().await;
    append_unreadable(&shop).await;
    let placed = shop.buy("pm_card_visa").await;
    shop.until_event(placed, "OrderPaid").await;
    let parked = workers.intents.parked(IntentId(0), 10).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].kind, "unreadable");
    // Sent again with a program that still can't read it, it is parked again.
    workers.intents.resend(parked[0].id).await.unwrap();
    workers.until_count(Lane::Settlement, "parked", 1).await;
    workers.stop().await;
    shop.close().await;
}

async fn done_intents_are_cleared_away_in_time_and_not_planned_again(shop: Shop) {
    let workers = shop.work().await;
    shop.buy("pm_card_visa").await;
    workers.until_count(Lane::Email, "done", 1).await;
    workers.until_count(Lane::Settlement, "done", 1).await;
    workers.stop().await;
    shop.clock.advance(TimeDelta::days(1));
    let intents = shop.intents().await;
    assert_eq!(intents.forget_done_before(shop.now()).await.unwrap(), 2);
    intents.close().await;
    drop(intents);
    let workers = shop.work().await;
    workers.until_planned(&shop).await;
    workers.until_count(Lane::Timers, "done", 1).await;
    assert_eq!(workers.intents.tally().await.unwrap().len(), 1);
    workers.stop().await;
    shop.close().await;
}

async fn record_past_order(shop: &Shop, number: u32) {
    let contact = Contact {
        email: Some("past@mail.example".to_owned()),
        name: String::new(),
        address: String::new(),
    };
    let record = RecordPastOrder {
        order_id: OrderId::generate(),
        payment_id: PaymentId::generate(),
        customer: Some(shop.customer),
        contact: shop.seal(&contact).await,
        country: "France".to_owned(),
        lines: vec![PastLine {
            sku: sku(),
            quantity: 1,
            unit_price: pounds(3),
        }],
        placed_at: shop.now() - TimeDelta::days(1_000),
        reference: Some(format!("{number}")),
        now: shop.now(),
    };
    shop.command(|work| history::record_past_order(work, &record))
        .await;
}

/// As a newer program might have written it.
async fn append_unreadable(shop: &Shop) {
    let event = NewEvent {
        event_type: "PaymentRequested",
        schema_version: 99,
        payload: "{}".to_owned(),
        meta: EventMeta {
            event_id: EventId::generate(),
            recorded_at: shop.now(),
            actor: Actor::System,
            correlation_id: Uuid::now_v7(),
            causation_id: None,
            trace_parent: None,
        },
    };
    let write = StreamWrite {
        stream: StreamId::new("payment", PaymentId::generate()),
        expected: StreamHead::default(),
        events: vec![event],
    };
    let append = Append {
        writes: vec![write],
        ..Append::default()
    };
    shop.log.append(append).await.unwrap();
}
