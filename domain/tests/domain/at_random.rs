//! Any commands in any order: what must hold holds after each of them. The invariants are checked by
//! the shop; a refused command is checked to have left no trace.

use domain::cancellation::CancelOrder;
use domain::catalogue::{ChangeStock, EditProduct, StockChange};
use domain::checkout::{Basket, PlaceOrder, SetCartItem};
use domain::fulfilment::ReturnOrder;
use domain::history::{PastLine, RecordCreditNote, RecordPastOrder};
use domain::settlement::{DeclinePayment, RefundPayment, RetryPayment, SettlePayment};
use domain::wallets::{RequestDeposit, RequestWithdrawal};
use domain::{Authority, cancellation, catalogue, checkout, fulfilment, history, settlement, wallets};
use events::ids::{AccountId, AttemptId, OrderId, PaymentId, ProductId, RefundId, Sku, WithdrawalId};
use events::payment::PaymentMethod;
use events::sealed::Sealed;
use proptest::prelude::*;

use crate::shop::{ANNA, BOB, Outcome, Shop, at, card, pence, ship, sku};
use crate::steps::{CUSTOMERS, SKUS, Step, steps};

/// A shop, and what the steps so far have made that later ones can refer to.
struct Run {
    shop: Shop,
    products: Vec<ProductId>,
    orders: Vec<PlaceOrder>,
    /// With all of its attempts.
    payments: Vec<(PaymentId, AccountId, Vec<AttemptId>)>,
    refunds: Vec<(PaymentId, RefundId)>,
    withdrawals: Vec<(AccountId, WithdrawalId)>,
}

fn pick<T: Clone>(all: &[T], index: usize) -> Option<T> {
    (!all.is_empty()).then(|| all[index % all.len()].clone())
}

fn lines(lines: &[(usize, u32)]) -> Vec<(Sku, u32)> {
    lines
        .iter()
        .map(|(index, quantity)| (sku(SKUS[*index]), *quantity))
        .collect()
}

fn method(by_wallet: bool) -> PaymentMethod {
    if by_wallet { PaymentMethod::Wallet } else { card() }
}

impl Run {
    fn new() -> Self {
        let mut shop = Shop::new();
        let products = vec![
            shop.sells("LAMP", 4, 5),
            shop.sells("MUG", 3, 2),
            shop.sells("LEAFLET", 0, 3),
        ];
        shop.funds(ANNA, 15);
        Self {
            shop,
            products,
            orders: vec![],
            payments: vec![],
            refunds: vec![],
            withdrawals: vec![],
        }
    }

    /// Runs a command, and says whether it was accepted.
    fn count<T: std::fmt::Debug>(&mut self, command: impl FnOnce(&mut Shop) -> Outcome<T>) -> bool {
        let before = self.shop.log.len();
        let outcome = command(&mut self.shop);
        let accepted = outcome.result.is_ok();
        assert!(accepted || (outcome.events.is_empty() && self.shop.log.len() == before));
        accepted
    }

    fn step(&mut self, step: &Step) -> Option<()> {
        match step.clone() {
            Step::Receive { sku, quantity } => self.change_stock(sku, StockChange::Receive(quantity)),
            Step::Adjust { sku, delta } => self.change_stock(sku, StockChange::Adjust(delta)),
            Step::SetPrice { sku, minor } => self.set_price(sku, minor),
            Step::Deposit { customer, minor } => self.deposit(CUSTOMERS[customer], minor),
            Step::Withdraw { customer, minor } => self.withdraw(CUSTOMERS[customer], minor),
            Step::EndWithdrawal { withdrawal, well } => {
                let (account_id, id) = pick(&self.withdrawals, withdrawal)?;
                self.count(|shop| {
                    shop.when(|work| {
                        if well {
                            return wallets::settle_withdrawal(work, account_id, id, "po");
                        }
                        wallets::fail_withdrawal(work, account_id, id, "code", "message", at(1))
                    })
                });
            }
            Step::PutInCart {
                customer,
                sku: index,
                quantity,
            } => {
                let set = SetCartItem {
                    account_id: CUSTOMERS[customer],
                    sku: sku(SKUS[index]),
                    quantity,
                };
                self.count(|shop| shop.when(|work| checkout::set_cart_item(work, &set)));
            }
            Step::Place {
                customer,
                lines,
                by_wallet,
            } => self.place(CUSTOMERS[customer], lines, by_wallet),
            Step::Settle {
                payment,
                earlier_attempt,
            } => {
                let (payment_id, _, attempts) = pick(&self.payments, payment)?;
                let attempt_id = if earlier_attempt {
                    attempts.first()
                } else {
                    attempts.last()
                };
                let settle = SettlePayment {
                    payment_id,
                    attempt_id: *attempt_id?,
                    provider_reference: "ch".to_owned(),
                    at: at(1),
                };
                self.count(|shop| shop.when(|work| settlement::settle_payment(work, &settle)));
            }
            Step::Decline { payment } => {
                let (payment_id, _, attempts) = pick(&self.payments, payment)?;
                let (code, message) = ("code".to_owned(), "message".to_owned());
                let attempt_id = *attempts.last()?;
                let decline = DeclinePayment {
                    payment_id,
                    attempt_id,
                    code,
                    message,
                };
                self.count(|shop| shop.when(|work| settlement::decline_payment(work, &decline)));
            }
            Step::Retry {
                payment,
                by_wallet,
                minute,
            } => self.retry(payment, method(by_wallet), minute)?,
            Step::Cancel { order, by, minute } => self.cancel(order, by, minute)?,
            Step::Ship { order } => {
                let ship = ship(&pick(&self.orders, order)?);
                self.count(|shop| shop.when(|work| fulfilment::ship_order(work, &ship)));
            }
            Step::Deliver { order } => {
                let order_id = pick(&self.orders, order)?.order_id;
                self.count(|shop| shop.when(|work| fulfilment::deliver_order(work, order_id, at(3))));
            }
            Step::Return {
                order,
                by_staff,
                quantities,
            } => self.take_back(order, by_staff, quantities)?,
            Step::Refund { payment, minor } => {
                let (payment_id, ..) = pick(&self.payments, payment)?;
                let refund = RefundPayment {
                    payment_id,
                    refund_id: self.shop.refund_id(),
                    amount: minor.map(pence),
                    reason: "goodwill".to_owned(),
                    at: at(5),
                };
                self.refunds.push((payment_id, refund.refund_id));
                self.count(|shop| shop.when(|work| settlement::refund_payment(work, &refund)));
            }
            Step::EndRefund { refund, well } => {
                let (payment_id, id) = pick(&self.refunds, refund)?;
                self.count(|shop| {
                    shop.when(|work| {
                        if well {
                            return settlement::settle_refund(work, payment_id, id, "re");
                        }
                        settlement::fail_refund(work, payment_id, id, "code", "message")
                    })
                });
            }
            Step::RecordPast { sku, quantity, minor } => self.record_past(sku, quantity, minor),
            Step::RecordCreditNote { sku, quantity, minor } => self.record_credit_note(sku, quantity, minor),
            Step::Restart => self.shop.restart(),
        }
        Some(())
    }

    fn change_stock(&mut self, index: usize, change: StockChange) {
        let command = ChangeStock {
            product_id: self.products[index],
            sku: sku(SKUS[index]),
            by: Authority::Staff,
            change,
            reason: "count".to_owned(),
        };
        self.count(|shop| shop.when(|work| catalogue::change_stock(work, &command)));
    }

    fn set_price(&mut self, index: usize, minor: i64) {
        let command = EditProduct {
            product_id: self.products[index],
            by: Authority::Staff,
            expected_version: None,
            name: None,
            description: None,
            category: None,
            prices: [(sku(SKUS[index]), pence(minor))].into(),
            add: vec![],
            remove: vec![],
            listed: None,
        };
        self.count(|shop| shop.when(|work| catalogue::edit_product(work, &command)));
    }

    fn deposit(&mut self, account_id: AccountId, minor: i64) {
        let command = RequestDeposit {
            payment_id: self.shop.new_id(),
            attempt_id: self.shop.attempt_id(),
            account_id,
            amount: pence(minor),
            card_token: "tok".to_owned(),
            at: at(0),
        };
        if self.count(|shop| shop.when(|work| wallets::request_deposit(work, &command))) {
            self.payments
                .push((command.payment_id, account_id, vec![command.attempt_id]));
        }
    }

    fn withdraw(&mut self, account_id: AccountId, minor: i64) {
        let command = RequestWithdrawal {
            withdrawal_id: self.shop.new_id(),
            account_id,
            amount: pence(minor),
            destination: "bank".to_owned(),
            at: at(0),
        };
        if self.count(|shop| shop.when(|work| wallets::request_withdrawal(work, &command))) {
            self.withdrawals.push((account_id, command.withdrawal_id));
        }
    }

    fn place(&mut self, customer: AccountId, some: Option<Vec<(usize, u32)>>, by_wallet: bool) {
        let order = PlaceOrder {
            customer,
            basket: some.map_or(Basket::Cart, |some| Basket::Lines(lines(&some))),
            method: method(by_wallet),
            ..self.shop.order(&[])
        };
        if self.count(|shop| shop.place(&order)) {
            self.payments
                .push((order.payment_id, customer, vec![order.attempt_id]));
            self.orders.push(order);
        }
    }

    fn retry(&mut self, payment: usize, method: PaymentMethod, minute: i64) -> Option<()> {
        let (payment_id, customer, _) = pick(&self.payments, payment)?;
        let attempt_id = self.shop.attempt_id();
        let by = Authority::Account(customer);
        let command = RetryPayment {
            payment_id,
            by,
            method,
            attempt_id,
            at: at(minute),
        };
        if self.count(|shop| shop.when(|work| settlement::retry_payment(work, &command))) {
            let known = self.payments.iter_mut().find(|known| known.0 == payment_id);
            known?.2.push(attempt_id);
        }
        Some(())
    }

    fn cancel(&mut self, order: usize, by: usize, minute: i64) -> Option<()> {
        let order = pick(&self.orders, order)?;
        let by = [
            Authority::Staff,
            Authority::System,
            Authority::Account(order.customer),
            Authority::Account(BOB),
        ][by];
        let refund_id = self.shop.refund_id();
        let command = CancelOrder {
            order_id: order.order_id,
            by,
            refund_id,
            at: at(minute),
        };
        self.count(|shop| shop.when(|work| cancellation::cancel_order(work, &command)));
        self.refunds.push((order.payment_id, refund_id));
        Some(())
    }

    fn take_back(&mut self, order: usize, by_staff: bool, some: Option<Vec<(usize, u32)>>) -> Option<()> {
        let order = pick(&self.orders, order)?;
        let by = if by_staff {
            Authority::Staff
        } else {
            Authority::Account(order.customer)
        };
        let refund_id = self.shop.refund_id();
        let command = ReturnOrder {
            order_id: order.order_id,
            by,
            quantities: some.map(|some| lines(&some).into_iter().collect()),
            refund_id,
            reason: "too bright".to_owned(),
            at: at(10),
        };
        self.count(|shop| shop.when(|work| fulfilment::return_order(work, &command)));
        self.refunds.push((order.payment_id, refund_id));
        Some(())
    }

    fn record_past(&mut self, index: usize, quantity: u32, minor: i64) {
        let command = RecordPastOrder {
            order_id: self.shop.new_id::<OrderId>(),
            payment_id: self.shop.new_id(),
            customer: None,
            contact: Sealed("contact".to_owned()),
            country: "France".to_owned(),
            lines: vec![PastLine {
                sku: sku(SKUS[index]),
                quantity,
                unit_price: pence(minor),
            }],
            placed_at: at(-1),
            reference: None,
            now: at(0),
        };
        if self.count(|shop| shop.when(|work| history::record_past_order(work, &command))) {
            // It can be returned and refunded like any other.
            let order = PlaceOrder {
                order_id: command.order_id,
                payment_id: command.payment_id,
                ..self.shop.order(&[])
            };
            self.payments.push((command.payment_id, ANNA, vec![]));
            self.orders.push(order);
        }
    }

    fn record_credit_note(&mut self, index: usize, quantity: u32, minor: i64) {
        let command = RecordCreditNote {
            credit_note_id: self.shop.new_id(),
            customer: None,
            country: "France".to_owned(),
            lines: vec![PastLine {
                sku: sku(SKUS[index]),
                quantity,
                unit_price: pence(minor),
            }],
            reason: "broken".to_owned(),
            issued_at: at(-1),
            reference: None,
            now: at(0),
        };
        self.count(|shop| shop.when(|work| history::record_credit_note(work, &command)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_must_hold_holds_after_any_commands(steps in steps()) {
        let mut run = Run::new();
        for step in &steps {
            run.step(step);
        }
        // The aggregates in memory are what their events make of them.
        run.shop.restart();
        crate::invariants::check(&mut run.shop);
    }
}
