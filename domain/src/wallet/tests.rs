//! A wallet: money in, money out, never more out than in.

use cqrs_es::Aggregate;
use events::ids::{AccountId, OrderId, PaymentId, WithdrawalId};
use events::ledger::{JournalEntry, LedgerAccount};
use events::money::{Money, MoneyError};
use events::wallet::{
    CreditReason, WalletCredited, WalletDebited, WalletEvent, WithdrawalFailed, WithdrawalRequested,
    WithdrawalSettled,
};
use uuid::Uuid;

use super::{Wallet, WalletCommand, WalletError};
use crate::RefusalKind::{Conflict, Invalid};
use crate::given::{Then, at, euros, given, pence};

const OWNER: AccountId = AccountId(Uuid::from_u128(1));
const ORDER: OrderId = OrderId(Uuid::from_u128(2));
const WITHDRAWAL: WithdrawalId = WithdrawalId(Uuid::from_u128(3));

fn credited(amount: Money) -> WalletCredited {
    WalletCredited {
        account_id: OWNER,
        amount,
        reason: CreditReason::Deposit(PaymentId::default()),
        credited_at: at(0),
    }
}

fn debited(amount: Money) -> WalletDebited {
    WalletDebited {
        account_id: OWNER,
        amount,
        order_id: ORDER,
        debited_at: at(1),
    }
}

fn requested(amount: Money) -> WithdrawalRequested {
    WithdrawalRequested {
        account_id: OWNER,
        withdrawal_id: WITHDRAWAL,
        amount,
        destination: "bank_1".to_owned(),
        entry: JournalEntry::transfer(LedgerAccount::Wallet(OWNER), LedgerAccount::Withdrawals, amount),
        requested_at: at(2),
    }
}

fn settled(amount: Money) -> WithdrawalSettled {
    WithdrawalSettled {
        account_id: OWNER,
        withdrawal_id: WITHDRAWAL,
        amount,
        provider_reference: "po_1".to_owned(),
        entry: JournalEntry::transfer(LedgerAccount::Withdrawals, LedgerAccount::Provider, amount),
    }
}

fn failed(amount: Money) -> WithdrawalFailed {
    WithdrawalFailed {
        account_id: OWNER,
        withdrawal_id: WITHDRAWAL,
        amount,
        code: "closed".to_owned(),
        message: "the bank account is closed".to_owned(),
        entry: JournalEntry::transfer(LedgerAccount::Withdrawals, LedgerAccount::Wallet(OWNER), amount),
        failed_at: at(3),
    }
}

fn withdraw(amount: Money) -> WalletCommand {
    WalletCommand::RequestWithdrawal {
        account_id: OWNER,
        withdrawal_id: WITHDRAWAL,
        amount,
        destination: "bank_1".to_owned(),
        at: at(2),
    }
}

fn settle() -> WalletCommand {
    WalletCommand::SettleWithdrawal {
        withdrawal_id: WITHDRAWAL,
        provider_reference: "po_1".to_owned(),
    }
}

fn fail() -> WalletCommand {
    WalletCommand::FailWithdrawal {
        withdrawal_id: WITHDRAWAL,
        code: "closed".to_owned(),
        message: "the bank account is closed".to_owned(),
        at: at(3),
    }
}

fn holding(amount: Money) -> Vec<WalletEvent> {
    vec![credited(amount).into()]
}

fn not_covered(wanted: Money, balance: Money) -> WalletError {
    WalletError::NotCovered { wanted, balance }
}

#[test]
fn money_comes_in() {
    given::<Wallet>(vec![])
        .when(WalletCommand::Credit(credited(pence(10_00))))
        .then_expect_events(holding(pence(10_00)));
}

#[test]
fn a_balance_that_cannot_be_counted_is_refused() {
    given::<Wallet>(holding(pence(i64::MAX)))
        .when(WalletCommand::Credit(credited(pence(1))))
        .then_refused(
            WalletError::Money(MoneyError::Overflow),
            (Invalid, "amount_invalid", Some("amount")),
        );
}

#[test]
fn an_amount_is_above_zero() {
    for amount in [pence(0), pence(-1)] {
        for command in [
            WalletCommand::Credit(credited(amount)),
            WalletCommand::Debit(debited(amount)),
            withdraw(amount),
        ] {
            given::<Wallet>(holding(pence(10_00))).when(command).then_refused(
                WalletError::NotPositive { amount },
                (Invalid, "amount_invalid", Some("amount")),
            );
        }
    }
}

#[test]
fn what_is_there_can_be_spent_to_the_last_penny() {
    given::<Wallet>(holding(pence(10_00)))
        .when(WalletCommand::Debit(debited(pence(10_00))))
        .then_expect_events(vec![debited(pence(10_00)).into()]);
    given::<Wallet>(holding(pence(10_00)))
        .when(WalletCommand::Debit(debited(pence(10_01))))
        .then_refused(
            not_covered(pence(10_01), pence(10_00)),
            (Conflict, "wallet_not_covered", Some("amount")),
        );
}

#[test]
fn pounds_do_not_pay_for_euros() {
    given::<Wallet>(holding(pence(10_00)))
        .when(WalletCommand::Debit(debited(euros(1))))
        .then_refused(
            not_covered(euros(1), euros(0)),
            (Conflict, "wallet_not_covered", Some("amount")),
        );
}

#[test]
fn a_withdrawal_takes_the_money_out_at_once() {
    given::<Wallet>(holding(pence(10_00)))
        .when(withdraw(pence(10_00)))
        .then_expect_events(vec![requested(pence(10_00)).into()]);
    given::<Wallet>(holding(pence(10_00)))
        .and(vec![requested(pence(6_00)).into()])
        .when(WalletCommand::Debit(debited(pence(4_01))))
        .then_refused(
            not_covered(pence(4_01), pence(4_00)),
            (Conflict, "wallet_not_covered", Some("amount")),
        );
}

#[test]
fn to_ask_for_one_withdrawal_twice_asks_once() {
    given::<Wallet>(holding(pence(10_00)))
        .and(vec![requested(pence(4_00)).into()])
        .when(withdraw(pence(4_00)))
        .then_nothing();
}

#[test]
fn a_withdrawal_ends_once_well_or_badly() {
    let under_way = || vec![credited(pence(10_00)).into(), requested(pence(4_00)).into()];
    given::<Wallet>(under_way())
        .when(settle())
        .then_expect_events(vec![settled(pence(4_00)).into()]);
    given::<Wallet>(under_way())
        .when(fail())
        .then_expect_events(vec![failed(pence(4_00)).into()]);
    for end in [
        WalletEvent::from(settled(pence(4_00))),
        failed(pence(4_00)).into(),
    ] {
        given::<Wallet>(under_way())
            .and(vec![end.clone()])
            .when(settle())
            .then_nothing();
        given::<Wallet>(under_way())
            .and(vec![end])
            .when(fail())
            .then_nothing();
    }
    given::<Wallet>(vec![]).when(settle()).then_nothing();
    given::<Wallet>(vec![]).when(fail()).then_nothing();
}

#[test]
fn the_balance_follows_the_events_per_currency() {
    let mut wallet = Wallet::default();
    let mut balance_after = |event: WalletEvent| {
        wallet.apply(event);
        (
            wallet.balance(pence(0).currency()).amount_minor(),
            wallet.balance(euros(0).currency()).amount_minor(),
        )
    };
    assert_eq!(balance_after(credited(pence(10_00)).into()), (10_00, 0));
    assert_eq!(balance_after(credited(euros(3_00)).into()), (10_00, 3_00));
    assert_eq!(balance_after(debited(euros(1_00)).into()), (10_00, 2_00));
    assert_eq!(balance_after(requested(pence(4_00)).into()), (6_00, 2_00));
    assert_eq!(balance_after(failed(pence(4_00)).into()), (10_00, 2_00));
    assert_eq!(balance_after(requested(pence(4_00)).into()), (6_00, 2_00));
    assert_eq!(balance_after(settled(pence(4_00)).into()), (6_00, 2_00));
}
