//! One append at a time: order, atomicity, and the fence that expected heads are.

use std::collections::HashMap;

use events::envelope::{Actor, StreamId};
use events::ids::{AccountId, EventId};

use super::{LogFixture, all, append, conflict, event, event_ids, head_after, head_of, open, stream, write};
use crate::event_log::{Append, StreamHead};

/// More than an adapter looks up in one statement.
const MANY_STREAMS: usize = 1_203;

pub async fn positions_are_gapless_from_one(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    assert_eq!(log.head().await.unwrap(), 0);
    for (number, events) in (1..=5).enumerate() {
        let new = stream(&number.to_string());
        let appended = log
            .append(append([write(&new, StreamHead::default(), events)]))
            .await
            .unwrap();
        assert_eq!(appended.position, log.head().await.unwrap());
        assert_eq!(*log.watch().borrow(), appended.position);
    }
    assert_eq!(all(&log).await.len(), 15);
    log.close().await;
}

pub async fn an_event_reads_back_as_it_was_written(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let mut plain = event();
    plain.meta.actor = Actor::Anonymous;
    let mut full = event();
    r#"{"text":"naïve \u0000 🚚 'quoted' \"twice\""}"#.clone_into(&mut full.payload);
    full.schema_version = 7;
    full.meta.actor = Actor::Account(AccountId::generate());
    full.meta.causation_id = Some(EventId::generate());
    full.meta.trace_parent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    let mut written = write(&stream("ö-'x'"), StreamHead::default(), 0);
    written.events = vec![plain, full];
    log.append(append([written.clone()])).await.unwrap();

    let read = all(&log).await;
    assert_eq!(read, log.read_streams(&[written.stream.clone()]).await.unwrap());
    for (read, new) in read.into_iter().zip(written.events) {
        assert_eq!(read.stream, written.stream);
        assert_eq!(
            (
                read.event_type.as_str(),
                read.schema_version,
                read.payload,
                read.meta
            ),
            (new.event_type, new.schema_version, new.payload, new.meta)
        );
    }
    log.close().await;
}

pub async fn an_append_is_atomic_over_its_streams(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let (buyer, seller, stock) = (stream("buyer"), stream("seller"), stream("stock"));
    let first = write(&stock, StreamHead::default(), 1);
    log.append(append([first.clone()])).await.unwrap();

    let stale = append([
        write(&buyer, StreamHead::default(), 2),
        write(&stock, StreamHead::default(), 1),
        write(&seller, StreamHead::default(), 1),
    ]);
    conflict(log.append(stale).await);
    assert_eq!(all(&log).await.len(), 1);

    let purchase = append([
        write(&buyer, StreamHead::default(), 2),
        write(&stock, head_after(&first), 1),
        write(&seller, StreamHead::default(), 1),
    ]);
    assert_eq!(log.append(purchase).await.unwrap().position, 5);
    assert_eq!(all(&log).await.len(), 5);
    log.close().await;
}

pub async fn the_right_version_of_another_event_is_a_conflict(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let written = write(&stream("a"), StreamHead::default(), 1);
    log.append(append([written.clone()])).await.unwrap();
    for event_id in [None, Some(EventId::generate())] {
        let expected = StreamHead { version: 1, event_id };
        conflict(log.append(append([write(&written.stream, expected, 1)])).await);
    }
    log.append(append([write(&written.stream, head_after(&written), 1)]))
        .await
        .unwrap();
    log.close().await;
}

pub async fn a_conflict_names_the_streams_that_moved(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let moved = [stream("a"), stream("c")];
    for stream in &moved {
        log.append(append([write(stream, StreamHead::default(), 1)]))
            .await
            .unwrap();
    }
    let writes = ["a", "b", "c"].map(|name| write(&stream(name), StreamHead::default(), 1));
    assert_eq!(conflict(log.append(append(writes)).await), moved);
    assert_eq!(log.stats().conflicts(), 1);
    log.close().await;
}

pub async fn a_check_holds_or_fails_and_writes_nothing(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let (catalogue, order) = (stream("catalogue"), stream("order"));
    let listed = write(&catalogue, StreamHead::default(), 3);
    log.append(append([listed.clone()])).await.unwrap();

    let right = write(&catalogue, head_after(&listed), 0);
    assert_eq!(log.append(append([right.clone()])).await.unwrap().position, 3);
    let stale = write(&catalogue, StreamHead::default(), 0);
    assert_eq!(conflict(log.append(append([stale.clone()])).await), [catalogue]);

    let refused = append([stale, write(&order, StreamHead::default(), 1)]);
    conflict(log.append(refused).await);
    let accepted = append([right, write(&order, StreamHead::default(), 1)]);
    assert_eq!(log.append(accepted).await.unwrap().position, 4);
    assert_eq!(all(&log).await.len(), 4);
    log.close().await;
}

pub async fn an_append_of_nothing_answers_the_head(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    assert_eq!(log.append(Append::default()).await.unwrap().position, 0);
    log.append(append([write(&stream("a"), StreamHead::default(), 2)]))
        .await
        .unwrap();
    assert_eq!(log.append(Append::default()).await.unwrap().position, 2);
    log.close().await;
}

pub async fn streams_read_back_in_order_however_many(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    // Written in one order, asked in another, answered in a third.
    let names: Vec<StreamId> = (0..MANY_STREAMS)
        .map(|number| stream(&number.to_string()))
        .collect();
    for round in 0..2 {
        let heads = heads(&log, &names).await;
        let writes: Vec<_> = names
            .iter()
            .map(|name| write(name, heads(name), 1 + round))
            .collect();
        log.append(append(writes)).await.unwrap();
    }
    let mut asked: Vec<StreamId> = names.iter().rev().cloned().collect();
    asked.push(stream("without events"));
    asked.push(names[0].clone());
    let read = log.read_streams(&asked).await.unwrap();
    let mut expected = all(&log).await;
    expected.sort_by_key(|event| (event.stream.clone(), event.version));
    assert_eq!(read.len(), 3 * MANY_STREAMS);
    assert_eq!(event_ids(&read), event_ids(&expected));
    assert_eq!(head_of(&log, &names[7]).await.version, 3);
    assert!(log.read_streams(&[]).await.unwrap().is_empty());

    // Of some only the end, of one that stands there nothing.
    let after: Vec<_> = names.iter().cloned().zip([1, 3, 0].into_iter().cycle()).collect();
    let read = log.read_streams_after(&after).await.unwrap();
    let after: HashMap<_, _> = after.into_iter().collect();
    expected.retain(|event| event.version > after[&event.stream]);
    assert_eq!(event_ids(&read), event_ids(&expected));
    log.close().await;
}

async fn heads(
    log: &crate::event_log::EventLog,
    names: &[StreamId],
) -> impl Fn(&StreamId) -> StreamHead + use<> {
    let events = log.read_streams(names).await.unwrap();
    let heads: HashMap<StreamId, StreamHead> = events
        .into_iter()
        .map(|event| {
            let head = StreamHead {
                version: event.version,
                event_id: Some(event.meta.event_id),
            };
            (event.stream, head)
        })
        .collect();
    move |name| heads.get(name).copied().unwrap_or_default()
}
