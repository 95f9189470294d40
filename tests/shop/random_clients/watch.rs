//! How much memory the shop's processes have together, looked at while they work.

use std::fmt;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::memory;

/// Often enough for medians, seldom enough to cost nothing.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// What the later median may have over the earlier one, beside a quarter of that: caches that fill, and the
/// allocator's ways. A leak of a few kilobytes per request is more in ten minutes.
const GROWTH_MAX_KIB: u64 = 64 * 1024;
/// Fewer looks say nothing.
const LOOKS_MIN: usize = 40;

pub struct Watch {
    stopping: CancellationToken,
    task: JoinHandle<Vec<u64>>,
}

/// What was seen, in KiB.
pub struct Memory(Vec<u64>);

impl Watch {
    pub fn start(processes: Vec<u32>) -> Self {
        let stopping = CancellationToken::new();
        let task = tokio::spawn(look(processes, stopping.clone()));
        Self { stopping, task }
    }

    pub async fn stop(self) -> Memory {
        self.stopping.cancel();
        Memory(self.task.await.unwrap())
    }
}

async fn look(processes: Vec<u32>, stopping: CancellationToken) -> Vec<u64> {
    let mut seen = vec![];
    loop {
        seen.push(processes.iter().copied().map(memory::resident_kib).sum());
        let pause = tokio::time::sleep(LOOK_EVERY);
        if stopping.run_until_cancelled(pause).await.is_none() {
            return seen;
        }
    }
}

impl Memory {
    /// Of the second and of the last quarter: the first quarter fills what has to be filled.
    fn medians(&self) -> (u64, u64) {
        let quarter = self.0.len() / 4;
        (
            median(&self.0[quarter..2 * quarter]),
            median(&self.0[3 * quarter..]),
        )
    }

    #[track_caller]
    pub fn assert_level(&self) {
        if self.0.len() < LOOKS_MIN {
            return;
        }
        let (early, late) = self.medians();
        assert!(!is_growth(early, late), "the memory grows: {self}");
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (early, late) = self.medians();
        let most = self.0.iter().max().copied().unwrap_or(0);
        write!(
            f,
            "memory: {} MiB in the second quarter, {} MiB in the last, {} MiB at most ({} looks)",
            early / 1024,
            late / 1024,
            most / 1024,
            self.0.len()
        )
    }
}

fn is_growth(early: u64, late: u64) -> bool {
    late > early + early / 4 + GROWTH_MAX_KIB
}

fn median(values: &[u64]) -> u64 {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

#[test]
fn growth_is_seen_and_a_level_is_none() {
    let level = Memory(vec![100_000; 100]);
    assert_eq!(level.medians(), (100_000, 100_000));
    level.assert_level();
    let growing = Memory((0..100).map(|look| look * 4_000).collect());
    let (early, late) = growing.medians();
    assert!(is_growth(early, late));
}
