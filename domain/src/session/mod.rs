//! A session: one login, kept alive by refresh tokens of which only the newest is good. Seeing an
//! old one again means that a copy is in other hands, and ends the session.

mod command;
mod error;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::ids::AccountId;
use events::session::{SessionEnd, SessionEnded, SessionEvent, SessionRefreshed, SessionStarted};
use serde::{Deserialize, Serialize};

pub use command::SessionCommand;
pub use error::SessionError;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Live {
    token_hash: String,
    expires_at: DateTime<Utc>,
}

/// See the module. The default is a session that never began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    account_id: Option<AccountId>,
    password_resets: u32,
    live: Option<Live>,
}

impl Session {
    /// Whose session it is, while it lasts.
    pub fn account_id(&self) -> Option<AccountId> {
        self.live.as_ref().and(self.account_id)
    }

    /// How often the account's password had been reset when it was asked for.
    pub fn password_resets(&self) -> u32 {
        self.password_resets
    }

    fn decide(&self, command: SessionCommand) -> Result<Option<SessionEvent>, SessionError> {
        match command {
            SessionCommand::Start(started) => {
                if self.account_id.is_some() {
                    return Err(SessionError::AlreadyStarted);
                }
                Ok(Some(started.into()))
            }
            SessionCommand::Refresh {
                session_id,
                presented_hash,
                token_hash,
                at,
                expires_at,
            } => {
                let (Some(account_id), Some(live)) = (self.account_id, &self.live) else {
                    return Err(SessionError::Over);
                };
                if at >= live.expires_at {
                    return Err(SessionError::Over);
                }
                if live.token_hash != presented_hash {
                    let reason = SessionEnd::TokenReused;
                    return Ok(Some(
                        SessionEnded {
                            session_id,
                            account_id,
                            reason,
                        }
                        .into(),
                    ));
                }
                Ok(Some(
                    SessionRefreshed {
                        session_id,
                        account_id,
                        token_hash,
                        expires_at,
                    }
                    .into(),
                ))
            }
            SessionCommand::End { session_id, reason } => {
                let account_id = self.account_id.filter(|_| self.live.is_some());
                Ok(account_id.map(|account_id| {
                    SessionEnded {
                        session_id,
                        account_id,
                        reason,
                    }
                    .into()
                }))
            }
        }
    }
}

impl Aggregate for Session {
    const TYPE: &'static str = "session";
    type Command = SessionCommand;
    type Event = SessionEvent;
    type Error = SessionError;
    type Services = ();

    async fn handle(
        &mut self,
        command: SessionCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), SessionError> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::SessionStarted(SessionStarted {
                account_id,
                token_hash,
                expires_at,
                password_resets,
                ..
            }) => {
                self.account_id = Some(account_id);
                self.password_resets = password_resets;
                self.live = Some(Live {
                    token_hash,
                    expires_at,
                });
            }
            SessionEvent::SessionRefreshed(SessionRefreshed {
                token_hash,
                expires_at,
                ..
            }) => {
                self.live = Some(Live {
                    token_hash,
                    expires_at,
                });
            }
            SessionEvent::SessionEnded(_) => self.live = None,
        }
    }
}
