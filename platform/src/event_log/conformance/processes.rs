//! Several handles on one storage, as several processes have.

use events::envelope::{RecordedEvent, StreamId};
use events::ids::EventId;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    LogFixture, all, append, assert_gapless, conflict, event_ids, head_after, head_of, open, stream, write,
};
use crate::event_log::{AppendError, EventLog, StreamHead};
use crate::feed::Feed;

const HANDLES: usize = 4;
const WRITERS: usize = 32;
const APPENDS_PER_WRITER: usize = 12;

pub async fn readers_see_every_position_once_in_order(fixture: &impl LogFixture) {
    let mut logs = Vec::new();
    for _ in 0..HANDLES {
        logs.push(open(fixture).await);
    }
    let total: usize = (0..WRITERS)
        .map(|writer| APPENDS_PER_WRITER * events_of(writer))
        .sum();
    let mut readers = JoinSet::new();
    for log in &logs {
        readers.spawn(tail(Feed::tail(log.clone()), total));
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let log = logs[writer % HANDLES].clone();
        writers.spawn(async move {
            for number in 0..APPENDS_PER_WRITER {
                let own = stream(&format!("{writer}-{number}"));
                log.append(append([write(&own, StreamHead::default(), events_of(writer))]))
                    .await
                    .unwrap();
            }
        });
    }
    writers.join_all().await;
    let whole = event_ids(&all(&logs[0]).await);
    assert_eq!(whole.len(), total);
    for read in readers.join_all().await {
        assert_gapless(&read);
        assert_eq!(event_ids(&read), whole);
    }
    for log in logs {
        log.close().await;
    }
}

fn events_of(writer: usize) -> usize {
    1 + writer % 5
}

async fn tail(feed: Feed, total: usize) -> Vec<RecordedEvent> {
    let mut read = Vec::new();
    while read.len() < total {
        let after = read.len() as u64;
        let batch = feed
            .next_batch(after, 17, &CancellationToken::new())
            .await
            .unwrap()
            .unwrap();
        read.extend(batch);
    }
    read
}

pub async fn sixty_four_writers_share_one_stream(fixture: &impl LogFixture) {
    let logs = [open(fixture).await, open(fixture).await];
    let hot = stream("hot");
    let mut writers = JoinSet::new();
    for writer in 0..64 {
        writers.spawn(append_with_retries(logs[writer % 2].clone(), hot.clone()));
    }
    let mut written = writers.join_all().await;
    let mut read = event_ids(&all(&logs[0]).await);
    assert_eq!(read.len(), 64);
    assert_eq!(head_of(&logs[1], &hot).await.version, 64);
    written.sort_unstable();
    read.sort_unstable();
    assert_eq!(read, written);
    for log in logs {
        log.close().await;
    }
}

async fn append_with_retries(log: EventLog, hot: StreamId) -> EventId {
    loop {
        let one = write(&hot, head_of(&log, &hot).await, 1);
        let event_id = one.events[0].meta.event_id;
        match log.append(append([one])).await {
            Ok(_) => return event_id,
            Err(AppendError::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

pub async fn a_stale_head_is_a_conflict_between_processes(fixture: &impl LogFixture) {
    let (here, there) = (open(fixture).await, open(fixture).await);
    let hot = stream("hot");
    let first = write(&hot, StreamHead::default(), 1);
    here.append(append([first.clone()])).await.unwrap();

    // Both decide on the first; there one is faster, here another decision already builds on the slower one.
    let theirs = write(&hot, head_after(&first), 1);
    let ours = write(&hot, head_after(&first), 1);
    let built_on_ours = write(&hot, head_after(&ours), 1);
    there.append(append([theirs.clone()])).await.unwrap();
    conflict(here.append(append([ours])).await);
    assert_eq!(
        conflict(here.append(append([built_on_ours])).await),
        std::slice::from_ref(&hot)
    );
    here.append(append([write(&hot, head_after(&theirs), 1)]))
        .await
        .unwrap();
    assert_eq!(all(&there).await.len(), 3);
    here.close().await;
    there.close().await;
}
