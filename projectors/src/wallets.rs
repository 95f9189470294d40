//! Wallets and their entries, from the wallets' events.

use chrono::{DateTime, Utc};
use events::Event;
use events::ids::AccountId;
use events::ledger::LedgerAccount;
use events::money::{Currency, Money};
use events::wallet::{CreditReason, WalletEvent, WithdrawalFailed};
use read_models::ViewName;
use read_models::wallet_entries::{MovementReason, WalletEntry};
use read_models::wallets::Wallet;

use crate::amounts::{minus, plus};
use crate::projection::{Fact, Projection};

pub struct Wallets;

impl Projection for Wallets {
    const VIEW: ViewName = ViewName::Wallets;
    type Row = Wallet;
    type Entry = WalletEntry;

    fn keys(event: &Event) -> Vec<(AccountId, Currency)> {
        let Event::Wallet(event) = event else {
            return Vec::new();
        };
        let (account, amount) = match event {
            WalletEvent::WalletCredited(e) => (e.account_id, e.amount),
            WalletEvent::WalletDebited(e) => (e.account_id, e.amount),
            WalletEvent::SaleCredited(e) => (e.account_id, e.amount),
            WalletEvent::SaleReversed(e) => (e.account_id, e.amount),
            WalletEvent::SellerDebtIncurred(e) => (e.account_id, e.amount),
            WalletEvent::SellerDebtRepaid(e) => (e.account_id, e.amount),
            WalletEvent::WithdrawalRequested(e) => (e.account_id, e.amount),
            WalletEvent::WithdrawalSettled(e) => (e.account_id, e.amount),
            WalletEvent::WithdrawalFailed(e) => (e.account_id, e.amount),
        };
        vec![(account, amount.currency())]
    }

    fn apply(
        (account, currency): &(AccountId, Currency),
        row: Option<Wallet>,
        fact: &Fact,
        entries: &mut Vec<WalletEntry>,
    ) -> Option<Wallet> {
        let Event::Wallet(event) = &fact.event else {
            return row;
        };
        let mut wallet = row.unwrap_or_else(|| Wallet::empty(*account, *currency));
        wallet.pending_withdrawals = pending(wallet.pending_withdrawals, event);
        wallet.position = fact.position;
        if let Some((amount, reason, at)) = movement(event, fact.recorded_at) {
            wallet.balance = plus(wallet.balance, amount);
            entries.push(WalletEntry {
                account: *account,
                position: fact.position,
                at,
                amount,
                balance: wallet.balance,
                reason,
            });
        }
        Some(wallet)
    }
}

/// By how much an event changes the balance, why, and when. Nothing for a withdrawal that arrives: it left the
/// balance when it was asked for.
fn movement(
    event: &WalletEvent,
    recorded_at: DateTime<Utc>,
) -> Option<(Money, MovementReason, DateTime<Utc>)> {
    Some(match event {
        WalletEvent::WalletCredited(e) => {
            let reason = match e.reason {
                CreditReason::Deposit(payment) => MovementReason::Deposit(payment),
                CreditReason::Refund(refund) => MovementReason::Refund(refund),
            };
            (e.amount, reason, e.credited_at)
        }
        WalletEvent::WalletDebited(e) => {
            let reason = MovementReason::Purchase(e.order_id);
            (e.amount.negated(), reason, e.debited_at)
        }
        WalletEvent::SaleCredited(e) => (e.amount, MovementReason::Sale(e.order_id), recorded_at),
        WalletEvent::SaleReversed(e) => {
            let reason = MovementReason::SaleReversed(e.order_id);
            (e.amount.negated(), reason, recorded_at)
        }
        WalletEvent::SellerDebtIncurred(e) => {
            (e.amount, MovementReason::DebtIncurred(e.order_id), recorded_at)
        }
        WalletEvent::SellerDebtRepaid(e) => {
            let reason = MovementReason::DebtRepaid(e.order_id);
            (e.amount.negated(), reason, recorded_at)
        }
        WalletEvent::WithdrawalRequested(e) => {
            let reason = MovementReason::Withdrawal(e.withdrawal_id);
            (e.amount.negated(), reason, e.requested_at)
        }
        WalletEvent::WithdrawalFailed(e) => {
            let reason = MovementReason::WithdrawalFailed(e.withdrawal_id);
            (e.amount, reason, e.failed_at)
        }
        WalletEvent::WithdrawalSettled(_) => return None,
    })
}

/// What is on its way to the bank after an event.
fn pending(before: Money, event: &WalletEvent) -> Money {
    match event {
        WalletEvent::WithdrawalRequested(e) => plus(before, e.amount),
        WalletEvent::WithdrawalSettled(e) => minus(before, e.amount),
        WalletEvent::WithdrawalFailed(e) if !was_sent_back(e) => minus(before, e.amount),
        _ => before,
    }
}

/// It had arrived before: it wasn't under way any more.
fn was_sent_back(failed: &WithdrawalFailed) -> bool {
    let mut postings = failed.entry.0.iter();
    postings.any(|posting| posting.account == LedgerAccount::Provider)
}
