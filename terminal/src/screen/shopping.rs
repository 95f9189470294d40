//! A product, and the cart.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Row, Table, Wrap};

use super::search::rating;
use super::{draw_nothing, draw_rows};
use crate::api::documents::{CartItem, Variant};
use crate::app::App;
use crate::theme::{CHOSEN, FAINT, STRONG, Theme};

pub fn draw_product(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    let Some(looked) = &app.looked else { return };
    let product = &looked.product;
    let said = [
        Line::styled(product.name.as_str(), theme.title()),
        Line::styled(rating(product), FAINT),
    ];
    let text = Paragraph::new(product.description.as_str()).wrap(Wrap { trim: true });
    let offers = u16::try_from(product.variants.len()).unwrap_or(u16::MAX);
    let rows = [
        Constraint::Length(2),
        // With its header; a long list moves with the cursor.
        Constraint::Length(offers.saturating_add(1).min(area.height / 2)),
        Constraint::Length(2),
        Constraint::Min(1),
    ];
    let [name, variants, quantity, about] = Layout::vertical(rows).areas(area);
    frame.render_widget(Paragraph::new(said.to_vec()), name);
    frame.render_widget(text, about);
    if product.variants.is_empty() {
        return draw_nothing(frame, variants, "Not for sale.");
    }
    let widths = [
        Constraint::Length(20),
        Constraint::Min(10),
        Constraint::Length(16),
        Constraint::Length(14),
    ];
    let table = Table::new(
        product.variants.iter().map(|variant| offer(variant, theme)),
        widths,
    )
    .header(Row::new(["SKU", "", "In stock", "Price"]).style(FAINT))
    .row_highlight_style(CHOSEN);
    draw_rows(frame, variants, table, looked.variant);
    frame.render_widget(
        Line::styled(format!("Quantity: {}", looked.quantity), STRONG),
        quantity,
    );
}

fn offer(variant: &Variant, theme: Theme) -> Row<'_> {
    Row::new([
        Span::raw(variant.sku.as_str()),
        Span::raw(variant.choice()),
        stock(variant.available, theme),
        Span::styled(variant.price.to_string(), theme.price()),
    ])
}

fn stock(available: i64, theme: Theme) -> Span<'static> {
    if available > 0 {
        Span::raw(available.to_string())
    } else {
        Span::styled("sold out", theme.bad())
    }
}

pub fn draw_cart(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    let Some(cart) = app.cart.as_ref().filter(|cart| !cart.items.is_empty()) else {
        let said = if app.waiting > 0 { "" } else { "The cart is empty." };
        return draw_nothing(frame, area, said);
    };
    let [items, total] = Layout::vertical([Constraint::Min(2), Constraint::Length(1)]).areas(area);
    let widths = [
        Constraint::Min(20),
        Constraint::Length(9),
        Constraint::Length(16),
        Constraint::Length(12),
        Constraint::Length(12),
    ];
    let table = Table::new(cart.items.iter().map(|item| cart_row(item, theme)), widths)
        .header(Row::new(["Item", "Quantity", "", "Each", "Together"]).style(FAINT))
        .row_highlight_style(CHOSEN);
    draw_rows(frame, items, table, app.cart_row);
    let total_line = Line::from(vec![
        Span::styled("Total: ", STRONG),
        Span::styled(cart.total.to_string(), theme.price()),
    ]);
    frame.render_widget(total_line, total);
}

fn cart_row(item: &CartItem, theme: Theme) -> Row<'_> {
    let name = item.name.as_deref().unwrap_or(&item.sku);
    let warning = if item.unit_price.is_none() {
        "not for sale"
    } else if item.available < i64::from(item.quantity) {
        "not enough left"
    } else {
        ""
    };
    let shown = |money: &Option<_>| money.as_ref().map_or(String::new(), ToString::to_string);
    Row::new([
        Span::raw(name),
        Span::raw(item.quantity.to_string()),
        Span::styled(warning, theme.bad()),
        Span::styled(shown(&item.unit_price), theme.price()),
        Span::styled(shown(&item.subtotal), theme.price()),
    ])
}
