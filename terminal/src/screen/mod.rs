//! Draws what the app is: the pages across the top, one of them, what was said last, and the keys that do something now.

mod form;
mod orders;
mod search;
mod shopping;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::app::{App, Notice, Page};
use crate::theme::{CHOSEN, FAINT, Theme};

const HELP: &str = "\
1 2 3     search, cart, orders
/         search for something else
arrows    move; PgUp and PgDn in lists
Enter     open, or go on
Esc       back
l         log in, or make an account (Ctrl-R there)
q Ctrl-C  leave

On a product:   up and down choose a variant, + and - how many, a puts it into the cart, b buys it now
In the cart:    + and - change a quantity, x takes an item out, o orders it all
On an order:    r looks again, c cancels it

Any key goes back.";

pub fn draw(frame: &mut Frame, app: &App, theme: Theme) {
    let rows = [
        Constraint::Length(2),
        Constraint::Min(3),
        Constraint::Length(1),
        Constraint::Length(1),
    ];
    let [top, page, notice, keys] = Layout::vertical(rows).areas(frame.area());
    frame.render_widget(tabs(app, theme), top);
    if app.help {
        frame.render_widget(Paragraph::new(HELP).wrap(Wrap { trim: false }), page);
    } else {
        draw_page(frame, page, app, theme);
    }
    frame.render_widget(said(app, theme), notice);
    frame.render_widget(hints(app, theme), keys);
    if let Some(open) = &app.form {
        form::draw(frame, page, open, theme);
    }
}

fn draw_page(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    match app.page {
        Page::Search => search::draw(frame, area, app, theme),
        Page::Product => shopping::draw_product(frame, area, app, theme),
        Page::Cart => shopping::draw_cart(frame, area, app, theme),
        Page::Orders => orders::draw_list(frame, area, app, theme),
        Page::Order => orders::draw_order(frame, area, app, theme),
    }
}

fn tabs(app: &App, theme: Theme) -> Line<'_> {
    let mut spans = vec![Span::styled("Tillstream ", theme.title())];
    for (name, pages) in [
        ("1 Search", &[Page::Search, Page::Product][..]),
        ("2 Cart", &[Page::Cart]),
        ("3 Orders", &[Page::Orders, Page::Order]),
    ] {
        let is_open = pages.contains(&app.page);
        let style = if is_open { CHOSEN } else { FAINT };
        spans.push(Span::raw(" "));
        spans.push(Span::styled(format!(" {name} "), style));
    }
    let user = app.user.as_deref().unwrap_or("not logged in");
    spans.push(Span::styled(format!("   {user}"), FAINT));
    if app.waiting > 0 {
        spans.push(Span::styled("  …", theme.key()));
    }
    Line::from(spans)
}

fn said(app: &App, theme: Theme) -> Line<'_> {
    match &app.notice {
        Some(Notice::Good(said)) => Line::styled(said.as_str(), theme.good()),
        Some(Notice::Bad(said)) => Line::styled(format!("! {said}"), theme.bad()),
        None => Line::default(),
    }
}

/// The keys that do something here.
fn hints(app: &App, theme: Theme) -> Line<'static> {
    let hints: &[(&str, &str)] = if app.form.is_some() {
        &[("Tab", "next"), ("Enter", "send"), ("Esc", "never mind")]
    } else if app.page == Page::Search && app.typing {
        &[("Enter", "search"), ("Down", "results"), ("Ctrl-C", "leave")]
    } else {
        match app.page {
            Page::Search => &[
                ("Enter", "open"),
                ("/", "search"),
                ("2", "cart"),
                ("?", "help"),
                ("q", "leave"),
            ],
            Page::Product => &[
                ("b", "buy"),
                ("a", "to cart"),
                ("+ -", "quantity"),
                ("Esc", "back"),
                ("?", "help"),
            ],
            Page::Cart => &[
                ("o", "order"),
                ("+ -", "quantity"),
                ("x", "take out"),
                ("Esc", "back"),
                ("?", "help"),
            ],
            Page::Orders => &[
                ("Enter", "open"),
                ("3", "look again"),
                ("Esc", "back"),
                ("?", "help"),
            ],
            Page::Order => &[
                ("r", "look again"),
                ("c", "cancel"),
                ("Esc", "back"),
                ("?", "help"),
            ],
        }
    };
    let spans = hints
        .iter()
        .flat_map(|(key, does)| [Span::styled(*key, theme.key()), Span::raw(format!(" {does}   "))]);
    spans.collect()
}

/// A line for what isn't there.
fn draw_nothing(frame: &mut Frame, area: Rect, said: &str) {
    frame.render_widget(Paragraph::new(said.to_owned()).style(FAINT), area);
}

/// What a list's page looks like with a cursor that is always to be seen.
fn draw_rows(frame: &mut Frame, area: Rect, table: ratatui::widgets::Table<'_>, row: usize) {
    let mut state = ratatui::widgets::TableState::new().with_selected(row);
    frame.render_stateful_widget(table, area, &mut state);
}
