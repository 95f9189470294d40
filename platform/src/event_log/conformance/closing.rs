//! The end of a log: nothing that was accepted is lost.

use super::{LogFixture, all, append, is_unavailable, open, stream, write};
use crate::event_log::{Append, StreamHead};

fn one(name: &str) -> Append {
    append([write(&stream(name), StreamHead::default(), 1)])
}

pub async fn close_finishes_what_was_accepted(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let mut pending = Vec::new();
    for number in 0..300 {
        pending.push(log.reserve().await.unwrap().send(one(&number.to_string())));
    }
    log.close().await;
    for answer in pending {
        answer.await.unwrap();
    }
    let log = open(fixture).await;
    assert_eq!(all(&log).await.len(), 300);
    log.close().await;
}

pub async fn a_closed_log_refuses(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let clone = log.clone();
    log.close().await;
    log.close().await;
    assert!(clone.is_closed());
    assert!(is_unavailable(&clone.append(one("late")).await));
    assert!(clone.read(0, 1).await.is_err());
}

pub async fn dropping_the_answer_does_not_take_the_append_back(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    drop(log.reserve().await.unwrap().send(one("a")));
    // The queue is in order, so the first is done when the second is.
    assert_eq!(log.append(one("b")).await.unwrap().position, 2);
    log.close().await;
}

pub async fn dropping_every_handle_finishes_what_was_accepted(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    let pending = log.reserve().await.unwrap().send(one("a"));
    drop(log);
    assert_eq!(pending.await.unwrap().position, 1);
    let log = open(fixture).await;
    assert_eq!(all(&log).await.len(), 1);
    log.close().await;
}
