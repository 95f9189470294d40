//! How long everything is measured, and in which order.

use std::time::Duration;

/// Rounds are interleaved and this long: short beside the moods of a shared machine, long beside a request.
const ROUND: Duration = Duration::from_secs(1);
const QUICK_ROUND: Duration = Duration::from_millis(300);

/// Fewer have no median worth the name.
const ROUNDS_MIN: u32 = 3;

/// Enough to show that everything works.
const QUICK_ROUNDS: u32 = 1;

/// Clients that place orders beside pgbench: alone, a few, and more than the machine has processors.
const ORDER_CLIENTS: &[usize] = &[1, 16, 64];
const QUICK_ORDER_CLIENTS: &[usize] = &[4];

/// How often the read models are rebuilt.
const REBUILDS: usize = 3;
const QUICK_REBUILDS: usize = 1;

#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// At once, on each side.
    pub clients: usize,
    pub rounds: usize,
    pub round: Duration,
    /// Of each side, before its first round; not measured.
    pub warm_up: Duration,
    /// In the distributed form orders are placed by as many clients at once, one number after the other.
    pub order_clients: &'static [usize],
    /// For how long the lag of reads is watched at a steady load.
    pub steady: Duration,
    pub rebuilds: usize,
}

impl Plan {
    /// Of so many seconds for each side of each measurement; a quick plan only shows that everything works.
    pub fn new(seconds: u32, clients: usize, quick: bool) -> Self {
        let (rounds, round) = if quick {
            (QUICK_ROUNDS, QUICK_ROUND)
        } else if seconds < ROUNDS_MIN {
            (ROUNDS_MIN, Duration::from_secs(seconds.into()) / ROUNDS_MIN)
        } else {
            (seconds, ROUND)
        };
        Self {
            clients,
            rounds: rounds as usize,
            round,
            warm_up: round / 2,
            order_clients: if quick { QUICK_ORDER_CLIENTS } else { ORDER_CLIENTS },
            // As long as both sides of any other measurement together: a percentile of a hundred needs many.
            steady: round * rounds * 2,
            rebuilds: if quick { QUICK_REBUILDS } else { REBUILDS },
        }
    }
}

/// The order of some sides in a round: every round another one begins, so that none always has the better moment.
pub fn order_of_round(round: usize, sides: usize) -> impl Iterator<Item = usize> {
    (0..sides).map(move |side| (side + round) % sides)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_takes_the_seconds_that_were_asked_for() {
        for (seconds, rounds) in [(1, 3), (3, 3), (5, 5), (60, 60)] {
            let plan = Plan::new(seconds, 16, false);
            assert_eq!(plan.rounds, rounds);
            let total = plan.round * u32::try_from(plan.rounds).unwrap();
            assert!(
                total.abs_diff(Duration::from_secs(seconds.into())) < Duration::from_micros(1),
                "{total:?}"
            );
        }
    }

    #[test]
    fn each_side_begins_in_turn() {
        let orders: Vec<Vec<usize>> = (0..3).map(|round| order_of_round(round, 3).collect()).collect();
        assert_eq!(orders, [vec![0, 1, 2], vec![1, 2, 0], vec![2, 0, 1]]);
    }
}
