//! The writer dies between any two steps: of every append all is there, or nothing, and what was answered is there.

use std::collections::HashSet;

use super::batches::send_together;
use super::{LogFixture, all, append, event_ids, head_after, is_unavailable, key, open, stream, write};
use crate::event_log::{Append, AppendError, Claim, LogOptions, Step, StreamHead};

const TASKS: usize = 16;

pub async fn a_crash_at_any_step_is_all_or_nothing<F: LogFixture>(_: &F) {
    for step in Step::ALL {
        let fixture = F::new();
        let log = open(&fixture).await;
        let before = write(&stream("a"), StreamHead::default(), 2);
        log.append(append([before.clone()])).await.unwrap();
        log.close().await;

        let full = Append {
            claims: vec![Claim {
                scope: "email",
                value: "x".to_owned(),
                owner: "a".to_owned(),
            }],
            idempotency: Some((key("caller", "k", "one"), "{}".to_owned())),
            ..append([
                write(&before.stream, head_after(&before), 3),
                write(&stream("b"), StreamHead::default(), 1),
            ])
        };
        let other = append([write(&stream("c"), StreamHead::default(), 1)]);
        let crashing = fixture
            .open(LogOptions {
                crash_at: Some(step),
                ..LogOptions::default()
            })
            .await;
        for answer in send_together(&crashing, vec![full.clone(), other]).await {
            assert!(is_unavailable(&answer), "{step:?}: {answer:?}");
        }
        assert!(
            is_unavailable(&crashing.append(Append::default()).await),
            "{step:?}"
        );
        crashing.close().await;

        let committed = step == Step::AfterCommit;
        let log = open(&fixture).await;
        assert_eq!(all(&log).await.len(), if committed { 7 } else { 2 }, "{step:?}");
        assert_eq!(
            log.claim_owner("email", "x").await.unwrap().is_some(),
            committed,
            "{step:?}"
        );
        assert_eq!(
            log.outcome("caller", "k").await.unwrap().is_some(),
            committed,
            "{step:?}"
        );

        // The client tries again, as it was told nothing.
        match log.append(full).await {
            Ok(appended) => assert!(!committed && appended.position == 6, "{step:?}"),
            Err(AppendError::Repeated(stored)) => assert!(committed && stored.position == 6, "{step:?}"),
            Err(error) => panic!("{step:?}: {error}"),
        }
        assert_eq!(all(&log).await.len(), if committed { 7 } else { 6 }, "{step:?}");
        log.close().await;
    }
}

pub async fn what_was_answered_survives_a_crash_under_load<F: LogFixture>(_: &F) {
    for step in Step::ALL {
        let fixture = F::new();
        let options = LogOptions {
            crash_at: Some(step),
            batches_before_crash: 5,
            ..LogOptions::default()
        };
        let crashing = fixture.open(options).await;
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..TASKS {
            let log = crashing.clone();
            tasks.spawn(async move {
                let mut answered = Vec::new();
                let (mut left, mut right) = (StreamHead::default(), StreamHead::default());
                loop {
                    let pair = ["l", "r"].map(|side| stream(&format!("{task}{side}")));
                    let writes = [write(&pair[0], left, 1), write(&pair[1], right, 2)];
                    (left, right) = (head_after(&writes[0]), head_after(&writes[1]));
                    let ids = writes
                        .iter()
                        .flat_map(|write| &write.events)
                        .map(|event| event.meta.event_id);
                    let ids: Vec<_> = ids.collect();
                    match log.append(append(writes)).await {
                        Ok(_) => answered.extend(ids),
                        Err(AppendError::Unavailable { .. }) => return answered,
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
        let answered: Vec<_> = tasks.join_all().await.concat();
        crashing.close().await;

        let log = open(&fixture).await;
        let events = all(&log).await;
        let present: HashSet<_> = event_ids(&events).into_iter().collect();
        assert!(
            !answered.is_empty() && answered.iter().all(|id| present.contains(id)),
            "{step:?}"
        );
        let lefts = events
            .iter()
            .filter(|event| event.stream.as_str().ends_with('l'))
            .count();
        assert_eq!(events.len(), 3 * lefts, "{step:?}: half an append is there");
        log.close().await;
    }
}
