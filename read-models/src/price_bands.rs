//! The bands into which facets sort prices. Which products meet one is left to those who count.

/// Where one band of prices ends and the next begins, in minor units, in the steps that purses come in. As many
/// hundredths of a pound as yen: bands in which people of that currency think.
const PRICE_STEPS_MINOR: [i64; 11] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000,
];

/// The bands, from the cheapest: from, and up to and including, in minor units. The last has no end.
pub fn bands() -> impl Iterator<Item = (i64, Option<i64>)> {
    let starts = std::iter::once(0).chain(PRICE_STEPS_MINOR);
    let ends = PRICE_STEPS_MINOR
        .map(|step| Some(step - 1))
        .into_iter()
        .chain([None]);
    starts.zip(ends)
}

/// Whether a product whose prices go from `cheapest` to `dearest` meets the band.
pub fn is_met((min, max): (i64, Option<i64>), cheapest: i64, dearest: i64) -> bool {
    dearest >= min && max.is_none_or(|max| cheapest <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_leave_no_price_out_and_take_none_twice() {
        let bands: Vec<_> = bands().collect();
        assert_eq!(bands[0], (0, Some(99)));
        for pair in bands.windows(2) {
            assert_eq!(pair[0].1.unwrap() + 1, pair[1].0);
        }
        assert_eq!(bands.last(), Some(&(200_000, None)));
    }

    #[test]
    fn a_product_with_several_prices_meets_all_bands_between_them() {
        let met = |cheapest, dearest| {
            let met = bands().filter(|band| is_met(*band, cheapest, dearest));
            met.map(|(min, _)| min).collect::<Vec<_>>()
        };
        assert_eq!(met(99, 99), [0]);
        assert_eq!(met(99, 500), [0, 100, 200, 500]);
        assert_eq!(met(300_000, 300_000), [200_000]);
    }
}
