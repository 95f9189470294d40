//! The test payment methods and what each of them does. The first group has Stripe's own names and habits; the
//! `pm_card_sandbox_…` group acts out the failures of a network that Stripe's test mode cannot.

use serde_json::{Value, json};

/// How often `pm_card_sandbox_unavailable` refuses to work before it charges: twice, so that a caller which retries
/// only once is found out.
pub(crate) const UNAVAILABLE_ANSWERS: i64 = 2;

/// What happens when a payment is confirmed with a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Charges at once.
    Succeed,
    /// The bank says no.
    Decline(Decline),
    /// Keeps the caller waiting and never charges.
    HangWithoutCharge,
    /// Charges, stores the answer, then keeps the caller waiting for it.
    ChargeThenHang,
    /// Charges later; until then the intent is `processing`.
    Process,
    /// Answers 503 [`UNAVAILABLE_ANSWERS`] times per request, then charges.
    UnavailableFirst,
}

/// A bank's refusal, in Stripe's words.
#[expect(clippy::struct_field_names, reason = "`decline_code` is the name on the wire")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decline {
    pub code: &'static str,
    pub decline_code: Option<&'static str>,
    pub message: &'static str,
}

const GENERIC_DECLINE: Decline = Decline {
    code: "card_declined",
    decline_code: Some("generic_decline"),
    message: "Your card was declined.",
};

const INSUFFICIENT_FUNDS: Decline = Decline {
    code: "card_declined",
    decline_code: Some("insufficient_funds"),
    message: "Your card has insufficient funds.",
};

const EXPIRED_CARD: Decline = Decline {
    code: "expired_card",
    decline_code: None,
    message: "Your card has expired.",
};

impl Decline {
    /// The intent's `last_payment_error`.
    pub fn to_json(self, method: &str) -> Value {
        json!({
            "type": "card_error",
            "code": self.code,
            "decline_code": self.decline_code,
            "message": self.message,
            "payment_method": { "id": method, "object": "payment_method", "type": "card" },
        })
    }
}

/// What the method named `name` does; `None` if there is no such method.
pub(crate) fn behaviour(name: &str) -> Option<Behaviour> {
    let behaviour = match name {
        "pm_card_visa" | "pm_card_mastercard" | "pm_card_amex" | REFUND_THEN_HANG => Behaviour::Succeed,
        "pm_card_chargeDeclined" | "pm_card_visa_chargeDeclined" => Behaviour::Decline(GENERIC_DECLINE),
        "pm_card_chargeDeclinedInsufficientFunds" | "pm_card_visa_chargeDeclinedInsufficientFunds" => {
            Behaviour::Decline(INSUFFICIENT_FUNDS)
        }
        "pm_card_chargeDeclinedExpiredCard" => Behaviour::Decline(EXPIRED_CARD),
        "pm_card_sandbox_timeout" => Behaviour::HangWithoutCharge,
        "pm_card_sandbox_chargeThenHang" => Behaviour::ChargeThenHang,
        "pm_card_sandbox_processing" => Behaviour::Process,
        "pm_card_sandbox_unavailable" => Behaviour::UnavailableFirst,
        _ => return None,
    };
    Some(behaviour)
}

/// A payment with this method succeeds; a refund of it is booked, then its answer hangs.
pub(crate) const REFUND_THEN_HANG: &str = "pm_card_sandbox_refundThenHang";

/// A payout to this account fails: it has been closed.
pub(crate) const CLOSED_ACCOUNT: &str = "acct_sandbox_closed";

/// A payout to this account is pending for the processing delay, then paid.
pub(crate) const SLOW_ACCOUNT: &str = "acct_sandbox_slow";

/// A payout to this account is made, then its answer hangs.
pub(crate) const PAY_THEN_HANG_ACCOUNT: &str = "acct_sandbox_payThenHang";

/// A payout to this account hangs and is never made.
pub(crate) const TIMEOUT_ACCOUNT: &str = "acct_sandbox_timeout";
