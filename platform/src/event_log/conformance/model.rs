//! Any appends, in any batches, against a model that a child could check.

use std::collections::HashMap;

use events::ids::EventId;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;

use super::batches::send_together;
use super::{LogFixture, all, event, event_ids, key, open, stream};
use crate::event_log::{Append, AppendError, Appended, Claim, StreamHead, StreamWrite};

const STREAMS: usize = 4;

#[derive(Debug, Clone, Copy)]
enum Expect {
    Right,
    OlderVersion,
    OtherEvent,
}

/// An append in the abstract; what is expected of the streams depends on where they will stand.
#[derive(Debug, Clone)]
struct Plan {
    writes: [Option<(Expect, usize)>; STREAMS],
    releases: Vec<(u8, u8)>,
    claims: Vec<(u8, u8)>,
    key: Option<(u8, u8)>,
}

fn expect() -> impl Strategy<Value = Expect> {
    prop_oneof![
        8 => Just(Expect::Right),
        1 => Just(Expect::OlderVersion),
        1 => Just(Expect::OtherEvent),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let writes = std::array::from_fn(|_| option::weighted(0.4, (expect(), 0..4_usize)));
    let claims = vec((0..3_u8, 0..3_u8), 0..2);
    (
        writes,
        claims.clone(),
        claims,
        option::weighted(0.2, (0..4_u8, 0..2_u8)),
    )
        .prop_map(|(writes, releases, claims, key)| Plan {
            writes,
            releases,
            claims,
            key,
        })
}

/// What a log is, without any of its difficulties.
#[derive(Debug, Default)]
struct Model {
    log: Vec<EventId>,
    streams: [Vec<EventId>; STREAMS],
    owners: HashMap<String, String>,
    keys: HashMap<String, (String, u64)>,
}

impl Model {
    fn head(&self, index: usize) -> StreamHead {
        let events = &self.streams[index];
        StreamHead {
            version: events.len() as u64,
            event_id: events.last().copied(),
        }
    }

    /// The plan as an append for the log as it stands.
    fn make(&self, plan: &Plan) -> Append {
        let writes = plan.writes.iter().enumerate().filter_map(|(index, write)| {
            let (expect, count) = (*write)?;
            let head = self.head(index);
            let expected = match expect {
                Expect::Right => head,
                Expect::OlderVersion => StreamHead {
                    version: head.version.saturating_sub(1),
                    ..head
                },
                Expect::OtherEvent => StreamHead {
                    event_id: Some(EventId::generate()),
                    ..head
                },
            };
            let events = (0..count).map(|_| event()).collect();
            Some(StreamWrite {
                stream: stream(&index.to_string()),
                expected,
                events,
            })
        });
        let claim = |(value, owner): &(u8, u8)| Claim {
            scope: "name",
            value: value.to_string(),
            owner: owner.to_string(),
        };
        let idempotency = plan.key.map(|(name, print)| {
            (
                key("caller", &name.to_string(), &print.to_string()),
                "{}".to_owned(),
            )
        });
        Append {
            writes: writes.collect(),
            claims: plan.claims.iter().map(claim).collect(),
            releases: plan.releases.iter().map(claim).collect(),
            idempotency,
        }
    }

    /// Does it, and says what the answer must be.
    fn apply(&mut self, append: &Append) -> Expected {
        if let Some((key, _)) = &append.idempotency
            && let Some((fingerprint, position)) = self.keys.get(&key.key)
        {
            return Expected::Repeated {
                fingerprint: fingerprint.clone(),
                position: *position,
            };
        }
        let index_of = |write: &StreamWrite| write.stream.key().parse::<usize>().unwrap();
        if append
            .writes
            .iter()
            .any(|write| self.head(index_of(write)) != write.expected)
        {
            return Expected::Conflict;
        }
        let mut owners = self.owners.clone();
        for released in &append.releases {
            if owners.get(&released.value) == Some(&released.owner) {
                owners.remove(&released.value);
            }
        }
        for claim in &append.claims {
            let owner = owners
                .entry(claim.value.clone())
                .or_insert_with(|| claim.owner.clone());
            if *owner != claim.owner {
                return Expected::Taken { owner: owner.clone() };
            }
        }
        self.owners = owners;
        for write in &append.writes {
            let ids = write.events.iter().map(|event| event.meta.event_id);
            self.streams[index_of(write)].extend(ids.clone());
            self.log.extend(ids);
        }
        let position = self.log.len() as u64;
        if let Some((key, _)) = &append.idempotency {
            self.keys
                .insert(key.key.clone(), (key.fingerprint.clone(), position));
        }
        Expected::At { position }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Expected {
    At { position: u64 },
    Conflict,
    Taken { owner: String },
    Repeated { fingerprint: String, position: u64 },
}

impl From<Result<Appended, AppendError>> for Expected {
    fn from(answer: Result<Appended, AppendError>) -> Self {
        match answer {
            Ok(Appended { position }) => Self::At { position },
            Err(AppendError::Conflict { .. }) => Self::Conflict,
            Err(AppendError::Taken { owner, .. }) => Self::Taken { owner },
            Err(AppendError::Repeated(stored)) => Self::Repeated {
                fingerprint: stored.fingerprint,
                position: stored.position,
            },
            Err(error @ AppendError::Unavailable { .. }) => panic!("{error}"),
        }
    }
}

#[expect(
    clippy::unused_async,
    reason = "every test is called alike; proptest's runner is not async"
)]
pub async fn any_appends_do_as_the_model_does<F: LogFixture>(_: &F) {
    tokio::task::block_in_place(|| {
        let config = Config {
            cases: F::CASES,
            failure_persistence: None,
            ..Config::default()
        };
        let batches = vec(vec(plan(), 1..12), 1..8);
        TestRunner::new(config)
            .run(&batches, |batches| {
                Handle::current().block_on(compare::<F>(&batches));
                Ok(())
            })
            .unwrap();
    });
}

async fn compare<F: LogFixture>(batches: &[Vec<Plan>]) {
    let fixture = F::new();
    let log = open(&fixture).await;
    let mut model = Model::default();
    for plans in batches {
        let (appends, expected): (Vec<_>, Vec<_>) = plans
            .iter()
            .map(|plan| {
                let append = model.make(plan);
                let expected = model.apply(&append);
                (append, expected)
            })
            .unzip();
        let answers = send_together(&log, appends).await;
        assert_eq!(
            answers.into_iter().map(Expected::from).collect::<Vec<_>>(),
            expected
        );
    }
    log.close().await;

    let log = open(&fixture).await;
    assert_eq!(event_ids(&all(&log).await), model.log);
    for value in 0..3_u8 {
        let owner = log.claim_owner("name", &value.to_string()).await.unwrap();
        assert_eq!(owner.as_ref(), model.owners.get(&value.to_string()));
    }
    log.close().await;
}
