//! How every adapter stores what has no type of its own in a database: times as microseconds, an actor as a readable
//! word. Rows and columns are each adapter's own.

use chrono::{DateTime, Utc};
use events::envelope::Actor;
use events::ids::AccountId;

use super::ReadError;

const ANONYMOUS: &str = "anonymous";
const SYSTEM: &str = "system";
const ACCOUNT_PREFIX: &str = "account:";

pub(super) fn actor_to_text(actor: Actor) -> String {
    match actor {
        Actor::Anonymous => ANONYMOUS.to_owned(),
        Actor::System => SYSTEM.to_owned(),
        Actor::Account(id) => format!("{ACCOUNT_PREFIX}{id}"),
    }
}

pub(super) fn actor_from_text(text: &str) -> Result<Actor, ReadError> {
    let account = text
        .strip_prefix(ACCOUNT_PREFIX)
        .and_then(|id| id.parse::<AccountId>().ok());
    match (text, account) {
        (ANONYMOUS, _) => Ok(Actor::Anonymous),
        (SYSTEM, _) => Ok(Actor::System),
        (_, Some(id)) => Ok(Actor::Account(id)),
        _ => Err(broken(&format!("the actor {text:?}"))),
    }
}

pub(super) fn time_from_micros(micros: i64) -> Result<DateTime<Utc>, ReadError> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| broken(&format!("the time {micros} µs")))
}

pub(super) fn broken(what: &str) -> ReadError {
    ReadError {
        reason: format!("a row holds {what}, which Tillstream never writes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_reads_back_and_a_stranger_is_refused() {
        for actor in [
            Actor::Anonymous,
            Actor::System,
            Actor::Account(AccountId::generate()),
        ] {
            assert_eq!(actor_from_text(&actor_to_text(actor)).unwrap(), actor);
        }
        assert!(actor_from_text("account:").is_err());
        assert!(actor_from_text("root").is_err());
    }
}
