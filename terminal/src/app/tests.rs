//! Keys and answers, and what the screen then shows.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use super::{App, Habits, Key, Page};
use crate::api::documents::Problem;
use crate::api::{Answer, ApiError, Ask, Terms};
use crate::screen;
use crate::theme::Theme;

fn app() -> App {
    App::new(Habits::default())
}

fn read<T: serde::de::DeserializeOwned>(document: Value) -> T {
    serde_json::from_value(document).unwrap()
}

fn mug() -> Value {
    json!({
        "id": "p1", "name": "Blue mug", "description": "Holds a pint.\u{1b}[2J", "status": "active",
        "average_rating": 4.5, "review_count": 2,
        "variants": [
            {"sku": "MUG-S", "options": {"size": "S"}, "price": {"amount": "12.50", "currency": "GBP"}, "available": 3},
            {"sku": "MUG-L", "options": {"size": "L"}, "price": {"amount": "15.00", "currency": "GBP"}, "available": 0},
        ],
    })
}

fn order() -> Value {
    json!({
        "id": "o1", "status": "awaiting_payment", "country": "GB",
        "lines": [{"sku": "MUG-S", "name": "Blue mug", "quantity": 2, "returned": 0,
                   "unit_price": {"amount": "12.50", "currency": "GBP"}}],
        "total": {"amount": "25.00", "currency": "GBP"}, "refunded": {"amount": "0.00", "currency": "GBP"},
        "placed_at": "2026-01-02T03:04:05Z",
    })
}

fn type_in(app: &mut App, text: &str) {
    for letter in text.chars() {
        assert_eq!(app.press(Key::Char(letter)), []);
    }
}

/// As it would stand in a terminal of 80 by 20, without colours.
fn shown(app: &App) -> String {
    let mut terminal = Terminal::new(TestBackend::new(80, 20)).unwrap();
    terminal
        .draw(|frame| screen::draw(frame, app, Theme::plain()))
        .unwrap();
    let shown = terminal.backend().to_string();
    // The backend prints each row in quotes.
    let rows = shown.lines().map(|row| row.trim_matches('"').trim_end());
    let rows: Vec<_> = rows.collect();
    rows.join("\n").trim_end().to_owned()
}

/// An app that looks at the mug.
fn looking() -> App {
    let mut app = app();
    let found = Answer::Products(read(json!({"items": [mug()], "next_cursor": null})));
    let words = String::new();
    app.take(Ask::Search { words, cursor: None }, Ok(found));
    app.press(Key::Down);
    assert_eq!(app.press(Key::Enter), [Ask::Product("p1".to_owned())]);
    app.take(Ask::Product("p1".to_owned()), Ok(Answer::Product(read(mug()))));
    app
}

#[test]
fn words_are_searched_and_results_gone_through() {
    let mut app = app();
    type_in(&mut app, "mug q");
    let words = "mug q".to_owned();
    let search = Ask::Search {
        words: words.clone(),
        cursor: None,
    };
    assert_eq!(app.press(Key::Enter), std::slice::from_ref(&search));
    let page =
        |next: Option<&str>| Answer::Products(read(json!({"items": vec![mug(); 20], "next_cursor": next})));
    app.take(search, Ok(page(Some("next"))));
    for _ in 0..9 {
        assert_eq!(app.press(Key::Down), []);
    }
    let next = Ask::Search {
        words,
        cursor: Some("next".to_owned()),
    };
    assert_eq!(app.press(Key::Down), std::slice::from_ref(&next));
    assert_eq!(app.press(Key::Down), [], "a page is asked for once");
    app.take(next, Ok(page(None)));
    assert_eq!((app.products.items.len(), app.products.row), (40, 11));
}

#[test]
fn results_of_an_earlier_search_are_passed_over() {
    let mut app = app();
    let first = app.begin().remove(0);
    type_in(&mut app, "mug");
    app.press(Key::Enter);
    let late = Answer::Products(read(json!({"items": [mug()], "next_cursor": null})));
    app.take(first, Ok(late));
    assert!(app.products.items.is_empty());
}

#[test]
fn a_product_is_shown_and_cannot_write_to_the_terminal() {
    let mut app = looking();
    app.press(Key::Char('+'));
    let shown = shown(&app);
    assert!(!shown.contains('\u{1b}'));
    insta::assert_snapshot!(shown);
}

#[test]
fn buying_asks_where_to_and_how_to_pay_and_is_sent_once() {
    let mut app = looking();
    app.press(Key::Char('b'));
    type_in(&mut app, "GB");
    app.press(Key::Tab);
    app.press(Key::Right);
    app.press(Key::Tab);
    type_in(&mut app, "pm_card_visa");
    insta::assert_snapshot!(shown(&app));
    let purchase = Ask::Purchase {
        product: "p1".to_owned(),
        sku: "MUG-S".to_owned(),
        quantity: 1,
        terms: Terms {
            country: "GB".to_owned(),
            card: Some("pm_card_visa".to_owned()),
        },
    };
    assert_eq!(app.press(Key::Enter), [purchase]);
    assert_eq!(app.press(Key::Enter), [], "it is on its way");
}

#[test]
fn what_was_denied_is_asked_again_after_the_login() {
    let mut app = looking();
    let [add] = app.press(Key::Char('a')).try_into().unwrap();
    app.take(add.clone(), Err(ApiError::NotLoggedIn));
    type_in(&mut app, "ann");
    app.press(Key::Enter);
    type_in(&mut app, "secret words");
    let shown = shown(&app);
    assert!(!shown.contains("secret"), "{shown}");
    let [log_in] = app.press(Key::Enter).try_into().unwrap();
    let wrong = Problem {
        code: "credentials_wrong".to_owned(),
        ..Problem::default()
    };
    app.take(log_in.clone(), Err(ApiError::Refused(wrong)));
    assert!(app.form.as_ref().unwrap().fault.is_some());
    assert_eq!(app.press(Key::Enter), std::slice::from_ref(&log_in));
    assert_eq!(app.take(log_in, Ok(Answer::LoggedIn("ann".to_owned()))), [add]);
    assert_eq!(app.user.as_deref(), Some("ann"));
}

#[test]
fn the_cart_is_changed_row_by_row_and_ordered() {
    let mut app = looking();
    assert_eq!(app.press(Key::Char('2')), [Ask::Cart]);
    let cart = json!({
        "items": [
            {"sku": "MUG-S", "product_id": "p1", "name": "Blue mug", "quantity": 4, "available": 3,
             "unit_price": {"amount": "12.50", "currency": "GBP"}, "subtotal": {"amount": "50.00", "currency": "GBP"}},
            {"sku": "GONE", "product_id": "p2", "name": null, "quantity": 1, "available": 0,
             "unit_price": null, "subtotal": null},
        ],
        "total": {"amount": "50.00", "currency": "GBP"},
    });
    app.take(Ask::Cart, Ok(Answer::Cart(read(cart))));
    insta::assert_snapshot!(shown(&app));
    let set = |sku: &str, quantity| {
        let sku = sku.to_owned();
        [Ask::SetInCart { sku, quantity }]
    };
    assert_eq!(app.press(Key::Char('-')), set("MUG-S", 3));
    assert_eq!(
        app.press(Key::Char('-')),
        set("MUG-S", 2),
        "before the answer has come"
    );
    app.press(Key::Down);
    assert_eq!(app.press(Key::Char('x')), set("GONE", 0));
    app.press(Key::Char('o'));
    app.press(Key::Enter);
    app.press(Key::Enter);
    let terms = Terms {
        country: String::new(),
        card: None,
    };
    assert_eq!(app.press(Key::Enter), [Ask::OrderCart(terms)]);
}

#[test]
fn an_order_tells_what_happened_to_it_and_can_be_cancelled() {
    let mut app = looking();
    app.press(Key::Char('3'));
    let page = json!({"items": [order()], "next_cursor": null});
    app.take(Ask::Orders { cursor: None }, Ok(Answer::Orders(read(page))));
    insta::assert_snapshot!("orders", shown(&app));
    let open = Ask::Order("o1".to_owned());
    assert_eq!(app.press(Key::Enter), std::slice::from_ref(&open));
    app.take(open, Ok(Answer::Order(Box::new(read(order())))));
    insta::assert_snapshot!("order", shown(&app));
    app.press(Key::Char('c'));
    type_in(&mut app, "too late");
    let cancel = Ask::CancelOrder {
        id: "o1".to_owned(),
        reason: "too late".to_owned(),
    };
    assert_eq!(app.press(Key::Enter), [cancel]);
}

#[test]
fn letters_are_words_where_one_types_and_keys_elsewhere() {
    let mut app = app();
    type_in(&mut app, "q?123");
    assert!(!app.over && !app.help && app.page == Page::Search);
    app.press(Key::Escape);
    app.press(Key::Char('?'));
    assert!(app.help);
    insta::assert_snapshot!(shown(&app));
    app.press(Key::Char('q'));
    assert!(!app.over, "any key leaves the help");
    app.press(Key::Char('q'));
    assert!(app.over);
}
