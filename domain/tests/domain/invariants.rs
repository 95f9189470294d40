//! What must hold after every command, recounted from all events ever and compared with the aggregates.

use std::collections::{BTreeMap, BTreeSet};

use domain::stock::Stock;
use domain::wallet::Wallet;
use events::Event;
use events::credit_note::CreditNoteEvent;
use events::ids::{AccountId, OrderId, PaymentId, RefundId, Sku};
use events::ledger::{JournalEntry, LedgerAccount};
use events::money::{Currency, Money};
use events::order::OrderEvent;
use events::payment::PaymentEvent;
use events::stock::StockEvent;
use events::wallet::WalletEvent;

use crate::shop::Shop;

pub fn check(shop: &mut Shop) {
    stock(shop);
    ledger(shop);
    settlements(shop);
}

#[derive(Default)]
struct Shelf {
    on_hand: i64,
    reserved: BTreeMap<OrderId, i64>,
}

impl Shelf {
    fn reserved(&self) -> i64 {
        self.reserved.values().sum()
    }
}

/// Stock never goes below zero, nothing is promised twice, and what leaves was promised.
fn stock(shop: &mut Shop) {
    let mut shelves: BTreeMap<Sku, Shelf> = BTreeMap::new();
    for event in &shop.log {
        let Event::Stock(event) = event else { continue };
        let (sku, change, reservation) = match event {
            StockEvent::StockListed(e) => (&e.sku, 0, None),
            StockEvent::StockReceived(e) => (&e.sku, i64::from(e.quantity), None),
            StockEvent::StockReserved(e) => (&e.sku, 0, Some((e.order_id, i64::from(e.quantity)))),
            StockEvent::ReservationReleased(e) => (&e.sku, 0, Some((e.order_id, -i64::from(e.quantity)))),
            StockEvent::StockShipped(e) => {
                let quantity = -i64::from(e.quantity);
                (&e.sku, quantity, Some((e.order_id, quantity)))
            }
            StockEvent::StockSold(e) => (&e.sku, -i64::from(e.quantity), None),
            StockEvent::StockReturned(e) => (&e.sku, i64::from(e.quantity), None),
            StockEvent::StockAdjusted(e) => (&e.sku, e.delta, None),
        };
        let shelf = shelves.entry(sku.clone()).or_default();
        shelf.on_hand += change;
        if let Some((order_id, quantity)) = reservation {
            let promised = shelf.reserved.entry(order_id).or_insert(0);
            *promised += quantity;
            assert!(
                *promised >= 0,
                "{sku}: more left for {order_id} than it was promised"
            );
        }
        assert!(
            shelf.reserved() <= shelf.on_hand,
            "{sku}: promised {} of {}",
            shelf.reserved(),
            shelf.on_hand
        );
    }
    for (sku, shelf) in shelves {
        let stock: Stock = shop.look(&sku);
        let counted = (
            shelf.on_hand.cast_unsigned(),
            (shelf.on_hand - shelf.reserved()).cast_unsigned(),
        );
        assert_eq!((stock.on_hand(), stock.available()), counted, "{sku}");
    }
}

fn entry(event: &Event) -> Option<&JournalEntry> {
    match event {
        Event::Payment(PaymentEvent::PaymentSettled(e)) => Some(&e.entry),
        Event::Payment(PaymentEvent::RefundSettled(e)) => Some(&e.entry),
        Event::Wallet(WalletEvent::WithdrawalRequested(e)) => Some(&e.entry),
        Event::Wallet(WalletEvent::WithdrawalSettled(e)) => Some(&e.entry),
        Event::Wallet(WalletEvent::WithdrawalFailed(e)) => Some(&e.entry),
        Event::Wallet(WalletEvent::SellerDebtIncurred(e)) => Some(&e.entry),
        Event::Wallet(WalletEvent::SellerDebtRepaid(e)) => Some(&e.entry),
        Event::CreditNote(CreditNoteEvent::CreditNoteIssued(e)) => Some(&e.entry),
        _ => None,
    }
}

/// Money only moves; and what the ledger says of a wallet, the wallet says too, and it is never below zero.
fn ledger(shop: &mut Shop) {
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    let mut wallets: BTreeMap<(AccountId, Currency), i64> = BTreeMap::new();
    for event in &shop.log {
        if let Event::Wallet(WalletEvent::WalletCredited(e)) = event {
            wallets.entry((e.account_id, e.amount.currency())).or_insert(0);
        }
        if let Event::Wallet(WalletEvent::SaleCredited(e)) = event {
            wallets.entry((e.account_id, e.amount.currency())).or_insert(0);
        }
        let Some(entry) = entry(event) else { continue };
        assert!(entry.imbalance().is_empty(), "{entry:?}");
        for posting in &entry.0 {
            let (currency, minor) = (posting.amount.currency(), posting.amount.amount_minor());
            *sums.entry(currency).or_insert(0) += i128::from(minor);
            if let LedgerAccount::Wallet(owner) = posting.account {
                *wallets.entry((owner, currency)).or_insert(0) += minor;
            }
        }
    }
    assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
    for ((owner, currency), balance) in wallets {
        assert!(balance >= 0, "{owner} owes {balance}");
        let wallet: Wallet = shop.look(owner);
        assert_eq!(wallet.balance(currency), Money::new(balance, currency), "{owner}");
    }
}

/// A payment settles once, its order is paid once, no more goes back than came, and all that came for an
/// order that is cancelled is asked back.
fn settlements(shop: &Shop) {
    let mut settled: BTreeMap<PaymentId, Money> = BTreeMap::new();
    let mut refunds: BTreeMap<PaymentId, BTreeMap<RefundId, i64>> = BTreeMap::new();
    let mut asked_back: BTreeMap<PaymentId, i64> = BTreeMap::new();
    let (mut payments, mut cancelled) = (BTreeMap::new(), vec![]);
    let (mut paid, mut returned) = (BTreeMap::new(), BTreeSet::new());
    for event in &shop.log {
        match event {
            Event::Payment(PaymentEvent::PaymentSettled(e)) => {
                assert!(
                    settled.insert(e.payment_id, e.amount).is_none(),
                    "{} settled twice",
                    e.payment_id
                );
            }
            Event::Payment(PaymentEvent::RefundRequested(e)) => {
                *asked_back.entry(e.payment_id).or_insert(0) += e.amount.amount_minor();
                let of_payment = refunds.entry(e.payment_id).or_default();
                assert!(of_payment.insert(e.refund_id, e.amount.amount_minor()).is_none());
            }
            Event::Payment(PaymentEvent::RefundFailed(e)) => {
                refunds.entry(e.payment_id).or_default().insert(e.refund_id, 0);
            }
            Event::Payment(PaymentEvent::RefundSettled(e)) => {
                assert!(returned.insert(e.refund_id), "{} settled twice", e.refund_id);
            }
            Event::Order(OrderEvent::OrderPlaced(e)) => {
                payments.insert(e.order_id, e.payment_id);
            }
            Event::Order(OrderEvent::OrderCancelled(e)) => cancelled.push(e.order_id),
            Event::Order(OrderEvent::OrderPaid(e)) => {
                assert!(
                    paid.insert(e.order_id, (e.payment_id, e.total)).is_none(),
                    "{} paid twice",
                    e.order_id
                );
            }
            _ => {}
        }
    }
    for (order_id, (payment_id, total)) in paid {
        assert_eq!(
            settled.get(&payment_id),
            Some(&total),
            "{order_id} paid without money"
        );
    }
    for order_id in cancelled {
        let payment_id = payments[&order_id];
        let came = settled.get(&payment_id).map_or(0, Money::amount_minor);
        let asked = asked_back.get(&payment_id).copied().unwrap_or(0);
        assert!(
            asked >= came,
            "{order_id} is cancelled, and {asked} of {came} asked back"
        );
    }
    for (payment_id, refunds) in refunds {
        let given: i64 = refunds.values().sum();
        let came = settled.get(&payment_id).map_or(0, Money::amount_minor);
        assert!(given <= came, "{payment_id}: {given} of {came} given back");
    }
}
