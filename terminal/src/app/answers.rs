//! What an answer makes of the app.

use super::form::Form;
use super::list::List;
use super::{App, Looked, Notice, Page};
use crate::api::documents::Placed;
use crate::api::{Answer, ApiError, Ask};

impl App {
    /// Takes in what came of a question.
    pub fn take(&mut self, asked: Ask, came: Result<Answer, ApiError>) -> Vec<Ask> {
        match came {
            Ok(answer) => self.take_answer(asked, answer),
            Err(ApiError::NotLoggedIn) => {
                self.user = None;
                self.denied = Some(asked);
                self.form = Some(Form::log_in());
                vec![]
            }
            Err(error) => {
                self.take_error(&error);
                vec![]
            }
        }
    }

    fn take_error(&mut self, error: &ApiError) {
        match &mut self.form {
            Some(form) => {
                form.sent = false;
                form.fault = Some(error.to_string());
            }
            None => self.notice = Some(Notice::Bad(error.to_string())),
        }
    }

    fn take_answer(&mut self, asked: Ask, answer: Answer) -> Vec<Ask> {
        match answer {
            Answer::LoggedIn(user) => return self.take_login(user),
            Answer::Products(page) => {
                if let Ask::Search { words, cursor } = asked
                    && words == self.searched
                {
                    self.products.take(page, cursor.is_none());
                }
            }
            Answer::Product(product) => {
                self.looked = Some(Looked {
                    product,
                    variant: 0,
                    quantity: 1,
                });
                self.page = Page::Product;
            }
            Answer::Cart(cart) => {
                if let Ask::AddToCart { sku, more } = asked {
                    self.notice = Some(Notice::Good(format!("{more} × {sku} in the cart; 2 shows it")));
                }
                self.cart_row = self.cart_row.min(cart.items.len().saturating_sub(1));
                self.cart = Some(cart);
            }
            Answer::Placed(placed) => return self.take_order(&placed),
            Answer::Orders(page) => {
                let is_first = matches!(asked, Ask::Orders { cursor: None });
                self.orders.take(page, is_first);
            }
            Answer::Order(order) => {
                if let Ask::CancelOrder { .. } = asked {
                    self.form = None;
                    self.notice = Some(Notice::Good("Cancelled".to_owned()));
                }
                self.order = Some(*order);
                self.page = Page::Order;
            }
        }
        vec![]
    }

    /// What was denied for want of a login is asked again.
    fn take_login(&mut self, user: String) -> Vec<Ask> {
        self.form = None;
        self.notice = Some(Notice::Good(format!("Welcome, {user}")));
        self.user = Some(user);
        self.orders = List::default();
        Vec::from_iter(self.denied.take())
    }

    fn take_order(&mut self, placed: &Placed) -> Vec<Ask> {
        let state = if placed.paid {
            "paid"
        } else {
            "waiting for its payment"
        };
        self.form = None;
        self.notice = Some(Notice::Good(format!("Ordered for {}: {state}", placed.total)));
        vec![Ask::Order(placed.order_id.clone())]
    }
}
