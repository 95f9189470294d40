//! What of a payment is given back.

use super::story::*;
use super::*;

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
