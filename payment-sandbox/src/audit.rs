//! What an auditor reads: the charges in the books, from a running or a stopped sandbox. This is how a test of crashes
//! proves that nobody was charged twice.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use sqlx::{ConnectOptions, Connection};

use crate::error::SandboxError;
use crate::objects::Charge;
use crate::store::{self, objects};

/// A charge that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeRecord {
    /// `ch_…`
    pub charge: String,
    /// `pi_…`, the reference that the shop knows.
    pub payment_intent: String,
    /// The metadata `attempt_id`, if the caller sent one.
    pub attempt_id: Option<String>,
    /// The metadata `payment_id`, if the caller sent one.
    pub payment_id: Option<String>,
    pub amount_minor: i64,
    pub amount_refunded_minor: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    pub created: DateTime<Utc>,
}

/// Every succeeded charge in the books, oldest first: all of them, however many, for this is for proofs.
/// The file may be in use, closed, or left behind by a process that was killed.
pub async fn audit(database: &Path) -> Result<Vec<ChargeRecord>, SandboxError> {
    let mut connection = store::options(database)
        .connect()
        .await
        .map_err(|source| SandboxError::Open {
            database: database.to_owned(),
            source,
        })?;
    let charges = objects::succeeded_charges(&mut connection).await?;
    connection.close().await.map_err(crate::StoreError::Sql)?;
    Ok(charges.into_iter().map(ChargeRecord::from).collect())
}

/// How many charges succeeded for each attempt; charges without an attempt are left out.
pub fn charges_per_attempt(charges: &[ChargeRecord]) -> BTreeMap<&str, usize> {
    count(charges.iter().filter_map(|charge| charge.attempt_id.as_deref()))
}

/// How many charges succeeded for each payment; charges without a payment are left out.
pub fn charges_per_payment(charges: &[ChargeRecord]) -> BTreeMap<&str, usize> {
    count(charges.iter().filter_map(|charge| charge.payment_id.as_deref()))
}

fn count<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_insert(0) += 1;
    }
    counts
}

impl From<Charge> for ChargeRecord {
    fn from(mut charge: Charge) -> Self {
        Self {
            charge: charge.id,
            payment_intent: charge.payment_intent,
            attempt_id: charge.metadata.remove("attempt_id"),
            payment_id: charge.metadata.remove("payment_id"),
            amount_minor: charge.amount_captured,
            amount_refunded_minor: charge.amount_refunded,
            currency: charge.currency.to_ascii_uppercase(),
            created: DateTime::from_timestamp(charge.created, 0).unwrap_or_default(),
        }
    }
}
