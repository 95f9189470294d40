//! What the terminal shows, and what a key or an answer makes of it. Pure: it asks by returning questions.

mod answers;
pub mod form;
mod keys;
pub mod list;

use crate::api::documents::{Cart, Order, Product, Variant};
use crate::api::{Ask, Terms};
use form::{Form, Purpose};
use list::List;

pub use keys::Key;

/// Units that one can choose at once by the keys.
const QUANTITY_MAX: u32 = 999;

/// What fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    Search,
    Product,
    Cart,
    Orders,
    Order,
}

/// A product that is looked at.
pub struct Looked {
    pub product: Product,
    /// Which of its variants is chosen.
    pub variant: usize,
    pub quantity: u32,
}

impl Looked {
    /// None, if nothing of it is sold any more.
    pub fn chosen(&self) -> Option<&Variant> {
        self.product.variants.get(self.variant)
    }
}

/// What was said last, below the page.
#[derive(Debug, PartialEq, Eq)]
pub enum Notice {
    Good(String),
    Bad(String),
}

/// What an order takes by default.
#[derive(Default)]
pub struct Habits {
    pub country: String,
    pub card: String,
}

pub struct App {
    pub page: Page,
    /// What is being typed into the search.
    pub words: String,
    /// Whether keys go into the search rather than to its results.
    pub typing: bool,
    /// What the results are of.
    pub searched: String,
    pub products: List<Product>,
    pub looked: Option<Looked>,
    pub cart: Option<Cart>,
    pub cart_row: usize,
    pub orders: List<Order>,
    pub order: Option<Order>,
    pub form: Option<Form>,
    pub help: bool,
    pub notice: Option<Notice>,
    /// Questions that aren't answered yet.
    pub waiting: usize,
    pub user: Option<String>,
    pub habits: Habits,
    pub over: bool,
    /// Asked again once somebody has logged in.
    denied: Option<Ask>,
}

impl App {
    pub fn new(habits: Habits) -> Self {
        Self {
            page: Page::Search,
            words: String::new(),
            typing: true,
            searched: String::new(),
            products: List::default(),
            looked: None,
            cart: None,
            cart_row: 0,
            orders: List::default(),
            order: None,
            form: None,
            help: false,
            notice: None,
            waiting: 0,
            user: None,
            habits,
            over: false,
            denied: None,
        }
    }

    /// What it asks before any key: the newest products.
    pub fn begin(&self) -> Vec<Ask> {
        vec![self.search(None)]
    }

    fn search(&self, cursor: Option<String>) -> Ask {
        Ask::Search {
            words: self.searched.clone(),
            cursor,
        }
    }

    fn open(&mut self, page: Page) -> Vec<Ask> {
        self.page = page;
        match page {
            Page::Cart => vec![Ask::Cart],
            Page::Orders => vec![Ask::Orders { cursor: None }],
            Page::Search | Page::Product | Page::Order => vec![],
        }
    }

    fn add_to_cart(&self) -> Vec<Ask> {
        let chosen = self
            .looked
            .as_ref()
            .and_then(|looked| Some((looked.chosen()?, looked.quantity)));
        let ask = chosen.map(|(variant, quantity)| Ask::AddToCart {
            sku: variant.sku.clone(),
            more: quantity,
        });
        Vec::from_iter(ask)
    }

    /// Another number of the cart's row under the cursor.
    fn set_in_cart(&mut self, change: impl Fn(u32) -> u32) -> Vec<Ask> {
        let row = self.cart_row;
        let item = self.cart.as_mut().and_then(|cart| cart.items.get_mut(row));
        let ask = item.map(|item| {
            // Shown at once, so that the next key goes on from it; the answer has the last word.
            item.quantity = change(item.quantity).min(QUANTITY_MAX);
            Ask::SetInCart {
                sku: item.sku.clone(),
                quantity: item.quantity,
            }
        });
        Vec::from_iter(ask)
    }

    fn submit(&mut self, mut form: Form) -> Vec<Ask> {
        let text = |field| form.text(field).trim().to_owned();
        let ask = match &form.purpose {
            Purpose::LogIn => Ask::LogIn {
                login: text(0),
                password: form.text(1).to_owned(),
            },
            Purpose::Register => Ask::Register {
                username: text(0),
                email: text(1),
                password: form.text(2).to_owned(),
            },
            Purpose::Purchase(purchase) => Ask::Purchase {
                product: purchase.product.clone(),
                sku: purchase.sku.clone(),
                quantity: purchase.quantity,
                terms: self.agree(&form),
            },
            Purpose::OrderCart => Ask::OrderCart(self.agree(&form)),
            Purpose::CancelOrder(id) => Ask::CancelOrder {
                id: id.clone(),
                reason: text(0),
            },
        };
        form.sent = true;
        self.form = Some(form);
        vec![ask]
    }

    /// What an order's form says; the next one begins with it.
    fn agree(&mut self, form: &Form) -> Terms {
        let country = form.text(0).trim().to_owned();
        let card = form.text(2).trim().to_owned();
        self.habits.country.clone_from(&country);
        let by_card = form.text(1) == form::BY_CARD;
        if by_card {
            self.habits.card.clone_from(&card);
        }
        Terms {
            country,
            card: by_card.then_some(card),
        }
    }
}

#[cfg(test)]
mod tests;
