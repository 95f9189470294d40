//! Settings of the backups that an embedded shop makes of itself.

use std::path::Path;

use anyhow::{Context, ensure};
use platform::backup::{Retention, Target};
use platform::blobs::{BlobPlace, S3Credentials};
use serde::{Deserialize, Serialize};

use super::Secret;

/// Without a place there are no backups.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupSettings {
    /// A folder on another disk, `file:folder`, or `s3://bucket/prefix`. Its readers can read all the shop's secrets.
    pub to: Option<String>,
    /// Seconds between two backups; without changes there is none.
    pub interval_s: u32,
    /// Of the newest backups so many are kept,
    pub keep_recent: u32,
    /// then the last one of each of so many hours,
    pub keep_hourly: u32,
    /// then the last one of each of so many days (UTC).
    pub keep_daily: u32,
    /// `https://host:port` of a bucket's server that isn't Amazon's.
    pub s3_endpoint: Option<String>,
    pub s3_region: Option<String>,
    /// From the environment (`AWS_…`) or the machine's role if missing.
    pub s3_access_key_id: Option<String>,
    pub s3_secret_access_key: Option<Secret>,
}

impl Default for BackupSettings {
    fn default() -> Self {
        Self {
            to: None,
            interval_s: 10,
            keep_recent: 60,
            keep_hourly: 24,
            keep_daily: 14,
            s3_endpoint: None,
            s3_region: None,
            s3_access_key_id: None,
            s3_secret_access_key: None,
        }
    }
}

impl BackupSettings {
    /// Where backups go by themselves.
    pub fn target(&self) -> anyhow::Result<Option<Target>> {
        self.to.as_deref().map(|to| self.target_at(to)).transpose()
    }

    /// The place that is named, reached with the credentials of the settings.
    pub fn target_at(&self, text: &str) -> anyhow::Result<Target> {
        let place = self.place(text)?;
        Target::open(&place).context("the place of the backups can't be opened")
    }

    fn place(&self, text: &str) -> anyhow::Result<BlobPlace> {
        let mut place = Target::parse(text).with_context(|| {
            format!("{text:?} is no place for backups: a folder, file:folder or s3://bucket/prefix")
        })?;
        if let BlobPlace::S3(bucket) = &mut place {
            bucket.endpoint.clone_from(&self.s3_endpoint);
            bucket.region.clone_from(&self.s3_region);
            let keys = self
                .s3_access_key_id
                .clone()
                .zip(self.s3_secret_access_key.as_ref());
            bucket.credentials = keys.map(|(access_key_id, secret)| S3Credentials {
                access_key_id,
                secret_access_key: secret.reveal().to_owned(),
            });
        }
        Ok(place)
    }

    pub fn retention(&self) -> Retention {
        Retention {
            recent: self.keep_recent,
            hourly: self.keep_hourly,
            daily: self.keep_daily,
        }
    }

    /// `is_embedded`: `PostgreSQL` has backups of its own, and several processes write to it.
    pub fn check(&self, data_dir: &Path, is_embedded: bool) -> anyhow::Result<()> {
        ensure!(
            (1..=86_400).contains(&self.interval_s),
            "backup.interval_s is between 1 and 86400, this is {}",
            self.interval_s
        );
        for (name, count) in [
            ("backup.keep_recent", self.keep_recent),
            ("backup.keep_hourly", self.keep_hourly),
            ("backup.keep_daily", self.keep_daily),
        ] {
            ensure!(count <= 10_000, "{name} is at most 10000, this is {count}");
        }
        ensure!(
            self.s3_access_key_id.is_some() == self.s3_secret_access_key.is_some(),
            "backup.s3_access_key_id and backup.s3_secret_access_key go together"
        );
        super::check_http("backup.s3_endpoint", self.s3_endpoint.as_deref())?;
        let Some(to) = &self.to else { return Ok(()) };
        ensure!(
            is_embedded,
            "backup.to is for the embedded shop; back PostgreSQL up with its own tools"
        );
        if let BlobPlace::Folder(folder) = self.place(to).context("backup.to is wrong")? {
            ensure!(
                !folder.starts_with(data_dir),
                "backup.to lies in data_dir, and would be lost with it"
            );
        }
        Ok(())
    }
}
