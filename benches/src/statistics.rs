//! Medians, percentiles and ratios of measured values.
//!
//! What was measured, and how, is left to others.

use std::time::Duration;

use serde::Serialize;

/// A median with the extremes around it: of a few rounds, nothing finer would mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// None without values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let upper = sorted[sorted.len() / 2];
        let lower = sorted[(sorted.len() - 1) / 2];
        Some(Self {
            median: f64::midpoint(lower, upper),
            min,
            max,
        })
    }

    /// Of the quotients of two series, round by round: what a round shares with its neighbour, such as a noisy
    /// machine, cancels out. None unless every round has its neighbour, and that isn't 0.
    pub fn of_ratios(ours: &[f64], limits: &[f64]) -> Option<Self> {
        if ours.len() != limits.len() || limits.contains(&0.0) {
            return None;
        }
        Self::of(ours.iter().zip(limits).map(|(ours, limit)| ours / limit))
    }
}

/// The smallest value that `percent` of the values don't exceed (the nearest-rank method). None without values.
pub fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_odd_number_is_the_middle_and_of_an_even_number_between_two() {
        let odd = Spread::of([9.0, 1.0, 4.0]).unwrap();
        assert_eq!(
            odd,
            Spread {
                median: 4.0,
                min: 1.0,
                max: 9.0
            }
        );
        let even = Spread::of([9.0, 1.0, 4.0, 5.0]).unwrap();
        assert_eq!(
            even,
            Spread {
                median: 4.5,
                min: 1.0,
                max: 9.0
            }
        );
        let one = Spread::of([3.0]).unwrap();
        assert_eq!(
            one,
            Spread {
                median: 3.0,
                min: 3.0,
                max: 3.0
            }
        );
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        // The machine was half as fast in the second round, for both.
        let ratios = Spread::of_ratios(&[80.0, 40.0, 90.0], &[100.0, 50.0, 100.0]).unwrap();
        assert_eq!(
            ratios,
            Spread {
                median: 0.8,
                min: 0.8,
                max: 0.9
            }
        );
        assert_eq!(Spread::of_ratios(&[1.0], &[0.0]), None);
        assert_eq!(Spread::of_ratios(&[1.0, 2.0], &[1.0]), None);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let hundred: Vec<Duration> = (1..=100).map(Duration::from_micros).collect();
        for (percent, wanted) in [(0, 1), (1, 1), (50, 50), (99, 99), (100, 100)] {
            assert_eq!(
                percentile(&hundred, percent),
                Some(Duration::from_micros(wanted)),
                "p{percent}"
            );
        }
        let three = &hundred[..3];
        for (percent, wanted) in [(33, 1), (34, 2), (50, 2), (67, 3), (99, 3)] {
            assert_eq!(
                percentile(three, percent),
                Some(Duration::from_micros(wanted)),
                "p{percent}"
            );
        }
        assert_eq!(percentile(&[], 50), None);
    }
}
