//! Handing commands to the executor, with everything that their request brought along.

use std::str::FromStr;

use domain::{Decision, UnitOfWork};
use events::envelope::{Actor, Position, RecordedEvent};
use events::ids::{AccountId, BranchId, GuestCartId};
use executor::{Accepted, CommandContext, ExecuteError, Executor};
use hmac::{Hmac, KeyInit, Mac};
use platform::event_log::IdempotencyKey;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use uuid::Uuid;

use crate::incoming::Incoming;
use platform::clock::Clock;

/// Whose idempotency keys those are that come from somebody who isn't logged in.
const ANONYMOUS_SCOPE: &str = "anonymous";

/// The way to the domain. Cheap to clone.
#[derive(Clone)]
pub struct Commands {
    executor: Executor,
    clock: Clock,
    fingerprint_secret: [u8; 32],
}

impl Commands {
    pub fn new(executor: Executor, clock: Clock, fingerprint_secret: [u8; 32]) -> Self {
        Self {
            executor,
            clock,
            fingerprint_secret,
        }
    }

    /// The context of a command of this account, or of nobody.
    pub fn context<B>(&self, caller: Option<AccountId>, incoming: &Incoming<B>) -> CommandContext {
        let actor = caller.map_or(Actor::Anonymous, Actor::Account);
        let mut context = CommandContext::new(actor, self.clock.now(), incoming.correlation_id);
        context.trace_parent.clone_from(&incoming.trace_parent);
        context.idempotency = incoming.key.as_ref().map(|key| IdempotencyKey {
            scope: caller.map_or_else(|| ANONYMOUS_SCOPE.to_owned(), |account| account.to_string()),
            key: key.as_str().to_owned(),
            fingerprint: self.keyed(&incoming.fingerprint),
        });
        context
    }

    /// The context of a command of a branch's: another Tillstream's job, and none of its people.
    pub fn branch_context<B>(&self, branch_id: BranchId, incoming: &Incoming<B>) -> CommandContext {
        let mut context = self.context(None, incoming);
        context.actor = Actor::System;
        if let Some(key) = &mut context.idempotency {
            key.scope = format!("branch {branch_id}");
        }
        context
    }

    /// The context of a command of whoever has this guest's cart. Its idempotency keys are the cart's.
    pub fn guest_context<B>(&self, cart_id: GuestCartId, incoming: &Incoming<B>) -> CommandContext {
        let mut context = self.context(None, incoming);
        if let Some(key) = &mut context.idempotency {
            key.scope = format!("guest cart {cart_id}");
        }
        context
    }

    /// The log's head, and up to `limit` events after `after`.
    pub async fn read_log(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<(Position, Vec<RecordedEvent>), ExecuteError> {
        let log = self.executor.log();
        let head = log.head().await?;
        Ok((head, log.read(after, limit).await?))
    }

    /// The context of a command that nobody outside has sent.
    pub fn system_context(&self) -> CommandContext {
        CommandContext::new(Actor::System, self.clock.now(), Uuid::now_v7())
    }

    /// Runs the command, once per idempotency key.
    pub async fn execute<T: Serialize + DeserializeOwned>(
        &self,
        context: &CommandContext,
        decide: impl Fn(&mut UnitOfWork) -> Decision<T>,
    ) -> Result<Accepted<T>, ExecuteError> {
        self.executor.execute(context, decide).await
    }

    /// Looks at aggregates and changes nothing.
    pub async fn inspect<T>(
        &self,
        context: &CommandContext,
        look: impl Fn(&mut UnitOfWork) -> Decision<T>,
    ) -> Result<T, ExecuteError> {
        Ok(self.executor.inspect(context, look).await?.value)
    }

    /// What the same request was answered before. Asked first by a handler that checks something
    /// before it commands which the command itself changes, such as the old password.
    pub async fn answered<T: DeserializeOwned>(
        &self,
        context: &CommandContext,
    ) -> Result<Option<Accepted<T>>, ExecuteError> {
        let Some(key) = &context.idempotency else {
            return Ok(None);
        };
        let Some(stored) = self.executor.log().outcome(&key.scope, &key.key).await? else {
            return Ok(None);
        };
        if stored.fingerprint != key.fingerprint {
            return Err(ExecuteError::KeyReused);
        }
        Ok(Some(Accepted {
            value: serde_json::from_str(&stored.outcome).map_err(|_| ExecuteError::Answer)?,
            position: stored.position,
            replayed: true,
        }))
    }

    /// The account that holds a claimed value.
    pub async fn claiming_account(
        &self,
        scope: &str,
        value: &str,
    ) -> Result<Option<AccountId>, ExecuteError> {
        self.claiming(scope, value).await
    }

    /// Whatever holds a claimed value.
    pub async fn claiming<I: FromStr>(&self, scope: &str, value: &str) -> Result<Option<I>, ExecuteError> {
        let owner = self.executor.claim_owner(scope, value).await?;
        Ok(owner.and_then(|owner| owner.parse().ok()))
    }

    fn keyed(&self, fingerprint: &str) -> String {
        // Proof: HMAC takes keys of every length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.fingerprint_secret).expect("any key will do");
        mac.update(fingerprint.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}
