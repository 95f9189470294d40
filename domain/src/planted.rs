//! Bugs that the fault harness plants to prove that it would find them. Compiled only with the feature `planted-bugs`,
//! which no release has, and asleep unless `TILLSTREAM_PLANT` names one.

use std::sync::LazyLock;

/// What is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// That a command with a used idempotency key isn't run again.
    IdempotencyCheck,
    /// That no more is sold than is there.
    StockCheck,
}

/// Whether this bug is planted in this process.
pub fn is_planted(bug: Bug) -> bool {
    static PLANTED: LazyLock<Option<Bug>> =
        LazyLock::new(|| match std::env::var("TILLSTREAM_PLANT").ok()?.as_str() {
            "idempotency-check" => Some(Bug::IdempotencyCheck),
            "stock-check" => Some(Bug::StockCheck),
            _ => None,
        });
    *PLANTED == Some(bug)
}
