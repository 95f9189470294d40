//! A form over the page.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Wrap};

use crate::app::form::{Entry, Field, Form};
use crate::theme::{FAINT, STRONG, Theme};

/// Wide enough for an email address beside its label.
const WIDTH: u16 = 64;
/// Borders, what it is about, an empty line, and two for what went wrong.
const ROWS_AROUND: u16 = 6;

pub fn draw(frame: &mut Frame, page: Rect, form: &Form, theme: Theme) {
    let height = u16::try_from(form.fields.len())
        .unwrap_or(u16::MAX)
        .saturating_add(ROWS_AROUND);
    let [area] = Layout::horizontal([Constraint::Max(WIDTH)])
        .flex(ratatui::layout::Flex::Center)
        .areas(page);
    let [area] = Layout::vertical([Constraint::Max(height)])
        .flex(ratatui::layout::Flex::Center)
        .areas(area);
    let mut lines = vec![Line::styled(form.about.as_str(), FAINT), Line::default()];
    lines.extend(
        form.fields
            .iter()
            .enumerate()
            .map(|(at, field)| line(field, at == form.focus, theme)),
    );
    let state = match &form.fault {
        Some(fault) => Line::styled(format!("! {fault}"), theme.bad()),
        None if form.sent => Line::styled("sending …", FAINT),
        None => Line::default(),
    };
    lines.push(state);
    let block = Block::bordered().title(Span::styled(format!(" {} ", form.title), theme.title()));
    frame.render_widget(Clear, area);
    frame.render_widget(
        Paragraph::new(lines).wrap(Wrap { trim: false }).block(block),
        area,
    );
}

fn line(field: &Field, has_focus: bool, theme: Theme) -> Line<'_> {
    let shown = match &field.entry {
        Entry::Text(text) => text.clone(),
        Entry::Secret(text) => "•".repeat(text.chars().count()),
        Entry::Choice { options, chosen } => format!("‹ {} ›", options[*chosen]),
    };
    let (mark, cursor) = match (has_focus, &field.entry) {
        (false, _) => ("  ", ""),
        (true, Entry::Choice { .. }) => ("> ", ""),
        (true, _) => ("> ", "▏"),
    };
    Line::from(vec![
        Span::styled(mark, theme.key()),
        Span::styled(format!("{:<19}", field.label), STRONG),
        Span::raw(shown),
        Span::styled(cursor, theme.key()),
    ])
}
