//! A payment over all its attempts; what of it is given back is in `refunds`.

mod refunds;
mod story;

use events::ledger::{JournalEntry, LedgerAccount};
use events::payment::{
    PaymentEvent, PaymentMethod, PaymentRequested, PaymentSettled, Purpose, RefundRequested,
};

use story::*;

use super::{Payment, PaymentCommand, PaymentError, Status};
use crate::RefusalKind::{Conflict, Invalid, NotFound};
use crate::given::{Then, after as replayed, euros, given, pence};
use crate::refusal::Refusal;

#[test]
fn a_payment_is_asked_for_once() {
    given::<Payment>(vec![])
        .when(PaymentCommand::Request(requested()))
        .then_expect_events(processing());
    given::<Payment>(processing())
        .when(PaymentCommand::Request(requested()))
        .then_refused(PaymentError::AlreadyRequested, (Conflict, "payment_exists", None));
}

#[test]
fn nothing_can_be_asked_for_but_not_less() {
    let free = PaymentRequested {
        amount: pence(0),
        ..requested_by(external())
    };
    given::<Payment>(vec![])
        .when(PaymentCommand::Request(free.clone()))
        .then_expect_events(vec![free.into()]);
    given::<Payment>(vec![])
        .when(PaymentCommand::Request(PaymentRequested {
            amount: pence(-1),
            ..requested()
        }))
        .then_refused(
            PaymentError::Amount { amount: pence(-1) },
            (Invalid, "amount_invalid", Some("amount")),
        );
}

#[test]
fn to_a_payment_that_nobody_asked_for_nothing_can_happen() {
    for command in [
        retry(),
        record_settled(Some(FIRST), None),
        record_declined(FIRST),
        PaymentCommand::Cancel,
        request_refund(REFUND, pence(1)),
        record_refund_settled(),
        record_refund_failed(),
    ] {
        given::<Payment>(vec![])
            .when(command)
            .then_refused(PaymentError::NotFound, (NotFound, "payment_not_found", None));
    }
}

#[test]
fn a_charge_is_recorded_once() {
    let charge = || record_settled(Some(FIRST), Some("ch_1"));
    given::<Payment>(processing())
        .when(charge())
        .then_expect_events(vec![settled().into()]);
    given::<Payment>(after(settled())).when(charge()).then_nothing();
}

#[test]
fn the_money_comes_from_where_the_method_says_and_goes_where_the_purpose_says() {
    for (method, from) in [
        (PaymentMethod::Wallet, LedgerAccount::Wallet(PERSON)),
        (external(), LedgerAccount::External),
    ] {
        given::<Payment>(vec![requested_by(method).into()])
            .when(record_settled(None, None))
            .then_expect_events(vec![settled_from(from, None, None).into()]);
    }
    let deposit = Purpose::Deposit(PERSON);
    let wallet = LedgerAccount::Wallet(PERSON);
    let into_wallet = PaymentSettled {
        purpose: deposit,
        entry: JournalEntry::transfer(LedgerAccount::Provider, wallet, pence(8_00)),
        ..settled()
    };
    given::<Payment>(vec![
        PaymentRequested {
            purpose: deposit,
            ..requested()
        }
        .into(),
    ])
    .when(record_settled(Some(FIRST), Some("ch_1")))
    .then_expect_events(vec![into_wallet.into()]);
}

#[test]
fn a_charge_of_an_unknown_attempt_is_refused() {
    let told = (NotFound, "attempt_not_found", None);
    for attempt in [Some(SECOND), None] {
        given::<Payment>(processing())
            .when(record_settled(attempt, None))
            .then_refused(PaymentError::UnknownAttempt, told);
    }
    given::<Payment>(vec![requested().into(), declined().into(), retried().into()])
        .when(record_settled(Some(FIRST), None))
        .then_refused(PaymentError::UnknownAttempt, told);
}

#[test]
fn a_decline_is_recorded_while_its_attempt_is_in_flight() {
    given::<Payment>(processing())
        .when(record_declined(FIRST))
        .then_expect_events(vec![declined().into()]);
    given::<Payment>(processing())
        .when(record_declined(SECOND))
        .then_nothing();
    for history in [after(declined()), after(settled()), after(cancelled())] {
        given::<Payment>(history)
            .when(record_declined(FIRST))
            .then_nothing();
    }
    given::<Payment>(vec![requested().into(), declined().into(), retried().into()])
        .when(record_declined(FIRST))
        .then_nothing();
}

#[test]
fn the_provider_may_change_its_mind_about_a_decline() {
    given::<Payment>(after(declined()))
        .when(record_settled(Some(FIRST), Some("ch_1")))
        .then_expect_events(vec![settled().into()]);
}

#[test]
fn only_what_was_declined_is_tried_again() {
    given::<Payment>(after(declined()))
        .when(retry())
        .then_expect_events(vec![retried().into()]);
    for history in [processing(), after(settled()), after(cancelled())] {
        given::<Payment>(history).when(retry()).then_refused(
            PaymentError::NotDeclined,
            (Conflict, "payment_not_declined", None),
        );
    }
}

#[test]
fn a_second_attempt_settles_the_payment() {
    given::<Payment>(vec![requested().into(), declined().into(), retried().into()])
        .when(record_settled(Some(SECOND), Some("ch_2")))
        .then_expect_events(vec![
            settled_from(LedgerAccount::Provider, Some(SECOND), Some("ch_2")).into(),
        ]);
}

#[test]
fn what_is_not_settled_can_be_called_off() {
    for history in [processing(), after(declined())] {
        given::<Payment>(history)
            .when(PaymentCommand::Cancel)
            .then_expect_events(vec![cancelled().into()]);
    }
    for history in [after(settled()), after(cancelled())] {
        given::<Payment>(history)
            .when(PaymentCommand::Cancel)
            .then_nothing();
    }
}

#[test]
fn a_charge_that_arrives_after_the_cancellation_is_given_back_once() {
    let charge = || record_settled(Some(FIRST), Some("ch_1"));
    let decided = given::<Payment>(after(cancelled()))
        .when(charge())
        .inspect_result()
        .unwrap();
    let [
        PaymentEvent::PaymentSettled(charged),
        PaymentEvent::RefundRequested(refund),
    ] = decided.as_slice()
    else {
        panic!("{decided:?}");
    };
    assert_eq!(charged, &settled());
    let expected = RefundRequested {
        reason: "cancelled".to_owned(),
        ..refund_requested(refund.refund_id, 8_00)
    };
    assert_eq!(refund, &expected);
    // Its id follows from the payment's, so deciding it in two places asks for one refund.
    let again = given::<Payment>(after(cancelled()))
        .when(charge())
        .inspect_result()
        .unwrap();
    assert_eq!(again, decided);
    given::<Payment>(after(cancelled()))
        .and(decided)
        .when(charge())
        .then_nothing();
}

#[test]
fn what_other_use_cases_refuse_about_payments_is_told_too() {
    let token = PaymentError::CardToken { max_chars: 255 };
    assert_eq!(
        (token.kind(), token.code(), token.field().as_deref()),
        (Invalid, "card_token_invalid", Some("payment.token"))
    );
    let method = PaymentError::Method { allowed: "by card" };
    assert_eq!(
        (method.kind(), method.code(), method.field().as_deref()),
        (Invalid, "payment_method_invalid", Some("payment.method"))
    );
}
