//! What can be asked of a payment.

use chrono::{DateTime, Utc};
use events::ids::{AttemptId, RefundId};
use events::money::Money;
use events::payment::{PaymentMethod, PaymentRequested, SaleAgreed};

use super::sale::Returned;

#[derive(Debug, Clone)]
pub enum PaymentCommand {
    Request(PaymentRequested),
    /// Right after the request: on which terms the order's sellers are paid when it settles.
    AgreeSale(SaleAgreed),
    /// After a decline; the attempt is a new one.
    Retry {
        method: PaymentMethod,
        attempt_id: AttemptId,
    },
    /// The provider, the wallet or staff say that the money came. Saying it twice changes nothing.
    RecordSettled {
        attempt_id: Option<AttemptId>,
        provider_reference: Option<String>,
        at: DateTime<Utc>,
    },
    RecordDeclined {
        attempt_id: AttemptId,
        code: String,
        message: String,
    },
    /// It's no longer wanted. Does nothing if it's settled: that takes a refund.
    Cancel,
    /// Asking twice with one id asks once.
    RequestRefund {
        refund_id: RefundId,
        amount: Money,
        reason: String,
        /// As [`Self::RecordRefundSettled`] has it: without a provider it is settled at once.
        returned: Option<Returned>,
    },
    RecordRefundSettled {
        refund_id: RefundId,
        provider_reference: Option<String>,
        /// What of it is for goods that came back, by their sellers; missing if it isn't for goods.
        returned: Option<Returned>,
    },
    RecordRefundFailed {
        refund_id: RefundId,
        code: String,
        message: String,
    },
}
