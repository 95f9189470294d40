//! Money: every entry balances, and every wallet is what its entries say and never below zero.

use std::collections::BTreeMap;

use events::Event;
use events::credit_note::CreditNoteEvent;
use events::envelope::RecordedEvent;
use events::ids::AccountId;
use events::ledger::{JournalEntry, LedgerAccount};
use events::money::{Currency, Money};
use events::payment::PaymentEvent;
use events::wallet::WalletEvent;

use super::{Broken, Rule};

/// The movement of money that an event records, if it records one.
fn entry(event: &Event) -> Option<&JournalEntry> {
    match event {
        Event::Payment(PaymentEvent::PaymentSettled(event)) => Some(&event.entry),
        Event::Payment(PaymentEvent::RefundSettled(event)) => Some(&event.entry),
        Event::Wallet(WalletEvent::WithdrawalRequested(event)) => Some(&event.entry),
        Event::Wallet(WalletEvent::WithdrawalSettled(event)) => Some(&event.entry),
        Event::Wallet(WalletEvent::WithdrawalFailed(event)) => Some(&event.entry),
        Event::Wallet(WalletEvent::SellerDebtIncurred(event)) => Some(&event.entry),
        Event::Wallet(WalletEvent::SellerDebtRepaid(event)) => Some(&event.entry),
        Event::CreditNote(CreditNoteEvent::CreditNoteIssued(event)) => Some(&event.entry),
        _ => None,
    }
}

pub struct Balanced;

impl Rule for Balanced {
    fn name(&self) -> &'static str {
        "every journal entry sums to zero per currency, and so does the ledger"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        let Some(entry) = entry(event) else { return };
        for (currency, rest) in entry.imbalance() {
            broken.add(
                recorded.position,
                format_args!("{rest} minor units of {currency} are left over"),
            );
        }
    }
}

type Balances = BTreeMap<(AccountId, Currency), i128>;

#[derive(Default)]
pub struct Wallets {
    /// By the wallets' own events.
    owned: Balances,
    /// By the journal entries.
    posted: Balances,
}

impl Rule for Wallets {
    fn name(&self) -> &'static str {
        "no wallet goes below zero, and each agrees with the ledger"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        for posting in entry(event).map_or(&[][..], |entry| &entry.0) {
            if let LedgerAccount::Wallet(owner) = posting.account {
                add(&mut self.posted, owner, posting.amount);
            }
        }
        let Event::Wallet(event) = event else { return };
        let (owner, change) = match event {
            WalletEvent::WalletCredited(event) => (event.account_id, event.amount),
            WalletEvent::WalletDebited(event) => (event.account_id, event.amount.negated()),
            WalletEvent::SaleCredited(event) => (event.account_id, event.amount),
            WalletEvent::SaleReversed(event) => (event.account_id, event.amount.negated()),
            WalletEvent::SellerDebtIncurred(event) => (event.account_id, event.amount),
            WalletEvent::SellerDebtRepaid(event) => (event.account_id, event.amount.negated()),
            WalletEvent::WithdrawalRequested(event) => (event.account_id, event.amount.negated()),
            WalletEvent::WithdrawalFailed(event) => (event.account_id, event.amount),
            WalletEvent::WithdrawalSettled(_) => return,
        };
        let balance = add(&mut self.owned, owner, change);
        if balance < 0 {
            broken.add(
                recorded.position,
                format_args!("the wallet of {owner} stands at {balance}"),
            );
        }
    }

    fn end(&mut self, broken: &mut Broken) {
        self.owned.retain(|_, balance| *balance != 0);
        self.posted.retain(|_, balance| *balance != 0);
        for key in self.owned.keys().chain(self.posted.keys()) {
            let (owned, posted) = (self.owned.get(key), self.posted.get(key));
            if owned != posted {
                broken.add(
                    0,
                    format_args!(
                        "the wallet of {} has {owned:?}, its entries say {posted:?}",
                        key.0
                    ),
                );
            }
        }
    }
}

fn add(balances: &mut Balances, owner: AccountId, change: Money) -> i128 {
    let balance = balances.entry((owner, change.currency())).or_insert(0);
    *balance += i128::from(change.amount_minor());
    *balance
}
