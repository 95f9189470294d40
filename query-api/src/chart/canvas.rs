//! What is drawn on: rectangles, lines and texts in pixels, in the charts' colours and sizes.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, TextStyle};

use super::text::{clean, escaped};

/// Why nothing could be drawn. Nothing is known to cause it: the document is made in memory.
pub type DrawError = DrawingAreaErrorKind<std::io::Error>;

/// A place on the canvas: pixels from the left and from the top.
pub type Place = (i32, i32);

/// The width of a character at [`SMALL`], in pixels, and of a capital or wide one: what `sans-serif` is can't be known
/// here, and wider than this it rarely is.
const CHARACTER: usize = 7;
const CAPITAL: usize = 9;

/// plotters takes a font's size for the height of its line and divides by this.
const LINE_HEIGHT: f64 = 1.24;
const LARGE: f64 = 19.0;
const SMALL: f64 = 12.5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Blue,
    PaleBlue,
    Orange,
    Green,
    Dark,
}

const INK: RGBColor = RGBColor(26, 32, 44);
const MUTED: RGBColor = RGBColor(84, 96, 114);
const GRID: RGBColor = RGBColor(226, 232, 240);
const AXIS: RGBColor = RGBColor(148, 160, 178);
const PAPER: RGBColor = RGBColor(255, 255, 255);

impl Colour {
    /// Told apart in greys, too, and by those who see red and green alike.
    fn rgb(self) -> RGBColor {
        match self {
            Self::Blue => RGBColor(43, 108, 176),
            Self::PaleBlue => RGBColor(166, 200, 232),
            Self::Orange => RGBColor(221, 107, 32),
            Self::Green => RGBColor(49, 151, 149),
            Self::Dark => INK,
        }
    }
}

/// Where a text stands to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// It begins there.
    Start,
    Middle,
    /// It ends there.
    End,
}

pub struct Canvas<'a>(DrawingArea<SVGBackend<'a>, Shift>);

/// Pixels for the longest of these texts as a label or name.
pub fn width<'t>(texts: impl IntoIterator<Item = &'t str>) -> i32 {
    let is_wide = |c: char| c.is_uppercase() || !c.is_ascii();
    let pixels = |text: &str| {
        let chars = text.chars();
        chars.map(|c| if is_wide(c) { CAPITAL } else { CHARACTER }).sum()
    };
    let longest: usize = texts.into_iter().map(pixels).max().unwrap_or_default();
    i32::try_from(longest).unwrap_or_default() // proof: names are cut before they get here
}

/// The SVG of what is drawn onto a white canvas of this size.
pub fn draw(
    size: (u32, u32),
    with: impl FnOnce(&Canvas<'_>) -> Result<(), DrawError>,
) -> Result<String, DrawError> {
    let mut svg = String::new();
    {
        let canvas = Canvas(SVGBackend::with_string(&mut svg, size).into_drawing_area());
        canvas.0.fill(&PAPER)?;
        with(&canvas)?;
        canvas.0.present()?;
    }
    Ok(svg)
}

/// The document with a title and a description, as screen readers look for them.
pub fn described(svg: &str, title: &str, description: &str) -> String {
    // The first tag is the document's own, whose attributes are numbers.
    let (head, body) = svg.split_once('>').unwrap_or((svg, ""));
    let (title, description) = (escaped(title), escaped(description));
    format!(
        "{head} role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">{title}</title>\n\
         <desc id=\"desc\">{description}</desc>{body}"
    )
}

impl Canvas<'_> {
    pub fn title(&self, text: &str) -> Result<(), DrawError> {
        self.write(text, (24, 30), Align::Start, LARGE, INK, FontStyle::Bold)
    }

    /// A number or name beside what it belongs to.
    pub fn label(&self, place: Place, align: Align, text: &str) -> Result<(), DrawError> {
        self.write(text, place, align, SMALL, MUTED, FontStyle::Normal)
    }

    /// What is to be read as much as the drawing.
    pub fn name(&self, place: Place, align: Align, text: &str) -> Result<(), DrawError> {
        self.write(text, place, align, SMALL, INK, FontStyle::Normal)
    }

    /// A text in place of a drawing.
    pub fn note(&self, place: Place, text: &str) -> Result<(), DrawError> {
        self.write(text, place, Align::Middle, LARGE, MUTED, FontStyle::Normal)
    }

    pub fn rectangle(&self, corner: Place, opposite: Place, colour: Colour) -> Result<(), DrawError> {
        self.0
            .draw(&Rectangle::new([corner, opposite], colour.rgb().filled()))
    }

    pub fn path(&self, places: Vec<Place>, colour: Colour) -> Result<(), DrawError> {
        self.0
            .draw(&PathElement::new(places, colour.rgb().stroke_width(2)))
    }

    pub fn grid_line(&self, from: Place, to: Place) -> Result<(), DrawError> {
        self.0.draw(&PathElement::new([from, to], GRID.stroke_width(1)))
    }

    /// Where nothing is.
    pub fn zero_line(&self, from: Place, to: Place) -> Result<(), DrawError> {
        self.0.draw(&PathElement::new([from, to], AXIS.stroke_width(1)))
    }

    fn write(
        &self,
        text: &str,
        place: Place,
        align: Align,
        size: f64,
        colour: RGBColor,
        style: FontStyle,
    ) -> Result<(), DrawError> {
        let side = match align {
            Align::Start => HPos::Left,
            Align::Middle => HPos::Center,
            Align::End => HPos::Right,
        };
        let font = ("sans-serif", size * LINE_HEIGHT, style).into_font();
        let style = TextStyle::from(font)
            .color(&colour)
            .pos(Pos::new(side, VPos::Center));
        self.0.draw(&Text::new(clean(text), place, style))
    }
}
