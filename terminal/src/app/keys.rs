//! What each key does, page by page.

use super::form::{Form, Purchase, Purpose};
use super::list::LEAP;
use super::{App, Page, QUANTITY_MAX};
use crate::api::Ask;

/// A key, as far as one matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Char(char),
    /// With Ctrl held.
    Ctrl(char),
    Enter,
    Escape,
    Erase,
    Delete,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
}

impl App {
    /// Takes a key in.
    pub fn press(&mut self, key: Key) -> Vec<Ask> {
        if let Key::Ctrl('c') = key {
            self.over = true;
            return vec![];
        }
        self.notice = None;
        if self.help {
            self.help = false;
            return vec![];
        }
        if let Some(form) = self.form.take() {
            return self.press_in_form(form, key);
        }
        if self.page == Page::Search && self.typing {
            return self.press_in_search(key);
        }
        match key {
            Key::Char('q') => self.over = true,
            Key::Char('?') => self.help = true,
            Key::Char('/') => {
                self.page = Page::Search;
                self.typing = true;
            }
            Key::Char('1') => return self.open(Page::Search),
            Key::Char('2') => return self.open(Page::Cart),
            Key::Char('3') => return self.open(Page::Orders),
            Key::Char('l') if self.user.is_none() => self.form = Some(Form::log_in()),
            _ => return self.press_on_page(key),
        }
        vec![]
    }

    fn press_on_page(&mut self, key: Key) -> Vec<Ask> {
        match self.page {
            Page::Search => self.press_on_results(key),
            Page::Product => self.press_on_product(key),
            Page::Cart => self.press_on_cart(key),
            Page::Orders => self.press_on_orders(key),
            Page::Order => self.press_on_order(key),
        }
    }

    fn press_in_search(&mut self, key: Key) -> Vec<Ask> {
        match key {
            Key::Char(typed) => self.words.push(typed),
            Key::Erase => {
                self.words.pop();
            }
            Key::Ctrl('u') => self.words.clear(),
            Key::Enter => {
                self.typing = false;
                self.searched = self.words.trim().to_owned();
                return vec![self.search(None)];
            }
            Key::Escape | Key::Down | Key::Tab => self.typing = false,
            _ => {}
        }
        vec![]
    }

    fn press_on_results(&mut self, key: Key) -> Vec<Ask> {
        match key {
            Key::Up if self.products.row == 0 => self.typing = true,
            Key::Up => self.products.up(1),
            Key::PageUp => self.products.up(LEAP),
            Key::Down | Key::PageDown => {
                let rows = if key == Key::Down { 1 } else { LEAP };
                let cursor = self.products.down(rows);
                return Vec::from_iter(cursor.map(|cursor| self.search(Some(cursor))));
            }
            Key::Enter => {
                let chosen = self.products.chosen();
                return Vec::from_iter(chosen.map(|product| Ask::Product(product.id.clone())));
            }
            Key::Escape | Key::Tab => self.typing = true,
            _ => {}
        }
        vec![]
    }

    fn press_on_product(&mut self, key: Key) -> Vec<Ask> {
        let Some(looked) = &mut self.looked else {
            return vec![];
        };
        match key {
            Key::Up => looked.variant = looked.variant.saturating_sub(1),
            Key::Down => {
                looked.variant = (looked.variant + 1).min(looked.product.variants.len().saturating_sub(1));
            }
            Key::Char('+') | Key::Right => looked.quantity = (looked.quantity + 1).min(QUANTITY_MAX),
            Key::Char('-') | Key::Left => looked.quantity = (looked.quantity - 1).max(1),
            Key::Char('a') => return self.add_to_cart(),
            Key::Char('b') => self.form = self.purchase_form(),
            Key::Escape => self.page = Page::Search,
            _ => {}
        }
        vec![]
    }

    fn purchase_form(&self) -> Option<Form> {
        let looked = self.looked.as_ref()?;
        let variant = looked.chosen()?;
        let about = format!(
            "{} × {}, {} each",
            looked.quantity, looked.product.name, variant.price
        );
        let purpose = Purpose::Purchase(Purchase {
            product: looked.product.id.clone(),
            sku: variant.sku.clone(),
            quantity: looked.quantity,
        });
        Some(Form::order(
            about,
            purpose,
            &self.habits.country,
            &self.habits.card,
        ))
    }

    fn press_on_cart(&mut self, key: Key) -> Vec<Ask> {
        let rows = self.cart.as_ref().map_or(0, |cart| cart.items.len());
        match key {
            Key::Up => self.cart_row = self.cart_row.saturating_sub(1),
            Key::Down => self.cart_row = (self.cart_row + 1).min(rows.saturating_sub(1)),
            Key::Char('+') | Key::Right => return self.set_in_cart(|quantity| quantity.saturating_add(1)),
            Key::Char('-') | Key::Left => return self.set_in_cart(|quantity| quantity.saturating_sub(1)),
            Key::Char('x') | Key::Delete => return self.set_in_cart(|_| 0),
            Key::Char('o') | Key::Enter if rows > 0 => {
                let total = self.cart.as_ref().map(|cart| cart.total.to_string());
                let about = format!("The whole cart: {}", total.unwrap_or_default());
                let habits = &self.habits;
                self.form = Some(Form::order(
                    about,
                    Purpose::OrderCart,
                    &habits.country,
                    &habits.card,
                ));
            }
            Key::Escape => self.page = Page::Search,
            _ => {}
        }
        vec![]
    }

    fn press_on_orders(&mut self, key: Key) -> Vec<Ask> {
        match key {
            Key::Up => self.orders.up(1),
            Key::PageUp => self.orders.up(LEAP),
            Key::Down | Key::PageDown => {
                let rows = if key == Key::Down { 1 } else { LEAP };
                let cursor = self.orders.down(rows).map(Some);
                return Vec::from_iter(cursor.map(|cursor| Ask::Orders { cursor }));
            }
            Key::Enter => {
                let chosen = self.orders.chosen();
                return Vec::from_iter(chosen.map(|order| Ask::Order(order.id.clone())));
            }
            Key::Escape => self.page = Page::Search,
            _ => {}
        }
        vec![]
    }

    fn press_on_order(&mut self, key: Key) -> Vec<Ask> {
        let Some(order) = &self.order else {
            return vec![];
        };
        match key {
            Key::Char('c') => self.form = Some(Form::cancel_order(&order.id)),
            Key::Char('r') => return vec![Ask::Order(order.id.clone())],
            Key::Escape => return self.open(Page::Orders),
            _ => {}
        }
        vec![]
    }

    fn press_in_form(&mut self, mut form: Form, key: Key) -> Vec<Ask> {
        match key {
            Key::Escape => {
                self.denied = None;
                return vec![];
            }
            _ if form.sent => {}
            Key::Enter if form.is_at_end() => return self.submit(form),
            Key::Enter | Key::Tab | Key::Down => form.go(1),
            Key::BackTab | Key::Up => form.go(form.fields.len() - 1),
            Key::Left | Key::Right => form.choose(),
            Key::Char(typed) => form.type_in(typed),
            Key::Erase => form.erase(),
            Key::Ctrl('r') if matches!(form.purpose, Purpose::LogIn) => form = Form::register(),
            _ => {}
        }
        self.form = Some(form);
        vec![]
    }
}
