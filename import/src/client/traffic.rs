//! The count of requests and their answers.

use std::collections::BTreeMap;

/// What was sent and how it was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many answers had each status.
    pub answers: BTreeMap<u16, u64>,
    /// Requests that were sent once more.
    pub retries: u64,
    /// Requests that got no answer.
    pub lost: u64,
}

impl Traffic {
    /// Answers that tell of a failure in the server. 503 isn't one: it says "later".
    pub fn server_errors(&self) -> u64 {
        let failed = |&(&status, _): &(&u16, &u64)| status >= 500 && status != 503;
        self.answers.iter().filter(failed).map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failure_counts_as_one() {
        let answers = BTreeMap::from([(201, 5), (409, 1), (500, 2), (502, 1), (503, 7)]);
        let traffic = Traffic {
            answers,
            ..Traffic::default()
        };
        assert_eq!(traffic.server_errors(), 3);
    }
}
