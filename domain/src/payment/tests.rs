//! A payment over all its attempts, and what of it is given back.

use events::ids::{AccountId, AttemptId, OrderId, PaymentId, RefundId};
use events::ledger::{JournalEntry, LedgerAccount};
use events::money::Money;
use events::payment::{
    PaymentCancelled, PaymentDeclined, PaymentEvent, PaymentMethod, PaymentRequested, PaymentRetried,
    PaymentSettled, Purpose, RefundFailed, RefundRequested, RefundSettled,
};
use uuid::Uuid;

use super::{Payment, PaymentCommand, PaymentError, Status};
use crate::RefusalKind::{Conflict, Invalid, NotFound};
use crate::given::{Then, after as replayed, at, euros, given, pence};
use crate::refusal::Refusal;

const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(1));
const ORDER: Purpose = Purpose::Order(OrderId(Uuid::from_u128(2)));
const PERSON: AccountId = AccountId(Uuid::from_u128(3));
const CUSTOMER: Option<AccountId> = Some(PERSON);
const FIRST: AttemptId = AttemptId(Uuid::from_u128(4));
const SECOND: AttemptId = AttemptId(Uuid::from_u128(5));
const REFUND: RefundId = RefundId(Uuid::from_u128(6));
const OTHER_REFUND: RefundId = RefundId(Uuid::from_u128(7));

fn card(token: &str) -> PaymentMethod {
    PaymentMethod::Card {
        token: token.to_owned(),
    }
}

fn external() -> PaymentMethod {
    PaymentMethod::External {
        reference: "till 7".to_owned(),
    }
}

/// Eight pounds for an order, by card.
fn requested() -> PaymentRequested {
    PaymentRequested {
        payment_id: PAYMENT,
        purpose: ORDER,
        customer: CUSTOMER,
        amount: pence(8_00),
        method: card("tok_1"),
        attempt_id: Some(FIRST),
        requested_at: at(0),
    }
}

fn requested_by(method: PaymentMethod) -> PaymentRequested {
    PaymentRequested {
        method,
        attempt_id: None,
        ..requested()
    }
}

fn settled_from(
    from: LedgerAccount,
    attempt_id: Option<AttemptId>,
    reference: Option<&str>,
) -> PaymentSettled {
    PaymentSettled {
        payment_id: PAYMENT,
        purpose: ORDER,
        customer: CUSTOMER,
        amount: pence(8_00),
        attempt_id,
        provider_reference: reference.map(str::to_owned),
        entry: JournalEntry::transfer(from, LedgerAccount::Sales, pence(8_00)),
        settled_at: at(1),
    }
}

fn settled() -> PaymentSettled {
    settled_from(LedgerAccount::Provider, Some(FIRST), Some("ch_1"))
}

fn declined() -> PaymentDeclined {
    PaymentDeclined {
        payment_id: PAYMENT,
        purpose: ORDER,
        customer: CUSTOMER,
        attempt_id: FIRST,
        code: "funds".to_owned(),
        message: "not enough money".to_owned(),
    }
}

fn retried() -> PaymentRetried {
    PaymentRetried {
        payment_id: PAYMENT,
        purpose: ORDER,
        customer: CUSTOMER,
        amount: pence(8_00),
        method: card("tok_2"),
        attempt_id: SECOND,
    }
}

fn cancelled() -> PaymentCancelled {
    PaymentCancelled {
        payment_id: PAYMENT,
        purpose: ORDER,
        customer: CUSTOMER,
    }
}

fn refund_requested(refund_id: RefundId, minor: i64) -> RefundRequested {
    RefundRequested {
        payment_id: PAYMENT,
        purpose: ORDER,
        customer: CUSTOMER,
        refund_id,
        amount: pence(minor),
        provider_reference: Some("ch_1".to_owned()),
        reason: "goodwill".to_owned(),
    }
}

fn refund_settled(minor: i64, to: LedgerAccount, reference: Option<&str>) -> RefundSettled {
    RefundSettled {
        payment_id: PAYMENT,
        purpose: ORDER,
        customer: CUSTOMER,
        refund_id: REFUND,
        amount: pence(minor),
        provider_reference: reference.map(str::to_owned),
        entry: JournalEntry::transfer(LedgerAccount::Sales, to, pence(minor)),
    }
}

fn refund_failed() -> RefundFailed {
    RefundFailed {
        payment_id: PAYMENT,
        purpose: ORDER,
        customer: CUSTOMER,
        refund_id: REFUND,
        code: "closed".to_owned(),
        message: "the card is closed".to_owned(),
    }
}

fn record_settled(attempt_id: Option<AttemptId>, reference: Option<&str>) -> PaymentCommand {
    let provider_reference = reference.map(str::to_owned);
    PaymentCommand::RecordSettled {
        attempt_id,
        provider_reference,
        at: at(1),
    }
}

fn record_declined(attempt_id: AttemptId) -> PaymentCommand {
    let (code, message) = ("funds".to_owned(), "not enough money".to_owned());
    PaymentCommand::RecordDeclined {
        attempt_id,
        code,
        message,
    }
}

fn retry() -> PaymentCommand {
    PaymentCommand::Retry {
        method: card("tok_2"),
        attempt_id: SECOND,
    }
}

fn request_refund(refund_id: RefundId, amount: Money) -> PaymentCommand {
    PaymentCommand::RequestRefund {
        refund_id,
        amount,
        reason: "goodwill".to_owned(),
        returned: None,
    }
}

fn record_refund_settled() -> PaymentCommand {
    PaymentCommand::RecordRefundSettled {
        refund_id: REFUND,
        provider_reference: Some("re_1".to_owned()),
        returned: None,
    }
}

fn record_refund_failed() -> PaymentCommand {
    let (code, message) = ("closed".to_owned(), "the card is closed".to_owned());
    PaymentCommand::RecordRefundFailed {
        refund_id: REFUND,
        code,
        message,
    }
}

fn processing() -> Vec<PaymentEvent> {
    vec![requested().into()]
}

fn after(event: impl Into<PaymentEvent>) -> Vec<PaymentEvent> {
    vec![requested().into(), event.into()]
}

/// Settled, with so much of it asked back.
fn refunding(minor: i64) -> Vec<PaymentEvent> {
    vec![
        requested().into(),
        settled().into(),
        refund_requested(REFUND, minor).into(),
    ]
}

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
fn a_settled_payment_is_refunded_in_parts_up_to_its_amount() {
    given::<Payment>(after(settled()))
        .when(request_refund(REFUND, pence(8_00)))
        .then_expect_events(vec![refund_requested(REFUND, 8_00).into()]);
    given::<Payment>(refunding(5_00))
        .when(request_refund(OTHER_REFUND, pence(3_00)))
        .then_expect_events(vec![refund_requested(OTHER_REFUND, 3_00).into()]);
    given::<Payment>(refunding(5_00))
        .when(request_refund(OTHER_REFUND, pence(3_01)))
        .then_refused(
            PaymentError::RefundTooHigh {
                wanted: pence(3_01),
                refundable: pence(3_00),
            },
            (Conflict, "refund_too_high", Some("amount")),
        );
}

#[test]
fn to_ask_for_one_refund_twice_asks_once() {
    given::<Payment>(refunding(5_00))
        .when(request_refund(REFUND, pence(5_00)))
        .then_nothing();
}

#[test]
fn only_money_that_came_goes_back() {
    for history in [processing(), after(declined()), after(cancelled())] {
        given::<Payment>(history)
            .when(request_refund(REFUND, pence(1)))
            .then_refused(PaymentError::NotSettled, (Conflict, "payment_not_settled", None));
    }
}

#[test]
fn a_refund_is_above_zero_and_in_the_payments_currency() {
    for amount in [pence(0), pence(-1), euros(1_00)] {
        given::<Payment>(after(settled()))
            .when(request_refund(REFUND, amount))
            .then_refused(
                PaymentError::Amount { amount },
                (Invalid, "amount_invalid", Some("amount")),
            );
    }
}

#[test]
fn what_no_provider_charged_is_given_back_at_once() {
    for (method, source) in [
        (PaymentMethod::Wallet, LedgerAccount::Wallet(PERSON)),
        (external(), LedgerAccount::External),
    ] {
        let asked = RefundRequested {
            provider_reference: None,
            ..refund_requested(REFUND, 2_00)
        };
        given::<Payment>(vec![
            requested_by(method).into(),
            settled_from(source, None, None).into(),
        ])
        .when(request_refund(REFUND, pence(2_00)))
        .then_expect_events(vec![asked.into(), refund_settled(2_00, source, None).into()]);
    }
}

#[test]
fn a_refund_ends_once_well_or_badly() {
    let well = refund_settled(5_00, LedgerAccount::Provider, Some("re_1"));
    given::<Payment>(refunding(5_00))
        .when(record_refund_settled())
        .then_expect_events(vec![well.clone().into()]);
    given::<Payment>(refunding(5_00))
        .when(record_refund_failed())
        .then_expect_events(vec![refund_failed().into()]);
    for end in [PaymentEvent::from(well), refund_failed().into()] {
        for command in [record_refund_settled(), record_refund_failed()] {
            given::<Payment>(refunding(5_00))
                .and(vec![end.clone()])
                .when(command)
                .then_nothing();
        }
    }
    for command in [record_refund_settled(), record_refund_failed()] {
        given::<Payment>(after(settled()))
            .when(command)
            .then_refused(PaymentError::UnknownRefund, (NotFound, "refund_not_found", None));
    }
}

#[test]
fn a_refund_that_failed_can_be_asked_for_again() {
    given::<Payment>(refunding(8_00))
        .and(vec![refund_failed().into()])
        .when(request_refund(OTHER_REFUND, pence(8_00)))
        .then_expect_events(vec![refund_requested(OTHER_REFUND, 8_00).into()]);
}

#[test]
fn what_can_be_given_back_follows_the_events() {
    let of = |history: Vec<PaymentEvent>| {
        let payment: Payment = replayed(history);
        let requested = payment.requested().unwrap();
        (requested.status, requested.refundable().amount_minor())
    };
    assert_eq!(of(processing()), (Status::Processing, 0));
    assert_eq!(of(after(declined())), (Status::Declined, 0));
    assert_eq!(of(after(cancelled())), (Status::Cancelled, 0));
    assert_eq!(of(after(settled())), (Status::Settled, 8_00));
    assert_eq!(of(refunding(5_00)), (Status::Settled, 3_00));
    assert_eq!(Payment::default().requested(), Err(PaymentError::NotFound));
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
