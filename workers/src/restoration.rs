//! After a restore from a backup: brings the log up to what the payment provider knows, before the shop accepts anything.
//!
//! The provider has carried out what the log has forgotten, or never heard the end of. What bears an id that the log still
//! knows is settled as the provider says; the rest is written down as orphans, each to be given back or acknowledged by a
//! person. Until when nothing is accepted, is left to whoever runs the shop; so are emails, which may go out again.

use chrono::{DateTime, TimeDelta, Utc};
use cqrs_es::Aggregate;
use domain::wallet::Wallet;
use domain::{UnitOfWork, settlement, wallets};
use events::Event;
use events::envelope::StreamId;
use events::ids::{AccountId, PaymentId, RefundId, WithdrawalId};
use events::orphan::{OrphanKind, OrphanReason};
use events::wallet::WalletEvent;

use crate::gateway::{ProviderChargeStatus, ProviderPayout, ProviderRefund};
use crate::reconciliation::{Orphan, Reconciliation, ReconciliationError, ReconciliationReport};

/// How long before the backup the provider's books are read: what was under way then, and the difference of two clocks.
const MARGIN: TimeDelta = TimeDelta::hours(1);

/// What the provider knew better.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaughtUp {
    /// Movements that the provider listed.
    pub listed: usize,
    pub payments_settled: usize,
    pub refunds_settled: usize,
    pub payouts_settled: usize,
    /// Written down in the log by now.
    pub orphans: Vec<Orphan>,
}

impl Reconciliation {
    /// Compares everything since a backup was taken, and leaves nothing out because it is young: nobody else is settling.
    /// May be repeated; what was found before is found again and changes nothing.
    pub async fn catch_up(&self, backup_taken_at: DateTime<Utc>) -> Result<CaughtUp, ReconciliationError> {
        let since = backup_taken_at - MARGIN;
        // A refund names its charge, so the charges are looked at last: none that is refunded meanwhile is missed.
        let payouts = self.gateway.list_payouts(since).await?;
        let refunds = self.gateway.list_refunds(since).await?;
        let charges = self.list(since).await?;
        let mut report = ReconciliationReport::default();
        for charge in &charges {
            if charge.status == ProviderChargeStatus::Succeeded {
                self.place(charge, &mut report).await?;
            }
        }
        let mut caught_up = CaughtUp {
            listed: charges.len() + refunds.len() + payouts.len(),
            payments_settled: report.settled.len(),
            orphans: report.orphans,
            ..CaughtUp::default()
        };
        for refund in &refunds {
            self.place_refund(refund, &mut caught_up).await?;
        }
        for payout in &payouts {
            self.place_payout(payout, &mut caught_up).await?;
        }
        self.write_down(&caught_up.orphans).await?;
        Ok(caught_up)
    }

    async fn place_refund(
        &self,
        refund: &ProviderRefund,
        caught_up: &mut CaughtUp,
    ) -> Result<(), ReconciliationError> {
        let Some(payment_id) = refund.payment_id.map(PaymentId) else {
            return Ok(()); // by hand, of a charge of whomever: the provider's own pages are the place to look
        };
        let Some(payment) = self.payment(payment_id).await? else {
            return Ok(()); // its charge is an orphan, of what hasn't been given back
        };
        let orphan = |reason| Orphan {
            kind: OrphanKind::Refund,
            provider_reference: refund.provider_reference.clone(),
            payment_id: Some(payment_id),
            amount: refund.amount,
            reason,
            moved_at: refund.created,
        };
        let known = refund
            .refund_id
            .map(RefundId)
            .filter(|id| payment.has_refund(*id));
        let Some(refund_id) = known else {
            caught_up.orphans.push(orphan(OrphanReason::UnknownRefund));
            return Ok(());
        };
        let Some(amount) = payment.open_refund(refund_id) else {
            return Ok(());
        };
        if amount != refund.amount {
            caught_up.orphans.push(orphan(OrphanReason::OtherAmount));
        } else if refund.is_settled {
            let reference = &refund.provider_reference;
            let settle =
                |work: &mut UnitOfWork| settlement::settle_refund(work, payment_id, refund_id, reference);
            self.executor.execute(&self.context(), settle).await?;
            caught_up.refunds_settled += 1;
        }
        Ok(())
    }

    async fn place_payout(
        &self,
        payout: &ProviderPayout,
        caught_up: &mut CaughtUp,
    ) -> Result<(), ReconciliationError> {
        let (Some(withdrawal_id), Some(account_id)) = (payout.withdrawal_id, payout.account_id) else {
            return Ok(()); // to the shop's own bank, by the provider's schedule
        };
        let (withdrawal_id, account_id) = (WithdrawalId(withdrawal_id), AccountId(account_id));
        if !self.knows_withdrawal(account_id, withdrawal_id).await? {
            caught_up.orphans.push(Orphan {
                kind: OrphanKind::Payout,
                provider_reference: payout.provider_reference.clone(),
                payment_id: None,
                amount: payout.amount,
                reason: OrphanReason::UnknownPayout,
                moved_at: payout.created,
            });
            return Ok(());
        }
        let is_open = |work: &mut UnitOfWork| {
            let wallet = work.read::<Wallet>(account_id)?;
            Ok(wallet.withdrawal_is_open(withdrawal_id))
        };
        let is_open = self.executor.inspect(&self.context(), is_open).await?.value;
        if is_open && payout.is_settled {
            let reference = &payout.provider_reference;
            let settle = |work: &mut UnitOfWork| {
                wallets::settle_withdrawal(work, account_id, withdrawal_id, reference)
            };
            self.executor.execute(&self.context(), settle).await?;
            caught_up.payouts_settled += 1;
        }
        Ok(())
    }

    /// A wallet forgets what is concluded, its stream doesn't.
    async fn knows_withdrawal(
        &self,
        account_id: AccountId,
        withdrawal_id: WithdrawalId,
    ) -> Result<bool, ReconciliationError> {
        let stream = StreamId::new(Wallet::TYPE, account_id);
        let events = self.executor.log().read_streams(&[stream]).await?;
        let requests = events
            .iter()
            .filter(|event| event.event_type == "WithdrawalRequested");
        for recorded in requests {
            if let Event::Wallet(WalletEvent::WithdrawalRequested(requested)) = Event::decode(recorded)?
                && requested.withdrawal_id == withdrawal_id
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
