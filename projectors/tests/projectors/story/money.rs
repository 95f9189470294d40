//! Payments, wallets, and money that moved without us.

use events::Event;
use events::ids::OrphanId;
use events::ledger::{JournalEntry, LedgerAccount};
use events::orphan::{OrphanEvent, OrphanFound, OrphanKind, OrphanReason};
use events::payment::{
    PaymentEvent, PaymentMethod, PaymentRequested, PaymentSettled, Purpose, RefundSettled,
};
use events::wallet::{
    CreditReason, WalletCredited, WalletDebited, WalletEvent, WithdrawalFailed, WithdrawalRequested,
    WithdrawalSettled,
};
use uuid::Uuid;

use super::{account, at, attempt, gbp, order, payment, refund, withdrawal};

pub fn payment_requested(n: u128, purpose: Purpose, minor: i64) -> Event {
    Event::Payment(PaymentEvent::PaymentRequested(PaymentRequested {
        payment_id: payment(n),
        purpose,
        customer: Some(account(n)),
        amount: gbp(minor),
        method: PaymentMethod::Card {
            token: "tok_secret".to_owned(),
        },
        attempt_id: Some(attempt(n)),
        requested_at: at(1),
    }))
}

pub fn payment_settled(n: u128, purpose: Purpose, minor: i64) -> Event {
    Event::Payment(PaymentEvent::PaymentSettled(PaymentSettled {
        payment_id: payment(n),
        purpose,
        customer: Some(account(n)),
        amount: gbp(minor),
        attempt_id: Some(attempt(n)),
        provider_reference: Some("ch_1".to_owned()),
        entry: JournalEntry(Vec::new()),
        settled_at: at(2),
    }))
}

pub fn refund_settled(n: u128, purpose: Purpose, minor: i64) -> Event {
    Event::Payment(PaymentEvent::RefundSettled(RefundSettled {
        payment_id: payment(n),
        purpose,
        customer: Some(account(n)),
        refund_id: refund(n),
        amount: gbp(minor),
        provider_reference: Some("re_1".to_owned()),
        entry: JournalEntry(Vec::new()),
    }))
}

pub fn credited(n: u128, minor: i64) -> Event {
    Event::Wallet(WalletEvent::WalletCredited(WalletCredited {
        account_id: account(n),
        amount: gbp(minor),
        reason: CreditReason::Deposit(payment(n)),
        credited_at: at(1),
    }))
}

pub fn debited(n: u128, minor: i64) -> Event {
    Event::Wallet(WalletEvent::WalletDebited(WalletDebited {
        account_id: account(n),
        amount: gbp(minor),
        order_id: order(n),
        debited_at: at(2),
    }))
}

pub fn withdrawal_requested(n: u128, minor: i64) -> Event {
    Event::Wallet(WalletEvent::WithdrawalRequested(WithdrawalRequested {
        account_id: account(n),
        withdrawal_id: withdrawal(n),
        amount: gbp(minor),
        destination: "ba_1".to_owned(),
        entry: JournalEntry(Vec::new()),
        requested_at: at(3),
    }))
}

pub fn withdrawal_settled(n: u128, minor: i64) -> Event {
    Event::Wallet(WalletEvent::WithdrawalSettled(WithdrawalSettled {
        account_id: account(n),
        withdrawal_id: withdrawal(n),
        amount: gbp(minor),
        provider_reference: "po_1".to_owned(),
        entry: JournalEntry(Vec::new()),
    }))
}

pub fn withdrawal_failed(n: u128, minor: i64) -> Event {
    Event::Wallet(WalletEvent::WithdrawalFailed(WithdrawalFailed {
        account_id: account(n),
        withdrawal_id: withdrawal(n),
        amount: gbp(minor),
        code: "account_closed".to_owned(),
        message: "The account is closed.".to_owned(),
        entry: JournalEntry(Vec::new()),
        failed_at: at(4),
    }))
}

/// After it had arrived.
pub fn withdrawal_sent_back(n: u128, minor: i64) -> Event {
    let wallet = LedgerAccount::Wallet(account(n));
    Event::Wallet(WalletEvent::WithdrawalFailed(WithdrawalFailed {
        account_id: account(n),
        withdrawal_id: withdrawal(n),
        amount: gbp(minor),
        code: "account_closed".to_owned(),
        message: "The account is closed.".to_owned(),
        entry: JournalEntry::transfer(LedgerAccount::Provider, wallet, gbp(minor)),
        failed_at: at(5),
    }))
}

/// Money that moved without us, the `n`th charge.
pub fn orphan_found(n: u128) -> Event {
    Event::Orphan(OrphanEvent::OrphanFound(OrphanFound {
        orphan_id: orphan(n),
        kind: OrphanKind::Charge,
        reason: OrphanReason::UnknownPayment,
        provider_reference: format!("pi_{n}"),
        payment_id: Some(payment(n)),
        amount: gbp(100),
        moved_at: at(600 + i64::try_from(n).unwrap()),
        found_at: at(699),
    }))
}

pub fn orphan(n: u128) -> OrphanId {
    OrphanId(Uuid::from_u128(n))
}
