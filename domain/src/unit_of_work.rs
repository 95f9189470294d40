//! What one command sees and decides: a set of aggregates, the events they yield, the values it
//! claims. Nothing in here waits; an aggregate that isn't loaded halts the decision, the executor
//! fetches it, and the decision is made anew.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::Event;
use events::envelope::StreamId;
use futures::FutureExt;

use crate::refusal::DomainError;

/// An aggregate that a unit of work can hold.
pub trait Entity:
    Aggregate<Services = (), Event: Into<Event> + TryFrom<Event>, Error: Into<DomainError>> + Clone + 'static
{
}

impl<A> Entity for A where
    A: Aggregate<Services = (), Event: Into<Event> + TryFrom<Event>, Error: Into<DomainError>>
        + Clone
        + 'static
{
}

/// An aggregate of a type that only its reader knows.
pub type State = Arc<dyn Any + Send + Sync>;

/// Makes an aggregate out of its stream's events: all of them, or those that came after a state of it. Events of other
/// types are a broken log: `None`.
pub type Fold = fn(Option<&State>, Vec<Event>) -> Option<State>;

/// An aggregate as of a version.
#[derive(Clone)]
pub struct Snapshot {
    pub state: State,
    pub version: u64,
}

/// Where a unit of work finds the aggregates that are in memory.
pub trait Known {
    fn snapshot(&self, stream: &StreamId) -> Option<Snapshot>;
}

/// A stream that has to be fetched before the decision can be made.
pub struct Missing {
    pub stream: StreamId,
    pub fold: Fold,
}

/// Why a decision wasn't made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    #[error("an aggregate isn't in memory")]
    NotLoaded,
    #[error(transparent)]
    Refused(DomainError),
}

impl<E: Into<DomainError>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// What a use case comes to.
pub type Decision<T> = Result<T, Halt>;

/// A stream that the command adds to.
pub struct Written {
    pub stream: StreamId,
    /// The aggregate with the events applied.
    pub state: State,
    pub events: Vec<Event>,
}

/// Everything that came of a decision.
#[derive(Default)]
pub struct Decided {
    pub written: Vec<Written>,
    /// Streams that were only looked at: the decision holds as long as they stand still.
    pub read: Vec<StreamId>,
    /// `(scope, value, owner)`
    pub claims: Vec<(&'static str, String, String)>,
    /// `(scope, value, owner)`
    pub releases: Vec<(&'static str, String, String)>,
}

pub(crate) struct Touched {
    pub state: State,
    pub version: u64,
    pub events: Vec<Event>,
}

/// See the module.
pub struct UnitOfWork<'a> {
    pub(crate) known: &'a dyn Known,
    pub(crate) touched: BTreeMap<StreamId, Touched>,
    pub(crate) missing: Vec<Missing>,
    pub(crate) claims: Vec<(&'static str, String, String)>,
    pub(crate) releases: Vec<(&'static str, String, String)>,
}

impl<'a> UnitOfWork<'a> {
    pub fn new(known: &'a dyn Known) -> Self {
        Self {
            known,
            touched: BTreeMap::new(),
            missing: vec![],
            claims: vec![],
            releases: vec![],
        }
    }

    /// Makes sure that all of these are in memory, so that they're fetched together and not one by one.
    pub fn require<A: Entity>(&mut self, keys: impl IntoIterator<Item: Display>) -> Decision<()> {
        for key in keys {
            self.touch::<A>(&StreamId::new(A::TYPE, key));
        }
        if self.missing.is_empty() {
            Ok(())
        } else {
            Err(Halt::NotLoaded)
        }
    }

    /// The aggregate as this command sees it; the default one if nothing has happened to it yet.
    pub fn read<A: Entity>(&mut self, key: impl Display) -> Decision<Arc<A>> {
        let stream = StreamId::new(A::TYPE, key);
        let touched = self.touch::<A>(&stream).ok_or(Halt::NotLoaded)?;
        Ok(typed(&touched.state))
    }

    /// Refuses if the aggregate isn't at the version that the caller last saw.
    pub fn expect_version<A: Entity>(&mut self, key: impl Display, expected: Option<u64>) -> Decision<()> {
        let stream = StreamId::new(A::TYPE, key);
        let actual = self.touch::<A>(&stream).ok_or(Halt::NotLoaded)?.version;
        match expected {
            Some(expected) if expected != actual => Err(DomainError::Outdated { expected, actual }.into()),
            _ => Ok(()),
        }
    }

    /// Lets the aggregate decide on a command and keeps the events that it yields.
    pub fn handle<A: Entity>(&mut self, key: impl Display, command: A::Command) -> Decision<()> {
        let stream = StreamId::new(A::TYPE, key);
        let touched = self.touch::<A>(&stream).ok_or(Halt::NotLoaded)?;
        let mut aggregate = A::clone(&typed(&touched.state));
        let sink = EventSink::default();
        at_once(aggregate.handle(command, &(), &sink)).map_err(Into::into)?;
        let events = at_once(sink.collect());
        if !events.is_empty() {
            touched.state = Arc::new(aggregate);
            touched.events.extend(events.into_iter().map(Into::into));
        }
        Ok(())
    }

    /// Takes a value that only one owner may have.
    pub fn claim(&mut self, scope: &'static str, value: impl Into<String>, owner: impl Display) {
        self.claims.push((scope, value.into(), owner.to_string()));
    }

    /// Gives such a value up, also if this very command took it. Does nothing if it has become somebody else's.
    pub fn release(&mut self, scope: &'static str, value: impl Into<String>, owner: impl Display) {
        let released = (scope, value.into(), owner.to_string());
        self.claims.retain(|taken| *taken != released);
        self.releases.push(released);
    }

    /// What has to be fetched after [`Halt::NotLoaded`], each stream once.
    pub fn into_missing(mut self) -> Vec<Missing> {
        self.missing.sort_unstable_by(|a, b| a.stream.cmp(&b.stream));
        self.missing.dedup_by(|a, b| a.stream == b.stream);
        self.missing
    }

    /// What came of it.
    pub fn into_decided(self) -> Decided {
        let mut decided = Decided {
            claims: self.claims,
            releases: self.releases,
            ..Decided::default()
        };
        for (stream, touched) in self.touched {
            if touched.events.is_empty() {
                decided.read.push(stream);
            } else {
                decided.written.push(Written {
                    stream,
                    state: touched.state,
                    events: touched.events,
                });
            }
        }
        decided
    }

    fn touch<A: Entity>(&mut self, stream: &StreamId) -> Option<&mut Touched> {
        if !self.touched.contains_key(stream) {
            let Some(Snapshot { state, version }) = self.known.snapshot(stream) else {
                self.missing.push(Missing {
                    stream: stream.clone(),
                    fold: fold::<A>,
                });
                return None;
            };
            self.touched.insert(
                stream.clone(),
                Touched {
                    state,
                    version,
                    events: vec![],
                },
            );
        }
        self.touched.get_mut(stream)
    }
}

/// # Panics
/// Never: a stream's name begins with its aggregate's type, so it is only ever read as that type.
fn typed<A: Entity>(state: &State) -> Arc<A> {
    Arc::clone(state)
        .downcast()
        .expect("a stream's kind fixes its aggregate's type")
}

fn fold<A: Entity>(before: Option<&State>, events: Vec<Event>) -> Option<State> {
    let mut aggregate = before.map_or_else(A::default, |state| A::clone(&typed(state)));
    for event in events {
        aggregate.apply(A::Event::try_from(event).ok()?);
    }
    Some(Arc::new(aggregate))
}

/// Runs a future that never waits. cqrs-es declares `handle` async; ours only compute. The sink's
/// lock takes part in tokio's cooperative budget, which a long order would use up, hence `unconstrained`.
///
/// # Panics
/// If the future waits, which is a bug in an aggregate.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    tokio::task::coop::unconstrained(future)
        .now_or_never()
        .expect("a decision never waits")
}
