//! What each customer means to the reports: the days on which they bought, from the orders, and the carts that they began,
//! from the carts' events. A cart begins when something is put into an empty one, and ends when it is ordered or emptied.
//!
//! Carts' events have no time of their own: they count on the day on which they were recorded.

use chrono::NaiveDate;
use events::Event;
use events::cart::CartEvent;
use events::ids::AccountId;
use events::order::OrderEvent;
use read_models::customers::Customer;
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct Customers;

impl Projection for Customers {
    const VIEW: ViewName = ViewName::Customers;
    type Row = Customer;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<AccountId> {
        let account = match event {
            Event::Order(OrderEvent::OrderPaid(e)) => e.customer,
            Event::Cart(CartEvent::CartItemSet(e)) => Some(e.account_id),
            Event::Cart(CartEvent::CartItemRemoved(e)) => Some(e.account_id),
            Event::Cart(CartEvent::CartCheckedOut(e)) => Some(e.account_id),
            _ => None,
        };
        Vec::from_iter(account)
    }

    fn apply(
        account: &AccountId,
        row: Option<Customer>,
        fact: &Fact,
        _: &mut Vec<NoEntries>,
    ) -> Option<Customer> {
        let mut customer = row.unwrap_or_else(|| Customer::new(*account));
        match &fact.event {
            Event::Order(OrderEvent::OrderPaid(e)) => {
                customer.bought.insert(e.paid_at.date_naive());
            }
            Event::Cart(event) => change_cart(&mut customer, event, fact.recorded_at.date_naive()),
            _ => {}
        }
        Some(customer)
    }
}

fn change_cart(customer: &mut Customer, event: &CartEvent, today: NaiveDate) {
    match event {
        CartEvent::CartItemSet(e) => {
            if customer.cart_begun.is_none() {
                customer.cart_begun = Some(today);
                customer.carts.entry(today).or_default().begun += 1;
            }
            customer.in_cart.insert(e.sku.clone());
        }
        CartEvent::CartItemRemoved(e) => {
            customer.in_cart.remove(&e.sku);
            if customer.in_cart.is_empty() {
                customer.cart_begun = None;
            }
        }
        CartEvent::CartCheckedOut(_) => {
            customer.in_cart.clear();
            if let Some(begun) = customer.cart_begun.take() {
                customer.carts.entry(today).or_default().ordered += 1;
                customer.carts.entry(begun).or_default().converted += 1;
            }
        }
    }
}
