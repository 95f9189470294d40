//! Exact decimals for the check, on their own arithmetic, so that an error in the import's can't hide itself.

/// Fractions kept: prices of a tenth of a penny still count exactly in the file's own total.
const DECIMALS: usize = 6;
const UNIT: i128 = 10_i128.pow(6);

/// Millionths of a currency's unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(i128);

impl Decimal {
    /// Reads `12.5`, `-3` or `0.001`; `None` for anything else, and for more than six decimals.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let has_point = digits.contains('.');
        if !is_number(whole) || (has_point && !is_number(fraction)) || fraction.len() > DECIMALS {
            return None;
        }
        let whole: i128 = whole.parse().ok()?;
        let mut millionths: i128 = 0;
        for place in 0..DECIMALS {
            let digit = fraction.as_bytes().get(place).map_or(0, |byte| byte - b'0');
            millionths = millionths * 10 + i128::from(digit);
        }
        let value = whole.checked_mul(UNIT)?.checked_add(millionths)?;
        Some(Self(if negative { -value } else { value }))
    }

    pub fn millionths(self) -> i128 {
        self.0
    }

    pub fn of_millionths(millionths: i128) -> Self {
        Self(millionths)
    }

    /// How many decimals it needs.
    pub fn decimals(self) -> u32 {
        let mut rest = self.0.unsigned_abs() % UNIT.unsigned_abs();
        let mut decimals = 6;
        while decimals > 0 && rest.is_multiple_of(10) {
            rest /= 10;
            decimals -= 1;
        }
        decimals
    }

    /// With at least so many decimals.
    pub fn show(self, at_least: u32) -> String {
        let decimals = self.decimals().max(at_least) as usize;
        let sign = if self.0 < 0 { "-" } else { "" };
        let absolute = self.0.unsigned_abs();
        let unit = UNIT.unsigned_abs();
        let fraction = format!("{:06}", absolute % unit);
        match decimals {
            0 => format!("{sign}{}", absolute / unit),
            _ => format!("{sign}{}.{}", absolute / unit, &fraction[..decimals]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows_exactly() {
        for (text, shown) in [
            ("12.5", "12.50"),
            ("-3", "-3.00"),
            ("0.001", "0.001"),
            ("-0.10", "-0.10"),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().show(2), shown);
        }
        for wrong in ["", "-", ".5", "1.", "1e3", "+1", "1.0000001", "1,5", "--1"] {
            assert_eq!(Decimal::parse(wrong), None, "{wrong:?}");
        }
        assert_eq!(Decimal::parse("1.250").unwrap().decimals(), 2);
        assert_eq!(Decimal::parse("7").unwrap().show(0), "7");
    }
}
