//! What was measured: the shop's rounds beside those of its limits, and what they come to.
//!
//! How it is shown is left to `report`.

use std::time::Duration;

use serde::Serialize;

use crate::load::Round;
use crate::statistics::{Spread, percentile};

/// One side of a measurement: the shop, or a limit.
pub struct Side {
    pub name: &'static str,
    pub rounds: Vec<Round>,
}

impl Side {
    pub fn new(name: &'static str) -> Self {
        Self { name, rounds: vec![] }
    }
}

/// What a side came to. Times in microseconds.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub name: &'static str,
    pub done: usize,
    pub per_second: Option<Spread>,
    pub p50_us: Option<f64>,
    pub p99_us: Option<f64>,
    /// Of the measured process, for each request or order.
    pub server_cpu_us: Option<f64>,
    /// Of the load generator, for each request.
    pub client_cpu_us: Option<f64>,
    /// Of an answer's body, on average.
    pub body_bytes: usize,
    /// The shop's rate as a part of this one's, round by round; none for the shop itself.
    pub shop_to_this: Option<Spread>,
}

#[derive(Debug, Serialize)]
pub struct Measurement {
    pub name: String,
    /// The shop first.
    pub sides: Vec<Summary>,
    /// What has to be known to read it.
    pub notes: Vec<String>,
}

impl Measurement {
    /// Of the shop and its limits, whose rounds were run beside its own.
    pub fn new(name: impl Into<String>, sides: &[Side], notes: Vec<String>) -> Self {
        let shop = sides.first().map(rates).unwrap_or_default();
        let summarise = |(index, side): (usize, &Side)| {
            let ratio = (index > 0)
                .then(|| Spread::of_ratios(&shop, &rates(side)))
                .flatten();
            summary(side, ratio)
        };
        Self {
            name: name.into(),
            sides: sides.iter().enumerate().map(summarise).collect(),
            notes,
        }
    }
}

fn rates(side: &Side) -> Vec<f64> {
    side.rounds.iter().map(Round::per_second).collect()
}

fn summary(side: &Side, shop_to_this: Option<Spread>) -> Summary {
    let mut latencies: Vec<Duration> = side
        .rounds
        .iter()
        .flat_map(|round| &round.latencies)
        .copied()
        .collect();
    latencies.sort_unstable();
    let done = latencies.len();
    let body_bytes: usize = side.rounds.iter().map(|round| round.body_bytes).sum();
    Summary {
        name: side.name,
        done,
        per_second: Spread::of(rates(side)),
        p50_us: percentile(&latencies, 50).map(microseconds),
        p99_us: percentile(&latencies, 99).map(microseconds),
        server_cpu_us: per_request(side, done, |round| round.server_cpu),
        client_cpu_us: per_request(side, done, |round| round.client_cpu),
        body_bytes: body_bytes.checked_div(done).unwrap_or(0),
        shop_to_this,
    }
}

/// None unless every round knows its own.
#[expect(clippy::cast_precision_loss, reason = "nobody counts 2^52 requests")]
fn per_request(side: &Side, done: usize, of: impl Fn(&Round) -> Option<Duration>) -> Option<f64> {
    let total: Option<Duration> = side.rounds.iter().map(of).sum();
    total
        .filter(|_| done > 0)
        .map(|total| microseconds(total) / done as f64)
}

pub fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(name: &'static str, done: [usize; 2]) -> Side {
        let round = |done| Round {
            length: Duration::from_secs(2),
            in_time: done,
            latencies: (1..=done as u64).map(Duration::from_micros).collect(),
            body_bytes: done * 500,
            server_cpu: Some(Duration::from_secs(1)),
            client_cpu: None,
        };
        Side {
            name,
            rounds: done.map(round).to_vec(),
        }
    }

    #[test]
    fn sides_are_summed_up_and_compared_round_by_round() {
        let sides = [side("shop", [100, 300]), side("limit", [200, 400])];
        let measured = Measurement::new("a thing", &sides, vec![]);
        let [shop, limit] = measured.sides.as_slice() else {
            panic!("{measured:?}")
        };
        assert_eq!(
            shop.per_second,
            Some(Spread {
                median: 100.0,
                min: 50.0,
                max: 150.0
            })
        );
        assert_eq!((shop.p50_us, shop.p99_us), (Some(100.0), Some(296.0)));
        assert_eq!((shop.server_cpu_us, shop.client_cpu_us), (Some(5_000.0), None));
        assert_eq!((shop.body_bytes, shop.shop_to_this), (500, None));
        assert_eq!(
            limit.shop_to_this,
            Some(Spread {
                median: 0.625,
                min: 0.5,
                max: 0.75
            })
        );
    }

    #[test]
    fn a_side_without_rounds_claims_nothing() {
        let measured = Measurement::new("a thing", &[Side::new("shop"), Side::new("limit")], vec![]);
        for side in measured.sides {
            assert_eq!(
                (side.per_second, side.p50_us, side.server_cpu_us),
                (None, None, None)
            );
        }
    }
}
