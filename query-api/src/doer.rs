//! Who did something, as far as the reader may know: staff see every account's id, other people only their own.

use events::envelope::Actor;
use events::ids::AccountId;
use serde::Serialize;
use web::Caller;

/// Written as `{"kind": "account", "id": …}`, `{"kind": "someone"}`, `{"kind": "system"}` or `{"kind": "anonymous"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Doer {
    Account(AccountId),
    /// An account that isn't the reader's, who isn't staff: who buys from a seller needn't be known to them.
    Someone,
    System,
    Anonymous,
}

impl Doer {
    pub fn seen_by(caller: &Caller, actor: Actor) -> Self {
        match actor {
            Actor::Account(account) if caller.is_staff() || caller.account == account => {
                Self::Account(account)
            }
            Actor::Account(_) => Self::Someone,
            Actor::System => Self::System,
            Actor::Anonymous => Self::Anonymous,
        }
    }
}
