//! Charges the attempt of a payment.

use chrono::TimeDelta;
use domain::payment::{Payment, Requested, Status};
use domain::settlement::{self, DeclinePayment, SettlePayment};
use events::ids::{AttemptId, PaymentId};
use events::payment::{PaymentMethod, Purpose};

use super::{Known, Memo, known, remembered};
use crate::effects::{Shop, Verdict};
use crate::gateway::{ChargeRequest, Lookup, PaymentGateway};
use crate::intents::Claimed;
use crate::metrics::Movement;

/// A request that the provider has no trace of this long after we cancelled has never arrived and never will: far
/// above any proxy's or provider's own time limit.
const NEVER_ARRIVED_AFTER: TimeDelta = TimeDelta::minutes(10);

pub(crate) async fn charge(
    shop: &Shop,
    gateway: &PaymentGateway,
    claimed: &Claimed,
    payment_id: PaymentId,
    attempt_id: AttemptId,
) -> Result<Verdict, Verdict> {
    let payment = shop
        .look(claimed, |work| {
            Ok(work.read::<Payment>(payment_id)?.requested()?.clone())
        })
        .await?;
    if payment.attempt_id != Some(attempt_id) {
        return Ok(Verdict::done("a later attempt has taken its place"));
    }
    match payment.status {
        Status::Settled => return Ok(Verdict::done("it had been settled")),
        Status::Declined => return Ok(Verdict::done("it had been declined")),
        Status::Cancelled if !claimed.may_have_acted() => {
            return Ok(Verdict::done("it was cancelled before it was charged"));
        }
        Status::Cancelled | Status::Processing => {}
    }
    let PaymentMethod::Card { token } = &payment.method else {
        return Ok(Verdict::done("it needs no provider"));
    };
    if claimed.may_have_acted() {
        let memo = Memo::of(claimed);
        let reference = memo.as_ref().and_then(Memo::reference);
        let lookup = gateway
            .look_up_charge(attempt_id.0, payment_id.0, reference)
            .await;
        let still_wanted = payment.status == Status::Processing;
        match lookup {
            // Charging again with the same key asks the provider's books. That is no question to put about a payment
            // that nobody wants any more: it stays unknown, and the provider is asked again later.
            Lookup::NotListed { .. } if still_wanted => {}
            lookup => match remembered(Movement::Charge, lookup)? {
                Some(known) => return record(shop, claimed, (payment_id, attempt_id), known).await,
                None if still_wanted => {}
                None => return Ok(missing(shop, memo)),
            },
        }
    }
    let request = ChargeRequest {
        attempt_id: attempt_id.0,
        payment_id: payment_id.0,
        amount: payment.amount,
        method: token.clone(),
        description: description(&payment),
    };
    let known = known(Movement::Charge, gateway.charge(&request).await)?;
    record(shop, claimed, (payment_id, attempt_id), known).await
}

/// Nobody wants it any more and the provider doesn't know it. An earlier request may still be on its way, so this is only
/// believed after a while; charging again to make sure would take money that nobody owes.
fn missing(shop: &Shop, memo: Option<Memo>) -> Verdict {
    let now = shop.clock.now();
    match memo {
        Some(Memo::MissingSince(since)) if now - since >= NEVER_ARRIVED_AFTER => {
            Verdict::done("it was cancelled, and never charged")
        }
        Some(memo @ Memo::MissingSince(_)) => memo.wait(),
        Some(Memo::Pending(_)) | None => Memo::MissingSince(now).wait(),
    }
}

async fn record(
    shop: &Shop,
    claimed: &Claimed,
    (payment_id, attempt_id): (PaymentId, AttemptId),
    known: Known,
) -> Result<Verdict, Verdict> {
    match known {
        Known::Settled { provider_reference } => {
            let outcome = format!("settled as {provider_reference}");
            let settle = SettlePayment {
                payment_id,
                attempt_id,
                provider_reference,
                at: shop.clock.now(),
            };
            shop.command(claimed, |work| settlement::settle_payment(work, &settle))
                .await?;
            Ok(Verdict::Done { outcome })
        }
        Known::Failed { code, message } => {
            let outcome = format!("declined: {code}");
            let decline = DeclinePayment {
                payment_id,
                attempt_id,
                code,
                message,
            };
            shop.command(claimed, |work| settlement::decline_payment(work, &decline))
                .await?;
            Ok(Verdict::Done { outcome })
        }
    }
}

/// Must come out the same each time: the provider refuses one id with two meanings.
fn description(payment: &Requested) -> String {
    match payment.purpose {
        Purpose::Order(order_id) => format!("Order {order_id}"),
        Purpose::Deposit(_) => "Deposit into the wallet".to_owned(),
    }
}
