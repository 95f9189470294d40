//! An axis: from where to where it goes, where its marks stand, and where a value is drawn. In whole numbers, so that
//! money stays exact.

/// About as many marks as an axis has.
const MARKS: i128 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    min: i128,
    max: i128,
    step: i128,
}

impl Scale {
    /// The axis that shows zero and all of these values, and begins and ends at a mark.
    pub fn of(values: impl IntoIterator<Item = i64>) -> Self {
        let Self { min, max, .. } = Self::tight(values);
        let step = round_step((max - min) / MARKS);
        Self {
            min: min.div_euclid(step) * step,
            max: -(-max).div_euclid(step) * step,
            step,
        }
    }

    /// The axis without marks that shows zero and all of these values and ends with them.
    pub fn tight(values: impl IntoIterator<Item = i64>) -> Self {
        let (mut min, mut max) = (0_i128, 0_i128);
        for value in values {
            min = min.min(value.into());
            max = max.max(value.into());
        }
        Self { min, max, step: 1 }
    }

    /// The values of the marks, from the least to the greatest.
    pub fn marks(self) -> impl Iterator<Item = i64> {
        // At most twice `MARKS` and two: the step is at least a fifth of the range, and both ends are rounded outwards.
        let count = (self.max - self.min) / self.step;
        (0..=count).filter_map(move |n| i64::try_from(self.min + n * self.step).ok())
    }

    /// From one mark to the next.
    pub fn step(self) -> i64 {
        i64::try_from(self.step).unwrap_or(i64::MAX)
    }

    /// Where the value is drawn if the axis goes from one pixel to another.
    pub fn place(self, value: i64, from: i32, to: i32) -> i32 {
        let range = (self.max - self.min).max(1);
        let pixels = i128::from(to) - i128::from(from);
        let way = (i128::from(value) - self.min).clamp(0, range) * pixels / range;
        i32::try_from(i128::from(from) + way).unwrap_or(to) // proof: between `from` and `to`
    }
}

/// The least of 1, 2, 5, 10, 20, 50 … that isn't below `least`.
fn round_step(least: i128) -> i128 {
    let mut power = 1;
    loop {
        for factor in [1, 2, 5] {
            if factor * power >= least {
                return factor * power;
            }
        }
        power *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_hold_every_value() {
        let marks = |values: &[i64]| Scale::of(values.iter().copied()).marks().collect::<Vec<_>>();
        assert_eq!(marks(&[7]), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(marks(&[123, 480]), [0, 100, 200, 300, 400, 500]);
        assert_eq!(marks(&[-40, 95]), [-50, 0, 50, 100]);
        assert_eq!(marks(&[-3]), [-3, -2, -1, 0]);
        assert_eq!(marks(&[]), [0]);
    }

    #[test]
    fn a_tight_axis_ends_with_its_values() {
        let scale = Scale::tight([-50, 130]);
        assert_eq!(
            [-50, 0, 130].map(|value| scale.place(value, 0, 180)),
            [0, 50, 180]
        );
    }

    #[test]
    fn values_are_placed_in_proportion() {
        let scale = Scale::of([-50, 100]);
        assert_eq!(
            [-50, 0, 100].map(|value| scale.place(value, 300, 0)),
            [300, 200, 0]
        );
        assert_eq!(Scale::of([]).place(0, 300, 0), 300);
    }

    #[test]
    fn the_largest_numbers_have_their_place() {
        let scale = Scale::of([i64::MIN, i64::MAX]);
        assert!(scale.marks().count() > 2);
        let (low, high) = (scale.place(i64::MIN, 0, 1000), scale.place(i64::MAX, 0, 1000));
        assert!(low < 200 && high > 800, "{low} {high}");
    }
}
