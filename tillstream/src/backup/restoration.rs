//! A shop that came back from a backup, until it knows what the payment provider knows: commands and workers wait.

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use command_api::Gate;
use serde::{Deserialize, Serialize};
use telemetry::names;
use tokio_util::sync::CancellationToken;
use workers::reconciliation::Reconciliation;
use workers::restoration::CaughtUp;

use crate::data_dir::DataDir;
use crate::secrets;

/// The wait after the provider couldn't be asked: it may be down for hours, and an operator watches.
const RETRY_EVERY: Duration = Duration::from_secs(5);

/// What `tillstream restore` notes in the data folder, and the shop at its first start after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Restored {
    /// Where the backup was.
    pub from: String,
    pub backup_taken_at: DateTime<Utc>,
    /// The log's head in it; what came later is lost, and its positions are given anew.
    pub position: u64,
    /// When it was brought back.
    pub at: DateTime<Utc>,
    /// When the provider had been asked; until then nothing is accepted.
    pub reconciled_at: Option<DateTime<Utc>>,
}

impl Restored {
    /// None if the folder's shop never came back from a backup.
    pub fn load(dir: &DataDir) -> anyhow::Result<Option<Self>> {
        let path = dir.restored();
        path.exists().then(|| secrets::read(&path)).transpose()
    }

    /// Whether the folder's shop came back and has yet to ask the provider. A backup of it would claim to be of now, and
    /// the shop that came back from that one would ask about too little.
    pub fn is_pending(dir: &DataDir) -> anyhow::Result<bool> {
        Ok(Self::load(dir)?.is_some_and(|restored| restored.reconciled_at.is_none()))
    }

    pub fn save(&self, dir: &DataDir) -> anyhow::Result<()> {
        let path = dir.restored();
        secrets::write_private(&path, &serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("{} can't be written", path.display()))
    }
}

/// What stands between the restored shop and its customers.
pub struct Restoration {
    dir: DataDir,
    restored: Restored,
    gate: Gate,
}

impl Restoration {
    /// None if nothing has to be waited for.
    pub fn pending(dir: &DataDir) -> anyhow::Result<Option<Self>> {
        let restored = Restored::load(dir)?.filter(|restored| restored.reconciled_at.is_none());
        metrics::gauge!(names::RESTORING).set(f64::from(u8::from(restored.is_some())));
        let Some(restored) = restored else { return Ok(None) };
        Ok(Some(Self {
            dir: DataDir::existing(dir.path())?,
            restored,
            gate: Gate::default(),
        }))
    }

    /// Shut until the provider has been asked.
    pub fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// Asks the provider until it has answered; says whether the shop is open now, and not asked to stop.
    pub async fn run(mut self, reconciliation: Reconciliation, stop: &CancellationToken) -> bool {
        tracing::warn!(
            position = self.restored.position,
            "this shop was restored; it takes no commands until the payment provider has been asked"
        );
        let asked = stop.run_until_cancelled(self.reconcile(reconciliation)).await;
        asked.is_some()
    }

    async fn reconcile(&mut self, reconciliation: Reconciliation) {
        loop {
            match self.try_once(&reconciliation).await {
                Ok(caught_up) => {
                    tell(&caught_up);
                    self.gate.open();
                    metrics::gauge!(names::RESTORING).set(0.0);
                    return;
                }
                Err(error) => {
                    let reason = format!("{error:#}");
                    tracing::error!(
                        reason,
                        "the payment provider can't be asked; commands go on waiting"
                    );
                    tokio::time::sleep(RETRY_EVERY).await;
                }
            }
        }
    }

    async fn try_once(&mut self, reconciliation: &Reconciliation) -> anyhow::Result<CaughtUp> {
        let caught_up = reconciliation.catch_up(self.restored.backup_taken_at).await?;
        self.restored.reconciled_at = Some(Utc::now());
        self.restored.save(&self.dir)?;
        Ok(caught_up)
    }
}

fn tell(caught_up: &CaughtUp) {
    for orphan in &caught_up.orphans {
        tracing::error!(
            kind = %orphan.kind,
            reference = orphan.provider_reference,
            payment.id = orphan.payment_id.map(tracing::field::display),
            amount = %orphan.amount,
            reason = %orphan.reason,
            "the provider has moved money that the restored log doesn't account for"
        );
    }
    tracing::warn!(
        listed = caught_up.listed,
        payments_settled = caught_up.payments_settled,
        refunds_settled = caught_up.refunds_settled,
        payouts_settled = caught_up.payouts_settled,
        orphans = caught_up.orphans.len(),
        "the restored shop knows what the payment provider knows, and takes commands"
    );
}
