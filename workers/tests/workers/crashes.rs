//! Workers that die in the wrong moment: whatever they were about, it happens once.

use std::time::Duration;

use chrono::TimeDelta;
use workers::intents::{Finish, Lane};

use crate::shop::{Shop, until};

const LEASE: Duration = Duration::from_secs(15);

crate::shop::on_both! {
    a_crash_between_the_intent_and_the_charge_charges_once,
    a_crash_between_the_charge_and_its_recording_charges_once,
    a_crash_between_the_recording_and_the_end_of_the_lease_changes_nothing,
    killing_workers_over_and_over_charges_every_order_once,
    a_shutdown_cuts_off_what_hangs_and_gives_its_lease_up,
    a_lease_runs_out_and_its_late_owner_changes_nothing,
}

async fn a_crash_between_the_intent_and_the_charge_charges_once(shop: Shop) {
    let workers = shop.work().await;
    workers.stop().await;
    let placed = shop.buy("pm_card_visa").await;
    // A worker that plans and takes the intent, and dies.
    let workers = shop.work_with(hanging_gateway().await, shop.folder()).await;
    workers.until_count(Lane::Settlement, "leased", 1).await;
    workers.kill().await;
    assert!(shop.charges().await.is_empty());

    let workers = shop.work().await;
    shop.until_event(placed, "OrderPaid").await;
    assert_eq!(shop.charges().await.len(), 1);
    workers.stop().await;
    shop.close().await;
}

async fn a_crash_between_the_charge_and_its_recording_charges_once(shop: Shop) {
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_sandbox_chargeThenHang").await;
    until("the charge", async || shop.charges().await.len() == 1).await;
    workers.kill().await;
    assert!(!shop.story(placed).await.contains(&"OrderPaid"));

    let workers = shop.work().await;
    shop.until_event(placed, "OrderPaid").await;
    assert_eq!(shop.charges().await.len(), 1);
    workers.stop().await;
    shop.close().await;
}

async fn a_crash_between_the_recording_and_the_end_of_the_lease_changes_nothing(shop: Shop) {
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_visa").await;
    workers.until_count(Lane::Settlement, "done", 1).await;
    workers.until_count(Lane::Email, "done", 1).await;
    workers.stop().await;
    let before = shop.log.head().await.unwrap();
    let mails = shop.mails().await;
    // The table forgets that it was done, as if the end of the lease had never been written.
    shop.undo_done().await;

    let workers = shop.work().await;
    workers.until_count(Lane::Settlement, "done", 1).await;
    workers.until_count(Lane::Email, "done", 1).await;
    workers.stop().await;
    assert_eq!(
        shop.log.head().await.unwrap(),
        before,
        "nothing new is in the log"
    );
    assert_eq!(shop.charges().await.len(), 1);
    let again = shop.mails().await;
    assert_eq!(again.len(), 1, "{placed:?}");
    assert_eq!(again[0].message_id, mails[0].message_id);
    shop.close().await;
}

async fn killing_workers_over_and_over_charges_every_order_once(shop: Shop) {
    let mut orders = vec![];
    for round in 0..5 {
        let workers = shop.work().await;
        for _ in 0..6 {
            orders.push(shop.buy("pm_card_visa").await);
        }
        // Somewhere in the middle, each time elsewhere.
        until("some charges", async || {
            shop.charges().await.len() > round * 6 + round
        })
        .await;
        workers.kill().await;
    }
    let workers = shop.work().await;
    for placed in &orders {
        shop.until_event(*placed, "OrderPaid").await;
    }
    workers.until_count(Lane::Email, "done", 30).await;
    workers.stop().await;
    let charges = shop.charges().await;
    assert_eq!(charges.len(), 30);
    let per_payment = payment_sandbox::charges_per_payment(&charges);
    assert!(per_payment.values().all(|count| *count == 1), "{per_payment:?}");
    for placed in &orders {
        let settled = shop
            .story(*placed)
            .await
            .iter()
            .filter(|event| **event == "PaymentSettled")
            .count();
        assert_eq!(settled, 1);
    }
    assert_eq!(shop.mails().await.len(), 30);
    shop.close().await;
}

async fn a_shutdown_cuts_off_what_hangs_and_gives_its_lease_up(shop: Shop) {
    let workers = shop.work().await;
    let placed = shop.buy("pm_card_sandbox_chargeThenHang").await;
    until("the charge", async || shop.charges().await.len() == 1).await;
    workers.stop().await; // and sees that no lease is left over
    assert!(!shop.story(placed).await.contains(&"OrderPaid"));
    let workers = shop.work().await;
    shop.until_event(placed, "OrderPaid").await;
    assert_eq!(shop.charges().await.len(), 1);
    workers.stop().await;
    shop.close().await;
}

async fn a_lease_runs_out_and_its_late_owner_changes_nothing(shop: Shop) {
    let workers = shop.work().await;
    workers.stop().await;
    shop.buy("pm_card_visa").await;
    let slow = shop.intents().await;
    plan_all(&shop, &slow).await;
    // Beside the first one: the file is in use, so leases hold.
    let other = shop.intents().await;
    let taken = slow.claim(Lane::Settlement, 10, LEASE).await.unwrap();
    assert_eq!(taken.len(), 1);
    assert!(!taken[0].may_have_acted());
    assert!(
        other.claim(Lane::Settlement, 10, LEASE).await.unwrap().is_empty(),
        "it is leased"
    );

    shop.clock.advance(TimeDelta::seconds(15));
    let again = other.claim(Lane::Settlement, 10, LEASE).await.unwrap();
    assert_eq!(again.len(), 1);
    assert!(again[0].may_have_acted());
    let done = |outcome: &str| Finish::Done {
        outcome: outcome.to_owned(),
    };
    assert!(
        !slow.finish(&taken[0], done("late")).await.unwrap(),
        "its lease is another's"
    );
    assert!(other.finish(&again[0], done("in time")).await.unwrap());
    assert!(!other.finish(&again[0], done("twice")).await.unwrap());
    slow.close().await;
    other.close().await;
    shop.close().await;
}

/// Plans what is in the log with workers that reach no provider, and takes the leases back.
async fn plan_all(shop: &Shop, intents: &workers::intents::Intents) {
    use workers::intents::{Effect, NewIntent};
    let from = intents.checkpoint().await.unwrap();
    let events = shop.log.read(from, 1_000).await.unwrap();
    let requested = events
        .iter()
        .find(|event| event.event_type == "PaymentRequested")
        .unwrap();
    let body: events::payment::PaymentRequested = serde_json::from_str(&requested.payload).unwrap();
    let new = NewIntent {
        effect: Effect::Charge {
            payment_id: body.payment_id,
            attempt_id: body.attempt_id.unwrap(),
        },
        event_id: requested.meta.event_id,
        position: requested.position,
        correlation_id: requested.meta.correlation_id,
        trace_parent: None,
        due_at: None,
        parked: None,
    };
    let to = from + events.len() as u64;
    intents
        .plan((from, to), std::slice::from_ref(&new), &[])
        .await
        .unwrap();
    let again = intents.plan((from, to), &[new], &[]).await;
    assert!(again.is_err(), "the checkpoint has moved");
}

/// Accepts connections and says nothing.
async fn hanging_gateway() -> workers::gateway::PaymentGateway {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = vec![];
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    crate::shop::gateway(&format!("http://{address}"), crate::shop::PATIENCE)
}
