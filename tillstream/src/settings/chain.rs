//! Settings of a branch of a chain. Without a headquarters none of them matters; a headquarters itself needs none.

use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::NaiveTime;
use chrono_tz::Tz;
use events::money::Currency;
use serde::{Deserialize, Serialize};

use super::Secret;

/// How a time of day is written.
const TIME_OF_DAY: &str = "%H:%M";

/// The line to headquarters.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainSettings {
    /// Where headquarters answers, such as `https://hq.example.com`; a shop without one is no branch.
    pub headquarters: Option<String>,
    /// What headquarters gave this branch when it registered it: `tsb_…`.
    pub token: Option<Secret>,
    /// When the day is reported, by the branch's clock.
    pub report_at: String,
    /// By which clock the branch's days end, as the IANA names it.
    pub time_zone: String,
    /// Seconds between two looks at headquarters' catalogue.
    pub catalogue_every_s: u32,
}

impl Default for ChainSettings {
    fn default() -> Self {
        Self {
            headquarters: None,
            token: None,
            report_at: "23:55".to_owned(),
            time_zone: "UTC".to_owned(),
            catalogue_every_s: 300,
        }
    }
}

impl ChainSettings {
    pub fn is_branch(&self) -> bool {
        self.headquarters.is_some()
    }

    /// What the workers of a branch go by; none in a shop that is none.
    pub fn for_workers(&self, currency: Currency) -> anyhow::Result<Option<workers::chain::ChainSettings>> {
        let (Some(headquarters), Some(token)) = (&self.headquarters, &self.token) else {
            return Ok(None);
        };
        Ok(Some(workers::chain::ChainSettings {
            headquarters: headquarters.clone(),
            token: token.reveal().to_owned(),
            report_at: self.report_at()?,
            time_zone: self.time_zone()?,
            currency,
            catalogue_every: Duration::from_secs(u64::from(self.catalogue_every_s)),
        }))
    }

    fn report_at(&self) -> anyhow::Result<NaiveTime> {
        NaiveTime::parse_from_str(&self.report_at, TIME_OF_DAY).with_context(|| {
            format!(
                "chain.report_at is a time of day such as 23:55, this is {:?}",
                self.report_at
            )
        })
    }

    fn time_zone(&self) -> anyhow::Result<Tz> {
        self.time_zone.parse().ok().with_context(|| {
            format!(
                "chain.time_zone is a time zone such as Europe/London, this is {:?}",
                self.time_zone
            )
        })
    }

    pub fn check(&self, currency: Currency) -> anyhow::Result<()> {
        super::check_http("chain.headquarters", self.headquarters.as_deref())?;
        ensure!(
            self.headquarters.is_some() == self.token.is_some(),
            "chain.headquarters and chain.token go together"
        );
        self.report_at()?;
        self.time_zone()?;
        ensure!(
            (1..=86_400).contains(&self.catalogue_every_s),
            "chain.catalogue_every_s is between 1 and 86400, this is {}",
            self.catalogue_every_s
        );
        if let Some(settings) = self.for_workers(currency)? {
            settings.branch_id()?;
        }
        Ok(())
    }
}
