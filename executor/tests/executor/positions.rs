//! The positions that commands are answered with, and what `inspect` promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::catalogue;
use domain::stock::Stock;
use events::envelope::{Actor, EventMeta, StreamId};
use events::ids::EventId;
use executor::ExecuteError;
use platform::event_log::{Append, NewEvent, StreamHead, StreamWrite};
use tokio::task::JoinSet;

use crate::shop::{self, Shop, sku};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_command_is_answered_with_the_position_of_its_own_last_event() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "LAMP", 2_50, 100).await;
    let mut buyers = JoinSet::new();
    for _ in 0..40 {
        let executor = executor.clone();
        buyers.spawn(async move {
            let context = shop::context();
            let order = shop::order("LAMP", 1);
            let decide = |work: &mut domain::UnitOfWork| domain::checkout::place_order(work, &order);
            let accepted = executor.execute(&context, decide).await.unwrap();
            (context.correlation_id, accepted.position)
        });
    }
    let answers = buyers.join_all().await;

    let events = shop::recorded(&executor).await;

    for (correlation_id, position) in answers {
        let own = events
            .iter()
            .filter(|event| event.meta.correlation_id == correlation_id);
        let own: Vec<_> = own.map(|event| event.position).collect();
        assert_eq!(own.last(), Some(&position));
        let first = own[0];
        assert!(own.iter().copied().eq(first..=position), "torn apart: {own:?}");
    }
}

#[tokio::test]
async fn a_command_that_changes_nothing_is_answered_with_the_head() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    let product_id = shop::list(&executor, "LAMP", 2_50, 100).await;
    let head = executor.log().head().await.unwrap();
    let edit = shop::price_change(product_id, "LAMP", 2_50);

    let accepted = executor
        .execute(&shop::context(), |work| catalogue::edit_product(work, &edit))
        .await
        .unwrap();

    assert_eq!(accepted.position, head);
    assert_eq!(executor.log().head().await.unwrap(), head);
}

#[tokio::test]
async fn the_events_carry_who_when_and_why() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "LAMP", 2_50, 100).await;
    let before = executor.log().head().await.unwrap();
    let mut context = shop::context();
    context.actor = Actor::Account(events::ids::AccountId::generate());
    context.causation_id = Some(EventId::generate());
    context.trace_parent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    let order = shop::order("LAMP", 1);

    executor
        .execute(&context, |work| domain::checkout::place_order(work, &order))
        .await
        .unwrap();

    let events = executor.log().read(before, 100).await.unwrap();
    assert_eq!(events.len(), 3); // the order, its reservation, its payment
    for event in events {
        let EventMeta {
            actor,
            correlation_id,
            causation_id,
            trace_parent,
            recorded_at,
            ..
        } = event.meta;
        assert_eq!((actor, correlation_id), (context.actor, context.correlation_id));
        assert_eq!(
            (causation_id, &trace_parent),
            (context.causation_id, &context.trace_parent)
        );
        assert_eq!(recorded_at, context.now);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn to_inspect_sees_all_that_was_answered_before_also_by_another_process() {
    const ROUNDS: u64 = 150;
    let shop = Shop::new();
    let (writer, reader) = (shop.executor().await, shop.executor().await);
    let product_id = shop::list(&writer, "LAMP", 2_50, 0).await;
    let (begun, answered) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let receiving = tokio::spawn({
        let (begun, answered) = (Arc::clone(&begun), Arc::clone(&answered));
        async move {
            for _ in 0..ROUNDS {
                begun.fetch_add(1, Ordering::SeqCst);
                shop::receive(&writer, product_id, "LAMP", 1).await;
                answered.fetch_add(1, Ordering::SeqCst);
            }
        }
    });

    let (mut seen, mut position) = (0, 0);
    while seen < ROUNDS {
        let at_least = answered.load(Ordering::SeqCst).max(seen);
        let look = |work: &mut domain::UnitOfWork| Ok(work.read::<Stock>(sku("LAMP"))?.on_hand());
        let looked = reader.inspect(&shop::context(), look).await.unwrap();
        let at_most = begun.load(Ordering::SeqCst);
        assert!(
            (at_least..=at_most).contains(&looked.value),
            "{} is not {at_least}..={at_most}",
            looked.value
        );
        assert!(looked.position >= position, "the position went back");
        (seen, position) = (looked.value, looked.position);
    }

    receiving.await.unwrap();
}

#[tokio::test]
async fn a_stream_with_events_of_another_kind_is_told_as_unreadable() {
    let shop = Shop::new();
    let executor = shop.executor().await;
    shop::list(&executor, "LAMP", 2_50, 1).await;
    let known = shop::recorded(&executor).await.remove(0);
    let stream = StreamId::new("stock", "BROKEN");
    let event = NewEvent {
        event_type: "ProductRemoved",
        schema_version: 1,
        payload: format!(r#"{{"product_id":"{}"}}"#, events::ids::ProductId::generate()),
        meta: EventMeta {
            event_id: EventId::generate(),
            ..known.meta
        },
    };
    let write = StreamWrite {
        stream: stream.clone(),
        expected: StreamHead::default(),
        events: vec![event],
    };
    executor
        .log()
        .append(Append {
            writes: vec![write],
            ..Append::default()
        })
        .await
        .unwrap();

    let refused = shop::buy(&executor, "BROKEN", 1).await;

    match refused {
        Err(ExecuteError::Unreadable { stream: told, .. }) => assert_eq!(told, stream.to_string()),
        other => panic!("{other:?}"),
    }
}
