//! Charts as SVG: columns over time, and bars side by side. Drawn by plotters on its SVG backend, with no font but the
//! one that the reader's browser takes for `sans-serif`.
//!
//! What they show, and who may see it, is the reports' business.

mod bars;
mod canvas;
mod columns;
mod scale;
mod text;

use events::money::Currency;

pub use bars::Bar;
pub use canvas::{Colour, DrawError};
pub use columns::{Columns, Mark, Series};

use canvas::Canvas;

/// What the numbers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Minor units of a currency.
    Money(Currency),
    /// Things, by their name in the plural.
    Count(&'static str),
}

pub enum Plot {
    Columns(Columns),
    Bars(Vec<Bar>),
}

pub struct Chart {
    /// What is shown, of when.
    pub title: String,
    /// The same in words, for those who can't see it.
    pub description: String,
    pub measure: Measure,
    pub plot: Plot,
    /// What stands where there is nothing to show.
    pub empty: &'static str,
}

impl Chart {
    /// A document of its own: well-formed whatever the names hold, without scripts, styles or links.
    pub fn to_svg(&self) -> Result<String, DrawError> {
        let drawn = match &self.plot {
            Plot::Columns(columns) if columns.is_empty() => self.nothing()?,
            Plot::Columns(columns) => columns::draw(&self.title, self.measure, columns)?,
            Plot::Bars(bars) if bars.iter().all(|bar| bar.value == 0) => self.nothing()?,
            Plot::Bars(bars) => bars::draw(&self.title, self.measure, bars)?,
        };
        Ok(canvas::described(&drawn, &self.title, &self.description))
    }

    fn nothing(&self) -> Result<String, DrawError> {
        const SIZE: (u32, u32) = (960, 240);
        canvas::draw(SIZE, |canvas: &Canvas<'_>| {
            canvas.title(&self.title)?;
            canvas.note((480, 130), self.empty)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(name: &str, value: i64) -> Chart {
        Chart {
            title: format!("Best of {name}"),
            description: format!("{name} sold best."),
            measure: Measure::Money(Currency::GBP),
            plot: Plot::Bars(vec![Bar {
                name: name.to_owned(),
                value,
            }]),
            empty: "No sales",
        }
    }

    #[test]
    fn a_name_is_text_and_never_markup() {
        let svg = chart("</text><script>alert('\"&\u{0}\u{1b}", 995)
            .to_svg()
            .unwrap();
        assert!(!svg.contains("<script"), "{svg}");
        assert!(!svg.contains(['\u{0}', '\u{1b}']), "{svg}");
        assert!(
            svg.contains("&lt;/text&gt;&lt;script&gt;alert(&apos;&quot;&amp;\u{fffd}\u{fffd}"),
            "{svg}"
        );
    }

    #[test]
    fn it_says_what_it_shows() {
        let svg = chart("Mugs", 995).to_svg().unwrap();
        assert!(
            svg.contains("role=\"img\" aria-labelledby=\"title desc\""),
            "{svg}"
        );
        assert!(svg.contains("<title id=\"title\">Best of Mugs</title>"), "{svg}");
        assert!(svg.contains("<desc id=\"desc\">Mugs sold best.</desc>"), "{svg}");
        assert!(svg.contains("9.95"), "{svg}");
        assert!(svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn nothing_to_show_is_said() {
        let svg = chart("Mugs", 0).to_svg().unwrap();
        assert!(svg.contains("No sales"), "{svg}");
        let none = Chart {
            plot: Plot::Columns(Columns {
                names: vec!["2011-03".to_owned()],
                series: Vec::new(),
                stacked: false,
            }),
            ..chart("Mugs", 0)
        };
        assert!(none.to_svg().unwrap().contains("No sales"));
    }
}
