//! Compares the provider's books with ours: what was charged there and isn't settled here, and the other way round.
//!
//! Settlement asks about every attempt of its own, so nothing should ever come up here. This is the net below it: it
//! looks at the whole of both ledgers, settles what can be settled, and reports what a person must look at.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::DomainError;
use domain::orphan::orphan_id;
use domain::orphans;
use domain::payment::{Payment, PaymentError, Requested, Status};
use domain::settlement::{self, SettlePayment};
use events::DecodeError;
use events::envelope::Actor;
use events::ids::{AttemptId, PaymentId};
use events::money::Money;
use events::orphan::{OrphanFound, OrphanKind};
use executor::{CommandContext, ExecuteError, Executor};
use platform::event_log::ReadError;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::gateway::{ChargePageRequest, GatewayError, PaymentGateway, ProviderCharge, ProviderChargeStatus};
use crate::intents::{Intents, IntentsError, SettledCharge};
use crate::metrics;
use platform::clock::Clock;

pub use events::orphan::OrphanReason;

/// How often the ledgers are compared.
const EVERY: Duration = Duration::from_hours(1);
/// After a start the settlement first goes about its own questions.
const FIRST_AFTER: Duration = Duration::from_mins(5);
/// How far back each comparison looks, beyond what is still to be confirmed: longer than a weekend's outage.
const LOOK_BACK: TimeDelta = TimeDelta::days(3);
/// Settled charges compared in one run; the rest has its turn in the next.
const CHARGES_MAX: u32 = 50_000;
/// Pages of a hundred charges read in one run, so that a broken cursor ends.
const PAGES_MAX: usize = 2_000;
/// A charge younger than this may be in the middle of being settled, on either side.
const GRACE: TimeDelta = TimeDelta::minutes(5);
/// Two clocks differ by no more.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);
/// How long done intents are kept, for people who ask what became of one.
const KEEP_DONE: TimeDelta = TimeDelta::days(30);

/// Why the ledgers couldn't be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReconciliationError {
    #[error("the provider's charges can't be listed")]
    Gateway(#[from] GatewayError),
    #[error("the settled charges can't be listed")]
    Intents(#[from] IntentsError),
    #[error("a payment can't be read or settled")]
    Execute(#[from] ExecuteError),
    #[error("a stream of the log can't be fetched")]
    Read(#[from] ReadError),
    #[error("an event can't be read")]
    Decode(#[from] DecodeError),
    #[error("the provider's list doesn't end after {pages} pages")]
    Endless { pages: usize },
}

/// Money that moved in the provider's books and has no place in ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    pub kind: OrphanKind,
    pub provider_reference: String,
    pub payment_id: Option<PaymentId>,
    /// Of a charge, what hasn't been given back.
    pub amount: Money,
    pub reason: OrphanReason,
    /// By the provider's clock.
    pub moved_at: DateTime<Utc>,
}

/// What a comparison finds besides charges that the log doesn't account for, as metrics call it.
const SETTLED_LATE: &str = "settled_late";
const MISSING: &str = "missing";

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReconciliationReport {
    /// Charges that the provider listed.
    pub listed: usize,
    /// Settled charges that both sides have.
    pub confirmed: usize,
    /// Payments that had been charged there and are now settled here.
    pub settled: Vec<PaymentId>,
    pub orphans: Vec<Orphan>,
    /// Settled here, and not to be found there.
    pub missing: Vec<SettledCharge>,
}

/// What a comparison reaches.
#[derive(Clone)]
pub struct Reconciliation {
    pub executor: Executor,
    pub intents: Intents,
    pub gateway: PaymentGateway,
    pub clock: Clock,
}

impl Reconciliation {
    /// Compares the charges of the time since `since`, or since the oldest that isn't confirmed yet.
    pub async fn run(&self, since: DateTime<Utc>) -> Result<ReconciliationReport, ReconciliationError> {
        let before = self.clock.now() - GRACE;
        let ours = self.intents.charges_to_confirm(before, CHARGES_MAX).await?;
        let oldest = ours.first().map_or(since, |charge| charge.settled_at.min(since));
        let theirs = self.list(oldest - CLOCK_SKEW).await?;
        let mut report = ReconciliationReport {
            listed: theirs.len(),
            ..ReconciliationReport::default()
        };
        for charge in &theirs {
            if charge.status == ProviderChargeStatus::Succeeded && charge.created <= before {
                self.place(charge, &mut report).await?;
            }
        }
        self.write_down(&report.orphans).await?;
        self.confirm(ours, &theirs, &mut report).await?;
        Ok(report)
    }

    /// Puts orphans into the log, where a person finds them; those that are there already stay as they are.
    pub(crate) async fn write_down(&self, orphans: &[Orphan]) -> Result<(), ReconciliationError> {
        for orphan in orphans {
            let found = OrphanFound {
                orphan_id: orphan_id(&orphan.provider_reference),
                kind: orphan.kind,
                reason: orphan.reason,
                provider_reference: orphan.provider_reference.clone(),
                payment_id: orphan.payment_id,
                amount: orphan.amount,
                moved_at: orphan.moved_at,
                found_at: self.clock.now(),
            };
            self.executor
                .execute(&self.context(), |work| orphans::report_orphan(work, &found))
                .await?;
        }
        Ok(())
    }

    pub(crate) async fn list(
        &self,
        since: DateTime<Utc>,
    ) -> Result<Vec<ProviderCharge>, ReconciliationError> {
        let mut request = ChargePageRequest {
            created_since: Some(since),
            after: None,
        };
        let mut charges = vec![];
        for _ in 0..PAGES_MAX {
            let page = self.gateway.list_charges(&request).await?;
            charges.extend(page.charges);
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(charges),
            }
        }
        Err(ReconciliationError::Endless { pages: PAGES_MAX })
    }

    /// Finds the payment of a charge, and settles it if it isn't.
    pub(crate) async fn place(
        &self,
        charge: &ProviderCharge,
        report: &mut ReconciliationReport,
    ) -> Result<(), ReconciliationError> {
        let left = charge.amount.amount_minor() - charge.refunded.amount_minor();
        let mut orphan = |reason| {
            // What was given back whole is nobody's business any more.
            if left > 0 {
                report.orphans.push(Orphan {
                    kind: OrphanKind::Charge,
                    provider_reference: charge.provider_reference.clone(),
                    payment_id: charge.payment_id.map(PaymentId),
                    amount: Money::new(left, charge.amount.currency()),
                    reason,
                    moved_at: charge.created,
                });
            }
        };
        let (Some(payment_id), Some(attempt_id)) = (charge.payment_id, charge.attempt_id) else {
            orphan(OrphanReason::Foreign);
            return Ok(());
        };
        let Some(payment) = self.payment(PaymentId(payment_id)).await? else {
            orphan(OrphanReason::UnknownPayment);
            return Ok(());
        };
        if payment.amount != charge.amount {
            orphan(OrphanReason::OtherAmount);
            return Ok(());
        }
        if payment.status == Status::Settled {
            if payment.provider_reference.as_ref() != Some(&charge.provider_reference) {
                orphan(OrphanReason::ChargedTwice);
            }
            return Ok(());
        }
        if payment.attempt_id != Some(AttemptId(attempt_id)) {
            orphan(OrphanReason::OtherAttempt);
            return Ok(());
        }
        let settle = SettlePayment {
            payment_id: payment.id,
            attempt_id: AttemptId(attempt_id),
            provider_reference: charge.provider_reference.clone(),
            at: self.clock.now(),
        };
        self.executor
            .execute(&self.context(), |work| settlement::settle_payment(work, &settle))
            .await?;
        report.settled.push(payment.id);
        Ok(())
    }

    pub(crate) async fn payment(
        &self,
        payment_id: PaymentId,
    ) -> Result<Option<Requested>, ReconciliationError> {
        let look = self
            .executor
            .inspect(&self.context(), |work| {
                Ok(work.read::<Payment>(payment_id)?.requested()?.clone())
            })
            .await;
        match look {
            Ok(accepted) => Ok(Some(accepted.value)),
            Err(ExecuteError::Refused(DomainError::Payment(PaymentError::NotFound))) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Strikes off what both sides have, and reports the rest.
    async fn confirm(
        &self,
        ours: Vec<SettledCharge>,
        theirs: &[ProviderCharge],
        report: &mut ReconciliationReport,
    ) -> Result<(), ReconciliationError> {
        let theirs: HashMap<_, _> = theirs
            .iter()
            .filter(|charge| charge.status == ProviderChargeStatus::Succeeded)
            .map(|charge| (charge.provider_reference.as_str(), charge.amount))
            .collect();
        let mut confirmed = vec![];
        for charge in ours {
            if theirs.get(charge.provider_reference.as_str()) == Some(&charge.amount) {
                confirmed.push(charge.provider_reference);
            } else {
                report.missing.push(charge);
            }
        }
        report.confirmed = confirmed.len();
        Ok(self.intents.confirm_charges(&confirmed).await?)
    }

    pub(crate) fn context(&self) -> CommandContext {
        CommandContext::new(Actor::System, self.clock.now(), Uuid::now_v7())
    }
}

/// Compares the ledgers from time to time until shutdown, and clears away what has long been done.
pub(crate) async fn repeat(reconciliation: Reconciliation, shutdown: CancellationToken) {
    // There from the start, so that the first finding is an increase.
    let kinds = OrphanReason::ALL.map(OrphanReason::as_str);
    for kind in kinds.into_iter().chain([SETTLED_LATE, MISSING]) {
        metrics::findings(kind, 0);
    }
    let mut pause = FIRST_AFTER;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = EVERY;
        let now = reconciliation.clock.now();
        tokio::select! {
            () = shutdown.cancelled() => return,
            result = reconciliation.run(now - LOOK_BACK) => tell(result),
        }
        if let Err(error) = reconciliation.intents.forget_done_before(now - KEEP_DONE).await {
            tracing::warn!(%error, "done intents can't be cleared away");
        }
    }
}

fn tell(result: Result<ReconciliationReport, ReconciliationError>) {
    let report = match result {
        Ok(report) => report,
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the ledgers couldn't be compared; the next run tries again"
            );
            return;
        }
    };
    for orphan in &report.orphans {
        metrics::findings(orphan.reason.as_str(), 1);
        tracing::error!(
            charge = orphan.provider_reference,
            payment.id = orphan.payment_id.map(tracing::field::display),
            amount = %orphan.amount,
            reason = ?orphan.reason,
            "the provider has a charge that the log doesn't account for"
        );
    }
    metrics::findings(SETTLED_LATE, report.settled.len());
    metrics::findings(MISSING, report.missing.len());
    for missing in &report.missing {
        tracing::error!(
            charge = missing.provider_reference,
            payment.id = %missing.payment_id,
            amount = %missing.amount,
            "the provider doesn't have a charge that the log calls settled"
        );
    }
    tracing::info!(
        listed = report.listed,
        confirmed = report.confirmed,
        settled = report.settled.len(),
        orphans = report.orphans.len(),
        missing = report.missing.len(),
        "the ledgers were compared"
    );
}
