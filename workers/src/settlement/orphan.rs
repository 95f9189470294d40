//! Gives back a charge that the log doesn't account for.

use domain::UnitOfWork;
use domain::orphan::Orphan;
use domain::orphans;

use super::{Known, given_back};
use crate::effects::{Shop, Verdict};
use crate::gateway::{PaymentGateway, RefundRequest};
use crate::intents::{Claimed, OrphanRefund};

pub(crate) async fn refund_orphan(
    shop: &Shop,
    gateway: &PaymentGateway,
    claimed: &Claimed,
    refund: &OrphanRefund,
) -> Result<Verdict, Verdict> {
    let OrphanRefund {
        orphan_id,
        refund_id,
        amount,
        ref provider_reference,
    } = *refund;
    let is_open = |work: &mut UnitOfWork| Ok(work.read::<Orphan>(orphan_id)?.refund_is_open(refund_id));
    if !shop.look(claimed, is_open).await? {
        return Ok(Verdict::done("it had been concluded"));
    }
    let request = RefundRequest {
        refund_id: refund_id.0,
        // No payment of ours has this id, so no webhook about it is taken for one's.
        payment_id: orphan_id.0,
        provider_reference: provider_reference.clone(),
        amount,
    };
    let known = given_back(gateway, claimed, &request).await?;
    record(shop, claimed, refund, known).await
}

async fn record(
    shop: &Shop,
    claimed: &Claimed,
    refund: &OrphanRefund,
    known: Known,
) -> Result<Verdict, Verdict> {
    let OrphanRefund {
        orphan_id, refund_id, ..
    } = *refund;
    match known {
        Known::Settled { provider_reference } => {
            let at = shop.clock.now();
            let settle = |work: &mut UnitOfWork| {
                orphans::settle_orphan_refund(work, orphan_id, refund_id, &provider_reference, at)
            };
            shop.command(claimed, settle).await?;
            Ok(Verdict::done(format!("refunded as {provider_reference}")))
        }
        Known::Failed { code, message } => {
            let fail = |work: &mut UnitOfWork| {
                orphans::fail_orphan_refund(work, orphan_id, refund_id, &code, &message)
            };
            shop.command(claimed, fail).await?;
            Ok(Verdict::done(format!("failed: {code}")))
        }
    }
}
