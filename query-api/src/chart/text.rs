//! Texts of a chart: numbers as people write them, and names that can't break the document.

use events::money::Money;

use super::Measure;

/// A number of the measure: `1,234.50`, or `1,234`.
pub fn number(value: i64, measure: Measure) -> String {
    match measure {
        Measure::Money(currency) => grouped(&Money::new(value, currency).to_decimal()),
        Measure::Count(_) => grouped(&value.to_string()),
    }
}

/// A number that marks an axis: without decimals where all such have none but zeros.
pub fn tick(value: i64, step: i64, measure: Measure) -> String {
    let number = number(value, measure);
    let Measure::Money(currency) = measure else {
        return number;
    };
    let is_whole = step % 10_i64.pow(currency.decimals()) == 0;
    match number.split_once('.') {
        Some((whole, _)) if is_whole => whole.to_owned(),
        _ => number,
    }
}

/// Puts a comma between the thousands of a decimal number.
fn grouped(decimal: &str) -> String {
    let (sign, digits) = decimal
        .strip_prefix('-')
        .map_or(("", decimal), |digits| ("−", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut text = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// The text with what XML can't hold replaced (XML 1.0, production 2).
pub fn clean(text: &str) -> String {
    let is_char = |c: char| !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}');
    text.chars()
        .map(|c| if is_char(c) { c } else { '\u{FFFD}' })
        .collect()
}

/// At most `chars` characters of it, the last an ellipsis if it is cut.
pub fn cut(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// As XML writes it between tags.
pub fn escaped(text: &str) -> String {
    clean(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use events::money::Currency;

    use super::*;

    const GBP: Measure = Measure::Money(Currency::GBP);

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(number(123_456_789, GBP), "1,234,567.89");
        assert_eq!(number(-100_000, GBP), "−1,000.00");
        assert_eq!(number(99, Measure::Count("units")), "99");
        assert_eq!(number(1_000, Measure::Count("units")), "1,000");
    }

    #[test]
    fn an_axis_has_the_decimals_that_it_needs() {
        assert_eq!(tick(150_000, 50_000, GBP), "1,500");
        assert_eq!(tick(150, 50, GBP), "1.50");
        let yen = Measure::Money("JPY".parse().unwrap());
        assert_eq!(tick(1_500, 500, yen), "1,500");
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(cut("A white lantern", 8), "A white…");
        assert_eq!(cut("Ä mug", 5), "Ä mug");
    }
}
