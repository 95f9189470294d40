//! The terminal itself: keys in, pictures out, and questions on their way in between.

use std::io::IsTerminal;
use std::sync::Arc;

use anyhow::Context;
use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use ratatui::DefaultTerminal;

use crate::api::{self, Api, Ask};
use crate::app::{App, Habits, Key};
use crate::theme::Theme;
use crate::{Login, Options, screen};

pub async fn run(options: Options) -> anyhow::Result<()> {
    let api =
        Api::new(&options.server).with_context(|| format!("{} is no shop's address", options.server))?;
    anyhow::ensure!(
        std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
        "the shop in the terminal needs a terminal; programs use the REST API"
    );
    let app = App::new(Habits {
        country: options.country.unwrap_or_default(),
        card: options.card.unwrap_or_default(),
    });
    let mut asks = app.begin();
    if let Some(Login { username, password }) = options.login {
        asks.push(Ask::LogIn {
            login: username,
            password,
        });
    }
    let mut terminal = ratatui::try_init().context("the terminal can't be used")?;
    let outcome = attend(&mut terminal, app, Arc::new(api), asks).await;
    ratatui::restore();
    outcome
}

async fn attend(
    terminal: &mut DefaultTerminal,
    mut app: App,
    api: Arc<Api>,
    mut asks: Vec<Ask>,
) -> anyhow::Result<()> {
    let theme = Theme::detect();
    let mut events = EventStream::new();
    let mut under_way = FuturesUnordered::new();
    while !app.over {
        for ask in asks.drain(..) {
            let api = Arc::clone(&api);
            under_way.push(async move { (ask.clone(), api::ask(&api, ask).await) });
        }
        app.waiting = under_way.len();
        terminal.draw(|frame| screen::draw(frame, &app, theme))?;
        tokio::select! {
            event = events.next() => match event {
                Some(event) => asks = key(&event?).map_or(vec![], |key| app.press(key)),
                None => break,
            },
            Some((asked, came)) = under_way.next() => asks = app.take(asked, came),
        }
    }
    Ok(())
}

/// The key of an event, if it is one that matters. A resize only draws anew.
fn key(event: &Event) -> Option<Key> {
    let Event::Key(KeyEvent {
        code,
        modifiers,
        kind: KeyEventKind::Press | KeyEventKind::Repeat,
        ..
    }) = event
    else {
        return None;
    };
    Some(match code {
        KeyCode::Char(letter) if modifiers.contains(KeyModifiers::CONTROL) => Key::Ctrl(*letter),
        KeyCode::Char(letter) => Key::Char(*letter),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Erase,
        KeyCode::Delete => Key::Delete,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    })
}
