//! Given/when/then over one aggregate, for the tests beside each: cqrs-es's framework, and what a
//! refusal tells.

use chrono::{DateTime, Duration, Utc};
use cqrs_es::Aggregate;
use cqrs_es::test::{AggregateResultValidator, AggregateTestExecutor, TestFramework};
use events::ids::Sku;
use events::money::{Currency, Money};
use events::sealed::Sealed;

use crate::refusal::{Refusal, RefusalKind};

/// What has happened so far.
pub fn given<A: Aggregate<Services = ()>>(events: Vec<A::Event>) -> AggregateTestExecutor<A> {
    TestFramework::with(()).given(events)
}

/// What these events make of the aggregate.
pub fn after<A: Aggregate>(events: impl IntoIterator<Item = A::Event>) -> A {
    let mut aggregate = A::default();
    for event in events {
        aggregate.apply(event);
    }
    aggregate
}

pub trait Then<A: Aggregate> {
    fn then_nothing(self);
    /// The very refusal, and what an API tells of it.
    fn then_refused(self, error: A::Error, told: (RefusalKind, &'static str, Option<&str>));
}

impl<A: Aggregate<Error: Refusal + PartialEq>> Then<A> for AggregateResultValidator<A> {
    fn then_nothing(self) {
        self.then_expect_events(vec![]);
    }

    fn then_refused(self, error: A::Error, told: (RefusalKind, &'static str, Option<&str>)) {
        assert_eq!((error.kind(), error.code(), error.field().as_deref()), told);
        self.then_expect_error(error);
    }
}

/// A fixed morning, plus so many minutes.
pub fn at(minutes: i64) -> DateTime<Utc> {
    let morning: DateTime<Utc> = "2026-03-01T09:00:00Z".parse().unwrap();
    morning + Duration::minutes(minutes)
}

pub fn pence(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

pub fn euros(cents: i64) -> Money {
    Money::new(cents, "EUR".parse().unwrap())
}

pub fn sku(text: &str) -> Sku {
    Sku::new(text).unwrap()
}

pub fn sealed(text: &str) -> Sealed {
    Sealed(text.to_owned())
}
