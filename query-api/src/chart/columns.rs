//! Columns over time.

use super::Measure;
use super::canvas::{self, Align, Canvas, Colour, DrawError, width};
use super::scale::Scale;
use super::text::tick;

const WIDTH: i32 = 960;
const HEIGHT: i32 = 440;
const TOP: i32 = 92;
const BOTTOM: i32 = HEIGHT - 48;
const RIGHT: i32 = WIDTH - 28;
/// Wider columns look like walls.
const COLUMN_MAX: i32 = 56;

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Column,
    Line,
}

pub struct Series {
    pub name: &'static str,
    pub colour: Colour,
    pub mark: Mark,
    /// One for each name.
    pub values: Vec<i64>,
}

pub struct Columns {
    /// What stands below each column.
    pub names: Vec<String>,
    pub series: Vec<Series>,
    /// Whether the series' columns stand upon each other, or all on zero, the later before the earlier.
    pub stacked: bool,
}

impl Columns {
    pub fn is_empty(&self) -> bool {
        self.series
            .iter()
            .all(|series| series.values.iter().all(|value| *value == 0))
    }

    fn scale(&self) -> Scale {
        if !self.stacked {
            return Scale::of(
                self.series
                    .iter()
                    .flat_map(|series| series.values.iter().copied()),
            );
        }
        let top = |index: usize| {
            let values = self
                .series
                .iter()
                .filter_map(move |series| series.values.get(index));
            values.fold(0_i64, |sum, value| sum.saturating_add(*value))
        };
        Scale::of((0..self.names.len()).map(top))
    }
}

/// Where the columns stand.
struct Frame {
    left: i32,
    scale: Scale,
    columns: i32,
}

impl Frame {
    /// The middle of a column, counted from 0.
    fn middle(&self, column: usize) -> i32 {
        // Proof of the conversions: a report has some hundred periods.
        let column = i64::try_from(column).unwrap_or_default();
        let width = i64::from(RIGHT - self.left);
        let way = width * (2 * column + 1) / (2 * i64::from(self.columns));
        self.left + i32::try_from(way).unwrap_or_default()
    }

    fn half_width(&self) -> i32 {
        let slot = (RIGHT - self.left) / self.columns;
        (slot * 7 / 20).clamp(1, COLUMN_MAX / 2)
    }

    fn height(&self, value: i64) -> i32 {
        self.scale.place(value, BOTTOM, TOP)
    }
}

pub fn draw(title: &str, measure: Measure, columns: &Columns) -> Result<String, DrawError> {
    let size = (WIDTH.unsigned_abs(), HEIGHT.unsigned_abs());
    canvas::draw(size, |canvas| {
        canvas.title(title)?;
        legend(canvas, columns)?;
        let scale = columns.scale();
        let labels: Vec<_> = scale
            .marks()
            .map(|mark| (mark, tick(mark, scale.step(), measure)))
            .collect();
        let frame = Frame {
            left: 36 + width(labels.iter().map(|(_, label)| label.as_str())),
            scale,
            columns: i32::try_from(columns.names.len()).unwrap_or(i32::MAX).max(1),
        };
        axis(canvas, measure, &frame, &labels)?;
        let mut reached = vec![0_i64; columns.names.len()];
        for series in &columns.series {
            match series.mark {
                Mark::Column if columns.stacked => stack(canvas, &frame, series, &mut reached)?,
                Mark::Column => stack(canvas, &frame, series, &mut vec![0; columns.names.len()])?,
                Mark::Line => line(canvas, &frame, series)?,
            }
        }
        let zero = frame.height(0);
        canvas.zero_line((frame.left, zero), (RIGHT, zero))?;
        names(canvas, &frame, &columns.names)
    })
}

fn legend(canvas: &Canvas<'_>, columns: &Columns) -> Result<(), DrawError> {
    let mut left = 24;
    for series in &columns.series {
        let (top, bottom) = match series.mark {
            Mark::Column => (53, 65),
            Mark::Line => (58, 60),
        };
        canvas.rectangle((left, top), (left + 12, bottom), series.colour)?;
        canvas.name((left + 18, 59), Align::Start, series.name)?;
        left += width([series.name]) + 44;
    }
    Ok(())
}

fn axis(
    canvas: &Canvas<'_>,
    measure: Measure,
    frame: &Frame,
    labels: &[(i64, String)],
) -> Result<(), DrawError> {
    let name = match measure {
        Measure::Money(currency) => currency.to_string(),
        Measure::Count(things) => things.to_owned(),
    };
    canvas.label((RIGHT, 59), Align::End, &name)?;
    for (mark, label) in labels {
        let height = frame.height(*mark);
        canvas.grid_line((frame.left, height), (RIGHT, height))?;
        canvas.label((frame.left - 10, height), Align::End, label)?;
    }
    Ok(())
}

/// Puts columns upon what is reached, and raises that.
fn stack(canvas: &Canvas<'_>, frame: &Frame, series: &Series, reached: &mut [i64]) -> Result<(), DrawError> {
    let half = frame.half_width();
    for (index, (value, reached)) in series.values.iter().zip(reached).enumerate() {
        let from = *reached;
        *reached = from.saturating_add(*value);
        if *value == 0 {
            continue;
        }
        let middle = frame.middle(index);
        let (top, bottom) = (frame.height(*reached), frame.height(from));
        canvas.rectangle((middle - half, top), (middle + half, bottom), series.colour)?;
    }
    Ok(())
}

fn line(canvas: &Canvas<'_>, frame: &Frame, series: &Series) -> Result<(), DrawError> {
    let places = series.values.iter().enumerate();
    let places: Vec<_> = places
        .map(|(index, value)| (frame.middle(index), frame.height(*value)))
        .collect();
    // One place makes no line.
    if let [(x, y)] = places[..] {
        let half = frame.half_width();
        return canvas.path(vec![(x - half, y), (x + half, y)], series.colour);
    }
    canvas.path(places, series.colour)
}

/// The names of as many columns as have room for theirs.
fn names(canvas: &Canvas<'_>, frame: &Frame, names: &[String]) -> Result<(), DrawError> {
    let each = width(names.iter().map(String::as_str)) + 18;
    let fitting = usize::try_from((RIGHT - frame.left) / each).unwrap_or_default();
    let every = names.len().div_ceil(fitting.max(1)).max(1);
    for (index, name) in names.iter().enumerate().step_by(every) {
        canvas.label((frame.middle(index), BOTTOM + 20), Align::Middle, name)?;
    }
    Ok(())
}
