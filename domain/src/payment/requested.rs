//! What is known of a payment that was asked for: where it stands, which way its money goes, and what of it was asked back.

use std::collections::BTreeMap;

use events::ids::{AccountId, AttemptId, PaymentId, RefundId};
use events::ledger::{JournalEntry, LedgerAccount};
use events::money::Money;
use events::payment::{PaymentEvent, PaymentMethod, Purpose, RefundRequested};
use serde::{Deserialize, Serialize};

use super::sale::{self, Portion, Returned, Sale};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Asked for, and the outcome isn't known.
    Processing,
    /// The last attempt was declined; another may follow.
    Declined,
    Settled,
    /// No longer wanted.
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum RefundStatus {
    Requested,
    Settled,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refund {
    pub(super) amount: Money,
    pub(super) status: RefundStatus,
}

/// A payment that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    pub id: PaymentId,
    pub purpose: Purpose,
    pub customer: Option<AccountId>,
    pub amount: Money,
    pub method: PaymentMethod,
    pub status: Status,
    /// The attempt in flight, or the last one.
    pub attempt_id: Option<AttemptId>,
    pub provider_reference: Option<String>,
    pub(super) refunds: BTreeMap<RefundId, Refund>,
    /// What of it is its sellers'; missing where all of it is the shop's.
    pub sale: Option<Sale>,
}

impl Requested {
    /// What can still be given back.
    pub fn refundable(&self) -> Money {
        if self.status != Status::Settled {
            return Money::zero(self.amount.currency());
        }
        let given = self
            .refunds
            .values()
            .filter(|refund| refund.status != RefundStatus::Failed);
        let given: i64 = given.map(|refund| refund.amount.amount_minor()).sum(); // proof: at most `amount`
        Money::new(self.amount.amount_minor() - given, self.amount.currency())
    }

    /// Whether this refund was asked for and its outcome isn't known.
    pub fn refund_is_open(&self, refund_id: RefundId) -> bool {
        let refund = self.refunds.get(&refund_id);
        refund.is_some_and(|refund| refund.status == RefundStatus::Requested)
    }

    /// Whether this refund was ever asked for.
    pub fn has_refund(&self, refund_id: RefundId) -> bool {
        self.refunds.contains_key(&refund_id)
    }

    /// Where the money comes from, in the ledger.
    pub(super) fn source(&self) -> LedgerAccount {
        match (&self.method, self.customer) {
            (PaymentMethod::Card { .. }, _) => LedgerAccount::Provider,
            (PaymentMethod::Wallet, Some(customer)) => LedgerAccount::Wallet(customer),
            (PaymentMethod::Wallet, None) | (PaymentMethod::External { .. }, _) => LedgerAccount::External,
        }
    }

    /// Where it goes.
    pub(super) fn destination(&self) -> LedgerAccount {
        match self.purpose {
            Purpose::Order(_) => LedgerAccount::Sales,
            Purpose::Deposit(account) => LedgerAccount::Wallet(account),
        }
    }

    /// What each seller gets of it when it settles.
    pub fn portions(&self) -> Vec<Portion> {
        self.sale.as_ref().map(Sale::portions).unwrap_or_default()
    }

    /// What each seller bears of a refund.
    pub fn refund_portions(&self, amount: Money, returned: Option<&Returned>) -> Vec<Portion> {
        let sale = self.sale.as_ref();
        sale.map(|sale| sale.refund_portions(self.amount, amount, returned))
            .unwrap_or_default()
    }

    /// How much is given back with a refund that was asked for and whose outcome isn't known.
    pub fn open_refund(&self, refund_id: RefundId) -> Option<Money> {
        let refund = self.refunds.get(&refund_id)?;
        (refund.status == RefundStatus::Requested).then_some(refund.amount)
    }

    /// The way of all of the money.
    pub(super) fn entry(&self) -> JournalEntry {
        let portions = self.portions();
        if portions.is_empty() {
            return JournalEntry::transfer(self.source(), self.destination(), self.amount);
        }
        sale::entry(self.source(), self.amount, &portions)
    }

    pub(super) fn refund_requested(
        &self,
        refund_id: RefundId,
        amount: Money,
        reason: String,
    ) -> PaymentEvent {
        RefundRequested {
            payment_id: self.id,
            purpose: self.purpose,
            customer: self.customer,
            refund_id,
            amount,
            provider_reference: self.provider_reference.clone(),
            reason,
        }
        .into()
    }

    pub(super) fn mark_refund(&mut self, refund_id: RefundId, status: RefundStatus) {
        if let Some(refund) = self.refunds.get_mut(&refund_id) {
            refund.status = status;
        }
    }
}
