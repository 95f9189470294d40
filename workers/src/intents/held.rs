//! The leases of the effects that are in flight in this process. They are short, so that a dead process's effects are
//! taken over within seconds, and are renewed for as long as the effect runs.
//!
//! A renewal makes no fence: what an effect comes to is kept only if nobody has taken its intent since, and the number
//! of claims tells that.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;

use super::Intents;
use super::rows::{Claimed, IntentId};

/// How long an intent is another's to take after its worker was last heard of. The clocks of the machines may differ by
/// what is left of it after a renewal or two went missing: keep them within a second or two.
pub(crate) const LEASE: Duration = Duration::from_secs(15);
/// Twice per lease may a renewal fail or come late.
const RENEW_EVERY: TimeDelta = TimeDelta::seconds(5);

/// A claim: the intent, and how often it had been taken then.
pub(super) type Claim = (IntentId, u32);

#[derive(Debug, Clone, Default)]
pub(super) struct Held(Arc<Mutex<BTreeSet<Claim>>>);

/// While this lives, the lease is renewed.
#[derive(Debug)]
pub(crate) struct HeldLease {
    held: Held,
    claim: Claim,
}

impl Held {
    pub fn hold(&self, claimed: &Claimed) -> HeldLease {
        let claim = (claimed.id, claimed.claims);
        self.claims().insert(claim);
        HeldLease {
            held: self.clone(),
            claim,
        }
    }

    pub fn list(&self) -> Vec<Claim> {
        self.claims().iter().copied().collect()
    }

    /// No change to the set can stop halfway, so it is whole even after a panic.
    fn claims(&self) -> MutexGuard<'_, BTreeSet<Claim>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        self.held.claims().remove(&self.claim);
    }
}

/// Renews what is held, over and over. Never ends: drop it when the last effect has ended.
pub(crate) async fn renew(intents: Intents) {
    let clock = intents.clock().clone();
    loop {
        // From before the renewal, which may take its time.
        let next = clock.now() + RENEW_EVERY;
        if let Err(error) = intents.renew_leases().await {
            tracing::warn!(%error, "leases can't be renewed; the next renewal tries again");
        }
        clock.sleep_until(next).await;
    }
}
