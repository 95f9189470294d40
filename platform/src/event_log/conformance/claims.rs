//! Values that only one owner may have.

use super::batches::send_together;
use super::{LogFixture, append, conflict, open, stream, write};
use crate::event_log::{Append, AppendError, Claim, StreamHead};

fn claim(value: &str, owner: &str) -> Append {
    let claim = Claim {
        scope: "email",
        value: value.to_owned(),
        owner: owner.to_owned(),
    };
    Append {
        claims: vec![claim],
        ..Append::default()
    }
}

fn release(value: &str, owner: &str) -> Append {
    Append {
        releases: claim(value, owner).claims,
        ..Append::default()
    }
}

fn owner_of<T: std::fmt::Debug>(result: Result<T, AppendError>) -> String {
    match result {
        Err(AppendError::Taken { owner, .. }) => owner,
        other => panic!("expected it to be taken, got {other:?}"),
    }
}

pub async fn a_claim_is_taken_kept_and_released(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    assert_eq!(log.claim_owner("email", "a").await.unwrap(), None);
    log.append(claim("a", "ada")).await.unwrap();
    assert_eq!(
        log.claim_owner("email", "a").await.unwrap().as_deref(),
        Some("ada")
    );
    assert_eq!(
        log.claim_owner("username", "a").await.unwrap(),
        None,
        "scopes are separate"
    );

    assert_eq!(owner_of(log.append(claim("a", "bob")).await), "ada");
    log.append(claim("a", "ada")).await.unwrap();

    log.append(release("a", "ada")).await.unwrap();
    log.append(release("a", "ada")).await.unwrap();
    assert_eq!(log.claim_owner("email", "a").await.unwrap(), None);
    log.append(claim("a", "bob")).await.unwrap();
    log.close().await;

    let log = open(fixture).await;
    assert_eq!(owner_of(log.append(claim("a", "ada")).await), "bob");
    log.close().await;
}

pub async fn only_the_owner_releases_a_claim(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    log.append(claim("a", "ada")).await.unwrap();
    log.append(release("a", "bob")).await.unwrap();
    assert_eq!(owner_of(log.append(claim("a", "bob")).await), "ada");

    // Decided when ada still had it, written when carol has: within a batch, and within one append.
    let answers = send_together(
        &log,
        vec![release("a", "ada"), claim("a", "carol"), release("a", "ada")],
    )
    .await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let mut stolen = release("a", "bob");
    stolen.claims = claim("a", "bob").claims;
    assert_eq!(owner_of(log.append(stolen).await), "carol");
    assert_eq!(
        log.claim_owner("email", "a").await.unwrap().as_deref(),
        Some("carol")
    );
    log.close().await;
}

pub async fn a_claim_moves_within_one_append(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    log.append(claim("old", "ada")).await.unwrap();
    let moved = Append {
        releases: release("old", "ada").releases,
        ..claim("new", "ada")
    };
    log.append(moved).await.unwrap();
    let handed_over = Append {
        releases: release("new", "ada").releases,
        ..claim("new", "bob")
    };
    log.append(handed_over).await.unwrap();
    assert_eq!(log.claim_owner("email", "old").await.unwrap(), None);
    assert_eq!(
        log.claim_owner("email", "new").await.unwrap().as_deref(),
        Some("bob")
    );

    // Two owners in one append: the second comes too late.
    let mut both = claim("x", "ada");
    both.claims.extend(claim("x", "bob").claims);
    assert_eq!(owner_of(log.append(both).await), "ada");
    assert_eq!(log.claim_owner("email", "x").await.unwrap(), None);
    log.close().await;
}

pub async fn a_failed_append_takes_and_releases_nothing(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    log.append(claim("kept", "ada")).await.unwrap();
    log.append(append([write(&stream("a"), StreamHead::default(), 1)]))
        .await
        .unwrap();
    let stale = Append {
        writes: vec![write(&stream("a"), StreamHead::default(), 1)],
        releases: release("kept", "ada").releases,
        ..claim("wanted", "ada")
    };
    conflict(log.append(stale).await);
    let refused = Append {
        releases: release("wanted", "bob").releases,
        claims: [claim("wanted", "bob").claims, claim("kept", "bob").claims].concat(),
        ..append([write(&stream("b"), StreamHead::default(), 1)])
    };
    owner_of(log.append(refused).await);
    assert_eq!(
        log.claim_owner("email", "kept").await.unwrap().as_deref(),
        Some("ada")
    );
    assert_eq!(log.claim_owner("email", "wanted").await.unwrap(), None);
    assert_eq!(log.head().await.unwrap(), 1);
    log.close().await;
}

pub async fn odd_values_are_claimed_as_they_are(fixture: &impl LogFixture) {
    let log = open(fixture).await;
    for value in [
        "",
        "a\"b\\c",
        "naïve@example.org",
        "🚚",
        "O'Hara",
        "line\nbreak",
        "nul\0byte",
        "nul\0",
        "[1,2]",
        "5",
        "5.0",
        "A",
        "a",
    ] {
        log.append(claim(value, "ada")).await.unwrap();
        assert_eq!(
            owner_of(log.append(claim(value, "bob")).await),
            "ada",
            "{value:?}"
        );
        assert_eq!(
            log.claim_owner("email", value).await.unwrap().as_deref(),
            Some("ada"),
            "{value:?}"
        );
    }
    log.close().await;
}

pub async fn thirty_two_tasks_race_for_one_claim(fixture: &impl LogFixture) {
    let logs = [open(fixture).await, open(fixture).await];
    let tasks: Vec<_> = (0..32)
        .map(|number| {
            let log = logs[number % 2].clone();
            tokio::spawn(async move {
                let name = number.to_string();
                let registration = Append {
                    writes: vec![write(&stream(&name), StreamHead::default(), 1)],
                    ..claim("wanted", &name)
                };
                (name, log.append(registration).await)
            })
        })
        .collect();
    let mut winners = Vec::new();
    let mut told = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            (name, Ok(_)) => winners.push(name),
            (_, refused) => told.push(owner_of(refused)),
        }
    }
    assert_eq!((winners.len(), told.len()), (1, 31));
    assert!(told.iter().all(|owner| *owner == winners[0]));
    assert_eq!(
        logs[0].claim_owner("email", "wanted").await.unwrap().as_ref(),
        winners.first()
    );
    assert_eq!(logs[1].head().await.unwrap(), 1);
    for log in logs {
        log.close().await;
    }
}
