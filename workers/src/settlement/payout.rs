//! Pays out of a wallet to its owner's bank.

use domain::UnitOfWork;
use domain::wallet::Wallet;
use domain::wallets;

use super::{Known, Memo, known, remembered};
use crate::effects::{Shop, Verdict};
use crate::gateway::{PaymentGateway, PayoutRequest};
use crate::intents::{Claimed, Payout};
use crate::metrics::Movement;

pub(crate) async fn payout(
    shop: &Shop,
    gateway: &PaymentGateway,
    claimed: &Claimed,
    payout: &Payout,
) -> Result<Verdict, Verdict> {
    let Payout {
        account_id,
        withdrawal_id,
        amount,
        ref destination,
        requested_at,
    } = *payout;
    let open = shop
        .look(claimed, |work| {
            Ok(work.read::<Wallet>(account_id)?.withdrawal_is_open(withdrawal_id))
        })
        .await?;
    if !open {
        return Ok(Verdict::done("it had been concluded"));
    }
    if claimed.may_have_acted() {
        let memo = Memo::of(claimed);
        let reference = memo.as_ref().and_then(Memo::reference);
        let lookup = gateway
            .look_up_payout(withdrawal_id.0, reference, requested_at)
            .await;
        if let Some(known) = remembered(Movement::Payout, lookup)? {
            return record(shop, claimed, payout, known).await;
        }
    }
    let request = PayoutRequest {
        withdrawal_id: withdrawal_id.0,
        account_id: account_id.0,
        amount,
        destination: destination.clone(),
    };
    let known = known(Movement::Payout, gateway.payout(&request).await)?;
    record(shop, claimed, payout, known).await
}

async fn record(shop: &Shop, claimed: &Claimed, payout: &Payout, known: Known) -> Result<Verdict, Verdict> {
    let Payout {
        account_id,
        withdrawal_id,
        ..
    } = *payout;
    match known {
        Known::Settled { provider_reference } => {
            let settle = |work: &mut UnitOfWork| {
                wallets::settle_withdrawal(work, account_id, withdrawal_id, &provider_reference)
            };
            shop.command(claimed, settle).await?;
            Ok(Verdict::done(format!("paid out as {provider_reference}")))
        }
        Known::Failed { code, message } => {
            let at = shop.clock.now();
            let fail = |work: &mut UnitOfWork| {
                wallets::fail_withdrawal(work, account_id, withdrawal_id, &code, &message, at)
            };
            shop.command(claimed, fail).await?;
            Ok(Verdict::done(format!(
                "failed: {code}; the money is back in the wallet"
            )))
        }
    }
}
