//! The orders, and one of them.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Row, Table};

use super::{draw_nothing, draw_rows};
use crate::api::documents::Order;
use crate::app::App;
use crate::theme::{CHOSEN, FAINT, STRONG, Theme};

/// Times are the shop's, in UTC.
const TIME: &str = "%Y-%m-%d %H:%M UTC";

pub fn draw_list(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    if app.orders.items.is_empty() {
        let said = if app.waiting > 0 { "" } else { "No orders yet." };
        return draw_nothing(frame, area, said);
    }
    let rows = app.orders.items.iter().map(|order| {
        Row::new([
            Span::raw(order.placed_at.format(TIME).to_string()),
            Span::raw(words(&order.status)),
            Span::raw(summary(order)),
            Span::styled(order.total.to_string(), theme.price()),
        ])
    });
    let widths = [
        Constraint::Length(20),
        Constraint::Length(18),
        Constraint::Min(16),
        Constraint::Length(14),
    ];
    let table = Table::new(rows, widths)
        .header(Row::new(["Ordered", "State", "What", "Total"]).style(FAINT))
        .row_highlight_style(CHOSEN);
    draw_rows(frame, area, table, app.orders.row);
}

pub fn draw_order(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    let Some(order) = &app.order else { return };
    let steps = timeline(order, theme);
    let rows = [
        Constraint::Length(u16::try_from(steps.len()).unwrap_or(u16::MAX)),
        Constraint::Length(1),
        Constraint::Min(2),
        Constraint::Length(1),
    ];
    let [about, _, lines, total] = Layout::vertical(rows).areas(area);
    frame.render_widget(Paragraph::new(steps), about);
    let sold = order.lines.iter().map(|line| {
        let returned = match line.returned {
            0 => String::new(),
            returned => format!("{returned} returned"),
        };
        Row::new([
            Span::raw(format!("{} × {}", line.quantity, line.name)),
            Span::styled(line.sku.as_str(), FAINT),
            Span::raw(returned),
            Span::styled(line.unit_price.to_string(), theme.price()),
        ])
    });
    let widths = [
        Constraint::Min(20),
        Constraint::Length(20),
        Constraint::Length(14),
        Constraint::Length(12),
    ];
    frame.render_widget(Table::new(sold, widths), lines);
    let total_line = Line::from(vec![
        Span::styled("Total: ", STRONG),
        Span::styled(order.total.to_string(), theme.price()),
        Span::styled(format!("   given back: {}", order.refunded), FAINT),
    ]);
    frame.render_widget(total_line, total);
}

/// What has happened to it, in the order of time.
fn timeline(order: &Order, theme: Theme) -> Vec<Line<'_>> {
    let mut lines = vec![
        Line::from(vec![
            Span::styled("Order ", theme.title()),
            Span::styled(order.id.as_str(), FAINT),
        ]),
        Line::styled(format!("{}, to {}", words(&order.status), order.country), STRONG),
    ];
    let parcel = [order.carrier.as_deref(), order.tracking_number.as_deref()];
    let parcel: Vec<_> = parcel.into_iter().flatten().collect();
    let parcel = parcel.join(" ");
    let reason = order.cancel_reason.as_deref().unwrap_or_default();
    for (at, what, more) in [
        (Some(order.placed_at), "placed", ""),
        (order.paid_at, "paid", ""),
        (order.shipped_at, "shipped", parcel.as_str()),
        (order.delivered_at, "delivered", ""),
        (order.returned_at, "returned", ""),
        (order.cancelled_at, "cancelled", reason),
    ] {
        let Some(at) = at else { continue };
        lines.push(Line::raw(format!("{}  {what} {more}", at.format(TIME))));
    }
    lines
}

/// `awaiting_payment` as people write it.
fn words(status: &str) -> String {
    status.replace('_', " ")
}

fn summary(order: &Order) -> String {
    let Some(first) = order.lines.first() else {
        return String::new();
    };
    match order.lines.len() - 1 {
        0 => format!("{} × {}", first.quantity, first.name),
        more => format!("{} × {}, and {more} more", first.quantity, first.name),
    }
}
