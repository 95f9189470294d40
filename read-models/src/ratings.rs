//! What the reviews of a product that everybody sees come to: how many there are of each rating, and their average.

use events::review::Rating;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many reviews gave one star, two, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RatingCounts([u64; Rating::MAX as usize]);

impl RatingCounts {
    pub fn add(&mut self, rating: Rating) {
        let count = self.slot(rating);
        *count = count.saturating_add(1);
    }

    /// Takes one back that was added before.
    pub fn take(&mut self, rating: Rating) {
        let count = self.slot(rating);
        *count = count.saturating_sub(1);
    }

    /// From one star to five.
    pub fn counts(&self) -> [u64; Rating::MAX as usize] {
        self.0
    }

    /// Each rating in stars with its count, from the worst to the best.
    fn each(&self) -> impl Iterator<Item = (u8, u64)> {
        (1..).zip(self.0)
    }

    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// None without a review.
    pub fn average(&self) -> Option<AverageRating> {
        let total = self.total();
        let stars: u64 = self.each().map(|(stars, count)| u64::from(stars) * count).sum();
        // Rounded half up.
        (stars * AverageRating::PARTS + total / 2)
            .checked_div(total)
            .map(AverageRating)
    }

    fn slot(&mut self, rating: Rating) -> &mut u64 {
        &mut self.0[usize::from(rating.stars()) - 1] // proof: a rating has at least one star and at most MAX
    }
}

/// Stars to two decimals; in JSON a number such as `4.33`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AverageRating(u64);

impl AverageRating {
    const PARTS: u64 = 100;

    /// To sort by.
    pub fn hundredths(self) -> u64 {
        self.0
    }
}

impl Serialize for AverageRating {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_precision_loss, reason = "at most 500")]
        let stars = self.0 as f64 / Self::PARTS as f64;
        stars.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AverageRating {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stars = f64::deserialize(deserializer)?;
        if !(0.0..=f64::from(Rating::MAX)).contains(&stars) {
            return Err(serde::de::Error::custom("no average of ratings"));
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 500, as checked"
        )]
        let hundredths = (stars * Self::PARTS as f64).round() as u64;
        Ok(Self(hundredths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(stars: &[u8]) -> RatingCounts {
        let mut counts = RatingCounts::default();
        for stars in stars {
            counts.add(Rating::new(*stars).unwrap());
        }
        counts
    }

    fn json(stars: &[u8]) -> String {
        serde_json::to_string(&counts(stars).average()).unwrap()
    }

    #[test]
    fn an_average_has_two_decimals_and_is_rounded() {
        assert_eq!(json(&[]), "null");
        assert_eq!(json(&[5]), "5.0");
        assert_eq!(json(&[5, 4, 4]), "4.33");
        assert_eq!(json(&[5, 5, 4]), "4.67");
        assert_eq!(json(&[1, 2]), "1.5");
    }

    #[test]
    fn every_average_comes_back_from_json_as_it_went() {
        for hundredths in 100..=500 {
            let average = AverageRating(hundredths);
            let text = serde_json::to_string(&average).unwrap();
            assert_eq!(
                serde_json::from_str::<AverageRating>(&text).unwrap(),
                average,
                "{text}"
            );
        }
        assert!(serde_json::from_str::<AverageRating>("7.0").is_err());
    }

    #[test]
    fn what_is_taken_back_no_longer_counts() {
        let mut some = counts(&[5, 1, 1]);
        some.take(Rating::new(1).unwrap());
        assert_eq!(some, counts(&[1, 5]));
        assert_eq!(
            some.each().collect::<Vec<_>>(),
            [(1, 1), (2, 0), (3, 0), (4, 0), (5, 1)]
        );
        assert_eq!(some.total(), 2);
    }
}
