//! The table of intents by itself: who gets what, in which order, and for how long.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use events::envelope::Position;
use events::ids::{EventId, OrderId};
use platform::postgres::{OpenError, PostgresTarget};
use tokio::task::JoinSet;
use uuid::Uuid;
use workers::intents::{
    Claimed, Effect, Finish, IntentId, Intents, IntentsError, KeptFold, Lane, NewIntent, OrderNotice,
    POSTGRES_SCHEMA, found_postgres,
};

use crate::shop::{LEASE, PATIENCE, Shop, until};

const LEASE_LENGTH: Duration = Duration::from_secs(15);
/// Few streams and many effects, so that everybody always wants the same ones.
const STREAMS: usize = 5;
const EFFECTS: usize = 400;
/// Processes, and tasks in each that claim at the same time.
const PROCESSES: usize = 3;
const TASKS: usize = 4;
/// Every so many effects one is parked first, and sent again.
const PARKED_EVERY: usize = 17;

crate::shop::on_both! {
    processes_that_claim_at_once_keep_each_stream_in_order,
    several_processes_at_work_do_everything_once,
    a_lease_is_renewed_for_as_long_as_its_effect_runs,
    what_is_sent_again_waits_for_what_is_under_way,
    text_that_no_database_likes_is_kept,
    a_claim_takes_what_is_due_and_no_more,
    a_fold_is_kept_in_the_place_of_the_one_before,
}

/// What has been done, and what is being done right now.
#[derive(Default)]
struct Seen {
    under_way: BTreeSet<String>,
    done: BTreeMap<String, Vec<IntentId>>,
    parked: BTreeSet<IntentId>,
}

impl Seen {
    fn begin(&mut self, claimed: &Claimed) {
        let stream = claimed.effect.stream().as_str().to_owned();
        assert!(
            self.under_way.insert(stream.clone()),
            "{stream}: two at the same time"
        );
    }

    /// Whether it is to be parked this time.
    fn end(&mut self, claimed: &Claimed) -> bool {
        let stream = claimed.effect.stream().as_str().to_owned();
        self.under_way.remove(&stream);
        let number = usize::try_from(claimed.id.0).unwrap();
        if number.is_multiple_of(PARKED_EVERY) && self.parked.insert(claimed.id) {
            return true;
        }
        self.done.entry(stream).or_default().push(claimed.id);
        false
    }

    fn count(&self) -> usize {
        self.done.values().map(Vec::len).sum()
    }

    fn check(&self) {
        for (stream, done) in &self.done {
            assert!(done.is_sorted(), "{stream}: out of order: {done:?}");
            let different: BTreeSet<_> = done.iter().collect();
            assert_eq!(different.len(), done.len(), "{stream}: one was done twice");
        }
        assert_eq!(self.done.len(), STREAMS);
        assert!(!self.parked.is_empty());
    }
}

async fn processes_that_claim_at_once_keep_each_stream_in_order(shop: Shop) {
    let orders: Vec<_> = (0..STREAMS).map(|_| OrderId::generate()).collect();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut processes = vec![];
    for _ in 0..PROCESSES {
        processes.push(shop.intents().await);
    }
    let mut tasks = JoinSet::new();
    let planner = processes[0].clone();
    tasks.spawn(async move { plan_steadily(&planner, &orders).await });
    for process in &processes {
        for _ in 0..TASKS {
            let (intents, seen) = (process.clone(), Arc::clone(&seen));
            tasks.spawn(async move { work_off(&intents, &seen).await });
        }
    }
    let (intents, resends) = (processes[1].clone(), Arc::clone(&seen));
    tasks.spawn(async move { send_again(&intents, &resends).await });
    tokio::time::timeout(PATIENCE * 2, tasks.join_all())
        .await
        .unwrap();

    seen.lock().unwrap().check();
    for process in processes {
        process.close().await;
    }
    shop.close().await;
}

/// In small steps, so that new ones come while others are claimed.
async fn plan_steadily(intents: &Intents, orders: &[OrderId]) {
    let from = intents.origin();
    intents.plan((0, from), &[], &[]).await.unwrap();
    for number in 0..EFFECTS as u64 {
        let position = from + number + 1;
        let order_id = orders[usize::try_from(number).unwrap() % orders.len()];
        intents
            .plan((position - 1, position), &[email(order_id, position)], &[])
            .await
            .unwrap();
    }
}

async fn work_off(intents: &Intents, seen: &Mutex<Seen>) {
    while seen.lock().unwrap().count() < EFFECTS {
        let taken = intents.claim(Lane::Email, 3, LEASE_LENGTH).await.unwrap();
        for claimed in &taken {
            seen.lock().unwrap().begin(claimed);
        }
        tokio::task::yield_now().await;
        for claimed in &taken {
            let park = seen.lock().unwrap().end(claimed);
            let finish = if park {
                Finish::Park {
                    reason: "look at it".to_owned(),
                }
            } else {
                done("sent")
            };
            assert!(intents.finish(claimed, finish).await.unwrap());
        }
    }
}

async fn send_again(intents: &Intents, seen: &Mutex<Seen>) {
    while seen.lock().unwrap().count() < EFFECTS {
        for parked in intents.parked(IntentId(0), 10).await.unwrap() {
            intents.resend(parked.id).await.unwrap();
        }
        tokio::task::yield_now().await;
    }
}

async fn several_processes_at_work_do_everything_once(shop: Shop) {
    let mut processes = vec![];
    for _ in 0..PROCESSES {
        processes.push(shop.work().await);
    }
    let mut orders = vec![];
    for _ in 0..20 {
        orders.push(shop.buy("pm_card_visa").await);
    }
    for placed in &orders {
        shop.until_event(*placed, "OrderPaid").await;
    }
    // Each must have nothing left to do when the first of them stops and looks whether a lease is left over.
    for lane in [Lane::Email, Lane::Settlement] {
        processes[0].until_count(lane, "done", 20).await;
    }
    for process in processes {
        process.stop().await;
    }
    let charges = shop.charges().await;
    assert_eq!(charges.len(), 20);
    let per_payment = payment_sandbox::charges_per_payment(&charges);
    assert!(per_payment.values().all(|count| *count == 1), "{per_payment:?}");
    assert_eq!(shop.mails().await.len(), 20);
    shop.close().await;
}

async fn a_lease_is_renewed_for_as_long_as_its_effect_runs(shop: Shop) {
    let workers = shop.work().await;
    let other = shop.intents().await;
    shop.buy("pm_card_sandbox_chargeThenHang").await;
    until("the charge", async || shop.charges().await.len() == 1).await;
    for _ in 0..6 {
        shop.clock.advance(TimeDelta::seconds(5));
        until("the renewal", async || {
            let ends = other.next_due(Lane::Settlement, shop.now()).await.unwrap();
            ends == Some(shop.now() + LEASE)
        })
        .await;
        let taken = other.claim(Lane::Settlement, 10, LEASE_LENGTH).await.unwrap();
        assert!(taken.is_empty(), "its worker lives");
    }
    workers.kill().await;
    shop.clock.advance(LEASE);
    let taken = other.claim(Lane::Settlement, 10, LEASE_LENGTH).await.unwrap();
    assert_eq!(taken.len(), 1, "its worker is dead");
    assert!(taken[0].may_have_acted());
    other.close().await;
    shop.close().await;
}

async fn what_is_sent_again_waits_for_what_is_under_way(shop: Shop) {
    let intents = shop.intents().await;
    let (order_id, origin) = (OrderId::generate(), intents.origin());
    let new = [email(order_id, origin), email(order_id, origin + 1)];
    intents.plan((0, origin + 1), &new, &[]).await.unwrap();
    let unsent = intents.unsent(IntentId(0), 10).await.unwrap();
    assert_eq!(unsent.len(), 1, "an earlier database may have sent it");
    let later = one(&intents).await;
    assert!(later.id > unsent[0].id);

    intents.resend(unsent[0].id).await.unwrap();
    let taken = intents.claim(Lane::Email, 10, LEASE_LENGTH).await.unwrap();
    assert!(taken.is_empty(), "the later one is under way");
    assert!(intents.finish(&later, done("sent")).await.unwrap());
    assert_eq!(one(&intents).await.id, unsent[0].id);

    // Of two whose workers have died, the earlier one goes first.
    shop.clock.advance(LEASE);
    assert_eq!(one(&intents).await.id, unsent[0].id);
    intents.close().await;
    shop.close().await;
}

async fn text_that_no_database_likes_is_kept(shop: Shop) {
    let intents = shop.intents().await;
    let position = intents.origin() + 1;
    let new = NewIntent {
        trace_parent: Some("00-\0".to_owned()),
        ..email(OrderId::generate(), position)
    };
    intents.plan((0, position), &[new], &[]).await.unwrap();
    let claimed = one(&intents).await;
    let park = Finish::Park {
        reason: "the server said \"\0\" and 'é'\u{1f4a5}\n".to_owned(),
    };
    assert!(intents.finish(&claimed, park).await.unwrap());
    let parked = intents.parked(IntentId(0), 10).await.unwrap();
    assert_eq!(
        parked[0].last_error,
        "the server said \"\u{fffd}\" and 'é'\u{1f4a5}\n"
    );
    intents.close().await;
    shop.close().await;
}

async fn a_claim_takes_what_is_due_and_no_more(shop: Shop) {
    let intents = shop.intents().await;
    let position = intents.origin() + 1;
    let in_an_hour = NewIntent {
        due_at: Some(shop.now() + TimeDelta::hours(1)),
        ..email(OrderId::generate(), position)
    };
    let new = [
        in_an_hour,
        email(OrderId::generate(), position),
        email(OrderId::generate(), position),
    ];
    intents.plan((0, position), &new, &[]).await.unwrap();
    assert!(
        matches!(
            intents.plan((0, position), &new, &[]).await,
            Err(IntentsError::Moved { expected: 0 })
        ),
        "the checkpoint has moved"
    );
    assert_eq!(
        intents.claim(Lane::Email, 1, LEASE_LENGTH).await.unwrap().len(),
        1
    );
    assert_eq!(
        intents.claim(Lane::Email, 9, LEASE_LENGTH).await.unwrap().len(),
        1
    );
    assert!(
        intents
            .claim(Lane::Email, 9, LEASE_LENGTH)
            .await
            .unwrap()
            .is_empty()
    );
    let next = intents.next_due(Lane::Email, shop.now() + LEASE).await.unwrap();
    assert_eq!(next, Some(shop.now() + TimeDelta::hours(1)));
    assert_eq!(intents.release().await.unwrap(), 2);
    let again = intents.claim(Lane::Email, 9, LEASE_LENGTH).await.unwrap();
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(Claimed::may_have_acted));
    intents.close().await;
    shop.close().await;
}

async fn a_fold_is_kept_in_the_place_of_the_one_before(shop: Shop) {
    let intents = shop.intents().await;
    assert_eq!(intents.kept_fold("day_book").await.unwrap(), None);
    let fold = |position, body: &str| KeptFold {
        position,
        event_id: Uuid::from_u128(position.into()).to_string(),
        body: body.to_owned(),
    };
    // A log that was restored may be shorter than before.
    for (position, body) in [(7, "{\"a\": 1}"), (9, "{\"a\": 2}"), (3, "{}")] {
        let fold = fold(position, body);
        intents.keep_fold("day_book", &fold).await.unwrap();
        assert_eq!(intents.kept_fold("day_book").await.unwrap(), Some(fold));
    }
    assert_eq!(intents.kept_fold("other").await.unwrap(), None);
    intents.close().await;
    shop.close().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn tables_that_nobody_migrated_are_refused() {
    let target = PostgresTarget::parse(&test_servers::new_database().await, "workers-test").unwrap();
    let opened = Intents::open_postgres(&target, 0, platform::clock::Clock::System).await;
    assert!(
        matches!(
            opened,
            Err(IntentsError::OpenPostgres(OpenError::OlderSchema {
                schema: "workers",
                ..
            }))
        ),
        "{opened:?}"
    );
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn the_first_who_notes_the_origin_is_believed() {
    let target = PostgresTarget::parse(&test_servers::new_database().await, "workers-test").unwrap();
    platform::postgres::migrate(&target, &POSTGRES_SCHEMA)
        .await
        .unwrap();
    for log_head in [3, 7] {
        found_postgres(&target, log_head).await.unwrap();
    }
    let intents = Intents::open_postgres(&target, 9, platform::clock::Clock::System)
        .await
        .unwrap();
    assert_eq!((intents.origin(), intents.checkpoint().await.unwrap()), (3, 0));
    intents.close().await;
}

async fn one(intents: &Intents) -> Claimed {
    let mut taken = intents.claim(Lane::Email, 10, LEASE_LENGTH).await.unwrap();
    assert_eq!(taken.len(), 1, "{taken:?}");
    taken.remove(0)
}

fn done(outcome: &str) -> Finish {
    Finish::Done {
        outcome: outcome.to_owned(),
    }
}

fn email(order_id: OrderId, position: Position) -> NewIntent {
    NewIntent {
        effect: Effect::EmailOrder {
            order_id,
            notice: OrderNotice::Confirmation,
        },
        event_id: EventId::generate(),
        position,
        correlation_id: Uuid::now_v7(),
        trace_parent: None,
        due_at: None,
        parked: None,
    }
}
