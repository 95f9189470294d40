//! Gives back part or all of a charge.

use domain::UnitOfWork;
use domain::payment::Payment;
use domain::settlement;
use events::payment::PaymentMethod;

use super::{Known, given_back};
use crate::effects::{Shop, Verdict};
use crate::gateway::{PaymentGateway, RefundRequest};
use crate::intents::{Claimed, Refund};

pub(crate) async fn refund(
    shop: &Shop,
    gateway: &PaymentGateway,
    claimed: &Claimed,
    refund: &Refund,
) -> Result<Verdict, Verdict> {
    let Refund {
        payment_id,
        refund_id,
        amount,
        ref provider_reference,
    } = *refund;
    let payment = shop
        .look(claimed, |work| {
            Ok(work.read::<Payment>(payment_id)?.requested()?.clone())
        })
        .await?;
    if !payment.refund_is_open(refund_id) {
        return Ok(Verdict::done("it had been concluded"));
    }
    if !matches!(payment.method, PaymentMethod::Card { .. }) {
        return Ok(Verdict::done("it needs no provider"));
    }
    let request = RefundRequest {
        refund_id: refund_id.0,
        payment_id: payment_id.0,
        provider_reference: provider_reference.clone(),
        amount,
    };
    let known = given_back(gateway, claimed, &request).await?;
    record(shop, claimed, refund, known).await
}

async fn record(shop: &Shop, claimed: &Claimed, refund: &Refund, known: Known) -> Result<Verdict, Verdict> {
    let Refund {
        payment_id,
        refund_id,
        ..
    } = *refund;
    match known {
        Known::Settled { provider_reference } => {
            let settle = |work: &mut UnitOfWork| {
                settlement::settle_refund(work, payment_id, refund_id, &provider_reference)
            };
            shop.command(claimed, settle).await?;
            Ok(Verdict::done(format!("refunded as {provider_reference}")))
        }
        Known::Failed { code, message } => {
            // The customer is owed money that the provider won't give back: staff must hear of it.
            tracing::error!(payment.id = %payment_id, refund.id = %refund_id, code, "a refund failed for good");
            let fail =
                |work: &mut UnitOfWork| settlement::fail_refund(work, payment_id, refund_id, &code, &message);
            shop.command(claimed, fail).await?;
            Ok(Verdict::done(format!("failed: {code}")))
        }
    }
}
