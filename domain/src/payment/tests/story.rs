//! One payment of eight pounds for an order: what can happen to it, and what can be wanted of it.

use events::ids::{AccountId, AttemptId, OrderId, PaymentId, RefundId};
use events::ledger::{JournalEntry, LedgerAccount};
use events::money::Money;
use events::payment::{
    PaymentCancelled, PaymentDeclined, PaymentEvent, PaymentMethod, PaymentRequested, PaymentRetried,
    PaymentSettled, Purpose, RefundFailed, RefundRequested, RefundSettled,
};
use uuid::Uuid;

use crate::given::{at, pence};
use crate::payment::PaymentCommand;

pub const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(1));
pub const ORDER: Purpose = Purpose::Order(OrderId(Uuid::from_u128(2)));
pub const PERSON: AccountId = AccountId(Uuid::from_u128(3));
pub const CUSTOMER: Option<AccountId> = Some(PERSON);
pub const FIRST: AttemptId = AttemptId(Uuid::from_u128(4));
pub const SECOND: AttemptId = AttemptId(Uuid::from_u128(5));
pub const REFUND: RefundId = RefundId(Uuid::from_u128(6));
pub const OTHER_REFUND: RefundId = RefundId(Uuid::from_u128(7));

pub fn card(token: &str) -> PaymentMethod {
    PaymentMethod::Card {
        token: token.to_owned(),
    }
}

pub fn external() -> PaymentMethod {
    PaymentMethod::External {
        reference: "till 7".to_owned(),
    }
}

/// Eight pounds for an order, by card.
pub fn requested() -> PaymentRequested {
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

pub fn requested_by(method: PaymentMethod) -> PaymentRequested {
    PaymentRequested {
        method,
        attempt_id: None,
        ..requested()
    }
}

pub fn settled_from(
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

pub fn settled() -> PaymentSettled {
    settled_from(LedgerAccount::Provider, Some(FIRST), Some("ch_1"))
}

pub fn declined() -> PaymentDeclined {
    PaymentDeclined {
        payment_id: PAYMENT,
        purpose: ORDER,
        customer: CUSTOMER,
        attempt_id: FIRST,
        code: "funds".to_owned(),
        message: "not enough money".to_owned(),
    }
}

pub fn retried() -> PaymentRetried {
    PaymentRetried {
        payment_id: PAYMENT,
        purpose: ORDER,
        customer: CUSTOMER,
        amount: pence(8_00),
        method: card("tok_2"),
        attempt_id: SECOND,
    }
}

pub fn cancelled() -> PaymentCancelled {
    PaymentCancelled {
        payment_id: PAYMENT,
        purpose: ORDER,
        customer: CUSTOMER,
    }
}

pub fn refund_requested(refund_id: RefundId, minor: i64) -> RefundRequested {
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

pub fn refund_settled(minor: i64, to: LedgerAccount, reference: Option<&str>) -> RefundSettled {
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

pub fn refund_failed() -> RefundFailed {
    RefundFailed {
        payment_id: PAYMENT,
        purpose: ORDER,
        customer: CUSTOMER,
        refund_id: REFUND,
        code: "closed".to_owned(),
        message: "the card is closed".to_owned(),
    }
}

pub fn record_settled(attempt_id: Option<AttemptId>, reference: Option<&str>) -> PaymentCommand {
    let provider_reference = reference.map(str::to_owned);
    PaymentCommand::RecordSettled {
        attempt_id,
        provider_reference,
        at: at(1),
    }
}

pub fn record_declined(attempt_id: AttemptId) -> PaymentCommand {
    let (code, message) = ("funds".to_owned(), "not enough money".to_owned());
    PaymentCommand::RecordDeclined {
        attempt_id,
        code,
        message,
    }
}

pub fn retry() -> PaymentCommand {
    PaymentCommand::Retry {
        method: card("tok_2"),
        attempt_id: SECOND,
    }
}

pub fn request_refund(refund_id: RefundId, amount: Money) -> PaymentCommand {
    PaymentCommand::RequestRefund {
        refund_id,
        amount,
        reason: "goodwill".to_owned(),
        returned: None,
    }
}

pub fn record_refund_settled() -> PaymentCommand {
    PaymentCommand::RecordRefundSettled {
        refund_id: REFUND,
        provider_reference: Some("re_1".to_owned()),
        returned: None,
    }
}

pub fn record_refund_failed() -> PaymentCommand {
    let (code, message) = ("closed".to_owned(), "the card is closed".to_owned());
    PaymentCommand::RecordRefundFailed {
        refund_id: REFUND,
        code,
        message,
    }
}

pub fn processing() -> Vec<PaymentEvent> {
    vec![requested().into()]
}

pub fn after(event: impl Into<PaymentEvent>) -> Vec<PaymentEvent> {
    vec![requested().into(), event.into()]
}

/// Settled, with so much of it asked back.
pub fn refunding(minor: i64) -> Vec<PaymentEvent> {
    vec![
        requested().into(),
        settled().into(),
        refund_requested(REFUND, minor).into(),
    ]
}
