//! Carries a prepared report to headquarters, as often as it takes: headquarters counts it once.

use chrono::NaiveDate;
use domain::outgoing_report::{self, OutgoingReport, OutgoingReportCommand, OutgoingReportError};
use events::money::Currency;

use super::headquarters::{DailyReport, Headquarters, ReportOutcome};
use crate::effects::{Shop, Verdict};
use crate::intents::Claimed;

/// Sends the report if it is still the newest of its day; a newer one has an intent of its own.
pub(crate) async fn send_report(
    shop: &Shop,
    headquarters: Option<&Headquarters>,
    claimed: &Claimed,
    (day, currency, revision): (NaiveDate, Currency, u64),
) -> Result<Verdict, Verdict> {
    let headquarters = headquarters.ok_or_else(|| Verdict::Retry {
        reason: "the setting chain.headquarters is missing".to_owned(),
    })?;
    let key = outgoing_report::key(day, currency);
    let prepared = shop
        .look(claimed, |work| {
            let report = work.read::<OutgoingReport>(&key)?;
            Ok(report
                .prepared()
                .cloned()
                .ok_or(OutgoingReportError::NotPrepared)?)
        })
        .await?;
    if prepared.revision != revision {
        return Ok(Verdict::done("a newer revision is on its way"));
    }
    let report = DailyReport {
        day,
        currency,
        revision,
        figures: &prepared.figures,
    };
    let at = shop.clock.now();
    let (outcome, command) = match headquarters.report(&report).await {
        ReportOutcome::Taken => ("taken", OutgoingReportCommand::MarkDelivered { revision, at }),
        ReportOutcome::Outdated { newest } => {
            tracing::warn!(%day, revision, newest, "headquarters has a newer report of a day, or another: this branch was restored");
            ("outbid", OutgoingReportCommand::Outbid { newest, at })
        }
        ReportOutcome::Refused { reason } => return Ok(Verdict::Fail { reason }),
        ReportOutcome::NotNow { reason } => return Ok(Verdict::Retry { reason }),
    };
    shop.command(claimed, |work| {
        work.handle::<OutgoingReport>(&key, command.clone())
    })
    .await?;
    Ok(Verdict::done(outcome))
}
