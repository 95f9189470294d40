//! Whose word counts for a thing that belongs to somebody.

use events::ids::AccountId;

/// On whose behalf a command comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// Those who run the shop.
    Staff,
    /// A person, for what is theirs.
    Account(AccountId),
    /// A worker or a timer of Tillstream's own.
    System,
}

impl Authority {
    /// Whether this authority may act on what belongs to `owner`, or to the shop if there's none.
    pub fn covers(self, owner: Option<AccountId>) -> bool {
        match self {
            Self::Staff | Self::System => true,
            Self::Account(account) => owner == Some(account),
        }
    }
}
