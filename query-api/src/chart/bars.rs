//! Bars side by side, the name left of each and the number right of it.

use super::Measure;
use super::canvas::{self, Align, Colour, DrawError, width};
use super::scale::Scale;
use super::text::{cut, number};

const WIDTH: i32 = 960;
const TOP: i32 = 78;
/// From one bar to the next.
const ROW: i32 = 30;
const BAR: i32 = 20;
/// Longer names are cut.
const NAME_CHARS: usize = 34;

pub struct Bar {
    pub name: String,
    pub value: i64,
}

pub fn draw(title: &str, measure: Measure, bars: &[Bar]) -> Result<String, DrawError> {
    // A report has some hundred rows.
    let rows = i32::try_from(bars.len()).unwrap_or_default();
    let height = TOP + rows * ROW + 24;
    canvas::draw((WIDTH.unsigned_abs(), height.unsigned_abs()), |canvas| {
        canvas.title(title)?;
        let unit = match measure {
            Measure::Money(currency) => currency.to_string(),
            Measure::Count(things) => things.to_owned(),
        };
        canvas.label((WIDTH - 28, 59), Align::End, &unit)?;
        let named: Vec<_> = bars
            .iter()
            .map(|bar| (cut(&bar.name, NAME_CHARS), number(bar.value, measure)))
            .collect();
        let left = 36 + width(named.iter().map(|(name, _)| name.as_str()));
        let right = WIDTH - 40 - width(named.iter().map(|(_, number)| number.as_str()));
        let scale = Scale::tight(bars.iter().map(|bar| bar.value));
        let zero = scale.place(0, left, right);
        for ((bar, (name, number)), row) in bars.iter().zip(&named).zip(0..) {
            let middle = TOP + row * ROW + ROW / 2;
            let end = scale.place(bar.value, left, right);
            canvas.name((left - 10, middle), Align::End, name)?;
            let colour = if bar.value < 0 {
                Colour::Orange
            } else {
                Colour::Blue
            };
            let (start, stop) = (zero.min(end), zero.max(end));
            canvas.rectangle((start, middle - BAR / 2), (stop, middle + BAR / 2), colour)?;
            canvas.name((stop + 8, middle), Align::Start, number)?;
        }
        canvas.zero_line((zero, TOP), (zero, TOP + rows * ROW))
    })
}
