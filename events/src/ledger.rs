//! Double entry: money never appears or vanishes, it moves between accounts of the ledger.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::AccountId;
use crate::money::{Currency, Money};

/// Where money can be, as the ledger sees it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum LedgerAccount {
    /// What the shop owes a person. Never negative.
    Wallet(AccountId),
    /// What the payment provider owes the shop, as a negative number: its side of every charge.
    Provider,
    /// What was settled outside this system, cash or another till.
    External,
    /// What the shop has earned.
    Sales,
    /// Money that has left a wallet and not yet arrived at the person's bank.
    Withdrawals,
    /// What the shop keeps of its sellers' sales.
    Fees,
    /// What sellers owe the shop, as a negative number: sales were taken back whose money had left the wallet.
    OwedBySellers,
}

/// A text that names no ledger account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no ledger account")]
pub struct LedgerAccountError {
    text: String,
}

impl fmt::Display for LedgerAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wallet(owner) => write!(f, "wallet:{owner}"),
            Self::Provider => f.write_str("provider"),
            Self::External => f.write_str("external"),
            Self::Sales => f.write_str("sales"),
            Self::Withdrawals => f.write_str("withdrawals"),
            Self::Fees => f.write_str("fees"),
            Self::OwedBySellers => f.write_str("owed_by_sellers"),
        }
    }
}

impl fmt::Debug for LedgerAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for LedgerAccount {
    type Err = LedgerAccountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || LedgerAccountError {
            text: text.to_owned(),
        };
        match text {
            "provider" => Ok(Self::Provider),
            "external" => Ok(Self::External),
            "sales" => Ok(Self::Sales),
            "withdrawals" => Ok(Self::Withdrawals),
            "fees" => Ok(Self::Fees),
            "owed_by_sellers" => Ok(Self::OwedBySellers),
            _ => {
                let owner = text.strip_prefix("wallet:").ok_or_else(wrong)?;
                owner.parse().map(Self::Wallet).map_err(|_| wrong())
            }
        }
    }
}

impl TryFrom<String> for LedgerAccount {
    type Error = LedgerAccountError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<LedgerAccount> for String {
    fn from(account: LedgerAccount) -> Self {
        account.to_string()
    }
}

/// One side of a movement: positive comes in, negative goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Posting {
    pub account: LedgerAccount,
    pub amount: Money,
}

/// A movement of money, all sides of it. Sums to zero per currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct JournalEntry(pub Vec<Posting>);

impl JournalEntry {
    /// `amount` leaves `from` and arrives at `to`.
    pub fn transfer(from: LedgerAccount, to: LedgerAccount, amount: Money) -> Self {
        Self(vec![
            Posting {
                account: from,
                amount: amount.negated(),
            },
            Posting { account: to, amount },
        ])
    }

    /// `amount` leaves `from` and is spread over accounts, whose parts come to it; parts of nothing are left out.
    pub fn spread(from: LedgerAccount, amount: Money, parts: impl IntoIterator<Item = Posting>) -> Self {
        let mut postings = vec![Posting {
            account: from,
            amount: amount.negated(),
        }];
        postings.extend(parts.into_iter().filter(|part| !part.amount.is_zero()));
        Self(postings)
    }

    /// The same movement the other way round.
    #[must_use]
    pub fn reversed(self) -> Self {
        let postings = self.0.into_iter().map(|posting| Posting {
            amount: posting.amount.negated(),
            ..posting
        });
        Self(postings.collect())
    }

    /// What is left over per currency; empty for a sound entry.
    pub fn imbalance(&self) -> BTreeMap<Currency, i128> {
        let mut sums = BTreeMap::new();
        for posting in &self.0 {
            *sums.entry(posting.amount.currency()).or_insert(0) += i128::from(posting.amount.amount_minor());
        }
        sums.retain(|_, sum| *sum != 0);
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_balances_and_a_lone_posting_does_not() {
        let amount = Money::new(250, Currency::GBP);
        let wallet = LedgerAccount::Wallet(AccountId::default());
        let entry = JournalEntry::transfer(LedgerAccount::Provider, wallet, amount);
        assert!(entry.imbalance().is_empty());
        assert_eq!(
            JournalEntry(entry.0[1..].to_vec()).imbalance(),
            BTreeMap::from([(Currency::GBP, 250)])
        );
    }

    #[test]
    fn a_ledger_account_is_a_text_in_json() {
        let wallet = LedgerAccount::Wallet(AccountId::default());
        for account in [
            wallet,
            LedgerAccount::Sales,
            LedgerAccount::Fees,
            LedgerAccount::OwedBySellers,
        ] {
            let json = serde_json::to_string(&account).unwrap();
            assert_eq!(serde_json::from_str::<LedgerAccount>(&json).unwrap(), account);
        }
        assert!(serde_json::from_str::<LedgerAccount>("\"petty cash\"").is_err());
    }
}
