//! The search and what it found.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Row, Table};

use super::{draw_nothing, draw_rows};
use crate::api::documents::Product;
use crate::app::App;
use crate::theme::{CHOSEN, FAINT, STRONG, Theme};

pub fn draw(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    let [input, found] = Layout::vertical([Constraint::Length(2), Constraint::Min(1)]).areas(area);
    let cursor = if app.typing { "▏" } else { "" };
    let words = Line::from(vec![
        Span::styled("Search: ", STRONG),
        Span::raw(app.words.as_str()),
        Span::styled(cursor, theme.key()),
    ]);
    frame.render_widget(words, input);
    if app.products.items.is_empty() {
        let said = if app.waiting > 0 { "" } else { "Nothing found." };
        return draw_nothing(frame, found, said);
    }
    let rows = app.products.items.iter().map(|product| row(product, theme));
    let widths = [
        Constraint::Min(20),
        Constraint::Length(14),
        Constraint::Length(10),
        Constraint::Length(14),
    ];
    let header = Row::new(["Product", "Rating", "In stock", "Price"]).style(FAINT);
    let mut table = Table::new(rows, widths).header(header);
    if !app.typing {
        table = table.row_highlight_style(CHOSEN);
    }
    draw_rows(frame, found, table, app.products.row);
}

fn row(product: &Product, theme: Theme) -> Row<'_> {
    let available: i64 = product.variants.iter().map(|variant| variant.available).sum();
    let stock = if available > 0 {
        Span::raw(available.to_string())
    } else {
        Span::styled("sold out", theme.bad())
    };
    let price = product.variants.first();
    let from = if product.variants.len() > 1 { "from " } else { "" };
    let price = price.map_or(String::new(), |variant| format!("{from}{}", variant.price));
    Row::new([
        Span::raw(product.name.as_str()),
        Span::raw(rating(product)),
        stock,
        Span::styled(price, theme.price()),
    ])
}

/// Such as `4.5 of 5 (12)`.
pub fn rating(product: &Product) -> String {
    let count = product.review_count;
    product
        .average_rating
        .map_or(String::new(), |stars| format!("{stars:.1} of 5 ({count})"))
}
