//! Keys in memory: bounded, and never outliving an erasure in this process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::future::Cache;
use uuid::Uuid;

use super::cipher::Key;
use super::keys::KeyState;

/// Keys kept: some ten megabytes, and more people than are active within an hour in a large shop.
const CAPACITY: u64 = 100_000;

/// How long a key is kept. Bounds how long this process could still read somebody whom another process has erased.
const KEPT_FOR: Duration = Duration::from_mins(1);

/// The keys in memory.
#[derive(Debug)]
pub(super) struct KeyCache {
    keys: Cache<Uuid, Key>,
    /// Counts erasures. A key that was read before an erasure and arrives here after it must not stay.
    erasures: AtomicU64,
}

impl KeyCache {
    pub fn new() -> Self {
        let keys = Cache::builder()
            .max_capacity(CAPACITY)
            .time_to_live(KEPT_FOR)
            .build();
        Self {
            keys,
            erasures: AtomicU64::new(0),
        }
    }

    pub async fn get(&self, subject: Uuid) -> Option<Key> {
        self.keys.get(&subject).await
    }

    /// To be asked before keys are read from the database.
    pub fn generation(&self) -> u64 {
        self.erasures.load(Ordering::SeqCst)
    }

    /// Keeps a key that was read in `generation`. The check comes after the insertion and `erase` counts before it
    /// invalidates, so that one of the two removes what both saw.
    pub async fn keep(&self, subject: Uuid, state: &KeyState, generation: u64) {
        if let KeyState::Live(key) = state {
            self.keys.insert(subject, key.clone()).await;
            if self.generation() != generation {
                self.keys.invalidate(&subject).await;
            }
        }
    }

    /// To be called when the erasure is committed, and before it is confirmed.
    pub async fn erase(&self, subject: Uuid) {
        self.erasures.fetch_add(1, Ordering::SeqCst);
        self.keys.invalidate(&subject).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_read_before_an_erasure_does_not_stay() {
        let (cache, subject) = (KeyCache::new(), Uuid::now_v7());
        let state = KeyState::Live(Key::from_bytes([1; 32]));
        let generation = cache.generation();
        cache.keep(subject, &state, generation).await;
        assert!(cache.get(subject).await.is_some());
        cache.erase(subject).await;
        cache.keep(subject, &state, generation).await;
        assert!(cache.get(subject).await.is_none());
    }
}
