//! Upcasting: an event written under an old schema is brought to the current one as it is read.
//! The log itself is never rewritten.
//!
//! A step is a [`SemanticVersionEventUpcaster`] of cqrs-es for one type and one new version; our
//! schema version `n` is its `n.0.0`.

use std::sync::LazyLock;

use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster, SerializedEvent};
use serde_json::{Value, json};

/// A gap in the chain of upcasters: somebody raised a version and wrote no step to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no upcaster leads from schema version {from} to {to}")]
pub struct UpcastError {
    from: u32,
    to: u32,
}

/// The steps from old schemas to the current ones.
#[derive(Default)]
pub struct Upcasters(Vec<Box<dyn EventUpcaster>>);

static CURRENT: LazyLock<Upcasters> = LazyLock::new(|| {
    Upcasters::default()
        // Where its products belonged wasn't noted: it counts to no category and to no seller.
        .step("CreditNoteIssued", 2, |mut body| {
            body["origins"] = json!([]);
            body
        })
        // Resets weren't counted: a session of an account that has had any ends at its next refresh.
        .step("SessionStarted", 2, |mut body| {
            body["password_resets"] = json!(0);
            body
        })
        // By category nothing was told, and corrections were of sales.
        .step("DailyReportPrepared", 2, |mut body| {
            body["figures"]["categories"] = json!([]);
            body["cause"] = json!("sales");
            body
        })
        .step("DailyReportReceived", 2, |mut body| {
            body["figures"]["categories"] = json!([]);
            if body["replaces"].is_object() {
                body["replaces"]["categories"] = json!([]);
            }
            body["cause"] = json!("sales");
            body
        })
});

impl Upcasters {
    /// The steps that this program knows.
    pub fn current() -> &'static Self {
        &CURRENT
    }

    /// Adds the step that brings `event_type` to `to_version` from the version before it.
    #[must_use]
    pub fn step(
        mut self,
        event_type: &str,
        to_version: u32,
        bring: impl Fn(Value) -> Value + Send + Sync + 'static,
    ) -> Self {
        let version = format!("{to_version}.0.0");
        self.0.push(Box::new(SemanticVersionEventUpcaster::new(
            event_type,
            &version,
            Box::new(bring),
        )));
        self
    }

    /// Brings `payload` from one version to another, one step at a time.
    pub(crate) fn upcast(
        &self,
        event_type: &str,
        from: u32,
        to: u32,
        payload: Value,
    ) -> Result<Value, UpcastError> {
        let mut payload = payload;
        for next in from + 1..=to {
            payload = self.one_step(event_type, next, payload).ok_or(UpcastError {
                from: next - 1,
                to: next,
            })?;
        }
        Ok(payload)
    }

    fn one_step(&self, event_type: &str, to: u32, payload: Value) -> Option<Value> {
        // cqrs-es asks a step whether it supersedes a version; the step to `to` is the one that
        // supersedes `to - 1` and not `to`.
        let before = format!("{}.0.0", to - 1);
        let after = format!("{to}.0.0");
        let step = self
            .0
            .iter()
            .find(|step| step.can_upcast(event_type, &before) && !step.can_upcast(event_type, &after))?;
        let event = SerializedEvent {
            aggregate_id: String::new(),
            sequence: 0,
            aggregate_type: String::new(),
            event_type: event_type.to_owned(),
            event_version: before,
            payload,
            metadata: Value::Null,
        };
        Some(step.upcast(event).payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> Upcasters {
        Upcasters::default()
            .step("Renamed", 3, |mut body| {
                body["third"] = json!(true);
                body
            })
            .step("Renamed", 2, |body| json!({"full_name": body["name"]}))
    }

    #[test]
    fn steps_apply_one_after_the_other_in_the_order_of_versions() {
        let new = steps().upcast("Renamed", 1, 3, json!({"name": "Ann"})).unwrap();
        assert_eq!(new, json!({"full_name": "Ann", "third": true}));
    }

    #[test]
    fn starting_midway_skips_the_older_steps() {
        let new = steps()
            .upcast("Renamed", 2, 3, json!({"full_name": "Ann"}))
            .unwrap();
        assert_eq!(new, json!({"full_name": "Ann", "third": true}));
    }

    #[test]
    fn an_old_credit_note_tells_nothing_of_its_products() {
        let old = json!({"lines": []});
        let new = Upcasters::current().upcast("CreditNoteIssued", 1, 2, old);
        assert_eq!(new, Ok(json!({"lines": [], "origins": []})));
    }

    #[test]
    fn a_missing_step_is_an_error_not_a_guess() {
        let missing = steps().upcast("Renamed", 1, 4, json!({"name": "Ann"}));
        assert_eq!(missing, Err(UpcastError { from: 3, to: 4 }));
    }
}
