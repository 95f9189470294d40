//! A branch of the chain as headquarters knows it: who it is, and by which token it is known.
//!
//! It holds the hash of one token at a time: a new one ends the one before at once, so that a token that has got into wrong
//! hands is worth nothing from then on. What the branch reports is `daily_report`'s.

mod command;
mod error;
#[cfg(test)]
mod tests;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::branch::{BranchEdited, BranchEvent, BranchProfile, BranchTokenRevoked, BranchTokenRotated};
use events::ids::BranchId;
use serde::{Deserialize, Serialize};

use crate::text;

pub use command::BranchCommand;
pub use error::BranchError;

/// As long as a name or a region may be, in characters: it still fits a column of a report.
pub const NAME_MAX_CHARS: usize = 100;
/// As long as a location or a URL may be, in characters.
pub const TEXT_MAX_CHARS: usize = 500;

/// See the module. The default is one that nobody has registered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    id: Option<BranchId>,
    profile: BranchProfile,
    token_hash: Option<String>,
}

impl Branch {
    pub fn exists(&self) -> bool {
        self.id.is_some()
    }

    pub fn profile(&self) -> &BranchProfile {
        &self.profile
    }

    /// Refuses whoever has another token than the branch's own of this moment.
    pub fn authenticate(&self, token_hash: &str) -> Result<(), BranchError> {
        // What is compared are hashes of 256 random bits: how long it takes tells nobody anything.
        match &self.token_hash {
            Some(own) if own == token_hash => Ok(()),
            _ => Err(BranchError::Token),
        }
    }

    fn decide(&self, command: BranchCommand) -> Result<Option<BranchEvent>, BranchError> {
        if let BranchCommand::Register(registered) = command {
            if self.exists() {
                return Err(BranchError::AlreadyExists);
            }
            check(&registered.profile)?;
            return Ok(Some(registered.into()));
        }
        let branch_id = self.id.ok_or(BranchError::NotFound)?;
        match command {
            BranchCommand::Register(_) => Err(BranchError::AlreadyExists),
            BranchCommand::Edit { profile } => {
                check(&profile)?;
                Ok((profile != self.profile).then(|| BranchEdited { branch_id, profile }.into()))
            }
            BranchCommand::RotateToken { token_hash, at } => {
                let rotated = BranchTokenRotated {
                    branch_id,
                    token_hash,
                    rotated_at: at,
                };
                Ok(Some(rotated.into()))
            }
            BranchCommand::RevokeToken { at } => {
                let revoked = BranchTokenRevoked {
                    branch_id,
                    revoked_at: at,
                };
                Ok(self.token_hash.is_some().then(|| revoked.into()))
            }
        }
    }
}

fn check(profile: &BranchProfile) -> Result<(), BranchError> {
    let texts = [
        ("name", &profile.name, NAME_MAX_CHARS),
        ("location", &profile.location, TEXT_MAX_CHARS),
        ("region", &profile.region, NAME_MAX_CHARS),
        ("url", &profile.url, TEXT_MAX_CHARS),
        ("time_zone", &profile.time_zone, NAME_MAX_CHARS),
    ];
    for (field, said, max_chars) in texts {
        if !text::is_line(said, max_chars) {
            return Err(BranchError::Text { field, max_chars });
        }
    }
    Ok(())
}

impl Aggregate for Branch {
    const TYPE: &'static str = "branch";
    type Command = BranchCommand;
    type Event = BranchEvent;
    type Error = BranchError;
    type Services = ();

    async fn handle(
        &mut self,
        command: BranchCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), BranchError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: BranchEvent) {
        match event {
            BranchEvent::BranchRegistered(event) => {
                self.id = Some(event.branch_id);
                self.profile = event.profile;
                self.token_hash = Some(event.token_hash);
            }
            BranchEvent::BranchEdited(event) => self.profile = event.profile,
            BranchEvent::BranchTokenRotated(event) => self.token_hash = Some(event.token_hash),
            BranchEvent::BranchTokenRevoked(_) => self.token_hash = None,
        }
    }
}
