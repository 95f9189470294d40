//! A wallet: what the shop owes a person, per currency. Never below zero.

mod command;
mod error;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::ids::{AccountId, WithdrawalId};
use events::ledger::{JournalEntry, LedgerAccount};
use events::money::{Currency, Money};
use events::wallet::{
    SaleCredited, SaleReversed, SellerDebtIncurred, SellerDebtRepaid, WalletEvent, WithdrawalFailed,
    WithdrawalRequested, WithdrawalSettled,
};
use serde::{Deserialize, Serialize};

pub use command::WalletCommand;
pub use error::WalletError;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pending {
    account_id: AccountId,
    amount: Money,
}

impl Pending {
    /// The money goes back into the wallet, from where it had got to.
    fn failed(
        &self,
        withdrawal_id: WithdrawalId,
        from: LedgerAccount,
        code: String,
        message: String,
        at: DateTime<Utc>,
    ) -> WalletEvent {
        let Self { account_id, amount } = *self;
        WithdrawalFailed {
            account_id,
            withdrawal_id,
            amount,
            code,
            message,
            entry: JournalEntry::transfer(from, LedgerAccount::Wallet(account_id), amount),
            failed_at: at,
        }
        .into()
    }
}

/// A withdrawal that the provider has called paid. It may still call it failed: banks have days to send money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Arrived {
    withdrawal: Pending,
    provider_reference: String,
}

/// See the module. The default is an empty wallet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    /// Minor units.
    balances: BTreeMap<Currency, i64>,
    withdrawals: BTreeMap<WithdrawalId, Pending>,
    arrived: BTreeMap<WithdrawalId, Arrived>,
    /// What the owner owes from sales that were taken back, in minor units.
    debts: BTreeMap<Currency, i64>,
}

impl Wallet {
    pub fn balance(&self, currency: Currency) -> Money {
        Money::new(self.balances.get(&currency).copied().unwrap_or(0), currency)
    }

    /// What the owner owes from sales that were taken back after their money had left the wallet.
    pub fn debt(&self, currency: Currency) -> Money {
        Money::new(self.debts.get(&currency).copied().unwrap_or(0), currency)
    }

    /// Whether this withdrawal is under way.
    pub fn withdrawal_is_open(&self, withdrawal_id: WithdrawalId) -> bool {
        self.withdrawals.contains_key(&withdrawal_id)
    }

    fn decide(&self, command: WalletCommand) -> Result<Vec<WalletEvent>, WalletError> {
        match command {
            WalletCommand::CreditSale(credited) => self.credit_sale(credited),
            WalletCommand::ReverseSale(reversed) => self.reverse_sale(reversed),
            command => Ok(self.decide_one(command)?.into_iter().collect()),
        }
    }

    fn credit_sale(&self, credited: SaleCredited) -> Result<Vec<WalletEvent>, WalletError> {
        check_not_negative(credited.amount)?;
        let currency = credited.amount.currency();
        self.balance(currency).checked_add(credited.amount)?;
        let (account_id, order_id) = (credited.account_id, credited.order_id);
        let owed = self.debt(currency).amount_minor();
        // Out of the sale alone: what was deposited is the owner's to spend.
        let amount = Money::new(owed.min(credited.amount.amount_minor()), currency);
        let mut events = vec![credited.into()];
        if amount.is_positive() {
            let wallet = LedgerAccount::Wallet(account_id);
            let repaid = SellerDebtRepaid {
                account_id,
                order_id,
                amount,
                entry: JournalEntry::transfer(wallet, LedgerAccount::OwedBySellers, amount),
            };
            events.push(repaid.into());
        }
        Ok(events)
    }

    fn reverse_sale(&self, reversed: SaleReversed) -> Result<Vec<WalletEvent>, WalletError> {
        check_not_negative(reversed.amount)?;
        let currency = reversed.amount.currency();
        let missing = reversed.amount.checked_sub(self.balance(currency))?;
        let mut events = vec![];
        if missing.is_positive() {
            let (account_id, order_id) = (reversed.account_id, reversed.order_id);
            self.debt(currency).checked_add(missing)?;
            let wallet = LedgerAccount::Wallet(account_id);
            let incurred = SellerDebtIncurred {
                account_id,
                order_id,
                amount: missing,
                entry: JournalEntry::transfer(LedgerAccount::OwedBySellers, wallet, missing),
            };
            events.push(incurred.into());
        }
        events.push(reversed.into());
        Ok(events)
    }

    fn decide_one(&self, command: WalletCommand) -> Result<Option<WalletEvent>, WalletError> {
        match command {
            WalletCommand::CreditSale(_) | WalletCommand::ReverseSale(_) => Ok(None), // proof: `decide` has them
            WalletCommand::Credit(credited) => {
                check_positive(credited.amount)?;
                self.balance(credited.amount.currency())
                    .checked_add(credited.amount)?;
                Ok(Some(credited.into()))
            }
            WalletCommand::Debit(debited) => {
                self.check_covered(debited.amount)?;
                Ok(Some(debited.into()))
            }
            WalletCommand::RequestWithdrawal {
                account_id,
                withdrawal_id,
                amount,
                destination,
                at,
            } => {
                if self.withdrawals.contains_key(&withdrawal_id) {
                    return Ok(None);
                }
                self.check_covered(amount)?;
                let entry = JournalEntry::transfer(
                    LedgerAccount::Wallet(account_id),
                    LedgerAccount::Withdrawals,
                    amount,
                );
                let requested_at = at;
                let requested = WithdrawalRequested {
                    account_id,
                    withdrawal_id,
                    amount,
                    destination,
                    entry,
                    requested_at,
                };
                Ok(Some(requested.into()))
            }
            WalletCommand::SettleWithdrawal {
                withdrawal_id,
                provider_reference,
            } => Ok(self
                .withdrawals
                .get(&withdrawal_id)
                .map(|&Pending { account_id, amount }| {
                    let entry =
                        JournalEntry::transfer(LedgerAccount::Withdrawals, LedgerAccount::Provider, amount);
                    WithdrawalSettled {
                        account_id,
                        withdrawal_id,
                        amount,
                        provider_reference,
                        entry,
                    }
                    .into()
                })),
            WalletCommand::FailWithdrawal {
                withdrawal_id,
                code,
                message,
                at,
            } => Ok(self
                .withdrawals
                .get(&withdrawal_id)
                .map(|pending| pending.failed(withdrawal_id, LedgerAccount::Withdrawals, code, message, at))),
            WalletCommand::ReturnWithdrawal {
                withdrawal_id,
                provider_reference,
                code,
                message,
                at,
            } => {
                let arrived = self.arrived.get(&withdrawal_id);
                let arrived = arrived.filter(|arrived| arrived.provider_reference == provider_reference);
                Ok(arrived.map(|Arrived { withdrawal, .. }| {
                    withdrawal.failed(withdrawal_id, LedgerAccount::Provider, code, message, at)
                }))
            }
        }
    }

    fn check_covered(&self, amount: Money) -> Result<(), WalletError> {
        check_positive(amount)?;
        let balance = self.balance(amount.currency());
        if amount.amount_minor() > balance.amount_minor() {
            return Err(WalletError::NotCovered {
                wanted: amount,
                balance,
            });
        }
        Ok(())
    }

    fn owe(&mut self, amount: Money) {
        *self.debts.entry(amount.currency()).or_insert(0) += amount.amount_minor();
    }

    fn add(&mut self, amount: Money) {
        *self.balances.entry(amount.currency()).or_insert(0) += amount.amount_minor();
    }
}

fn check_not_negative(amount: Money) -> Result<(), WalletError> {
    if amount.is_negative() {
        return Err(WalletError::NotPositive { amount });
    }
    Ok(())
}

fn check_positive(amount: Money) -> Result<(), WalletError> {
    if amount.is_positive() {
        Ok(())
    } else {
        Err(WalletError::NotPositive { amount })
    }
}

impl Aggregate for Wallet {
    const TYPE: &'static str = "wallet";
    type Command = WalletCommand;
    type Event = WalletEvent;
    type Error = WalletError;
    type Services = ();

    async fn handle(
        &mut self,
        command: WalletCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), WalletError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: WalletEvent) {
        match event {
            WalletEvent::WalletCredited(event) => self.add(event.amount),
            WalletEvent::WalletDebited(event) => self.add(event.amount.negated()),
            WalletEvent::SaleCredited(event) => self.add(event.amount),
            WalletEvent::SaleReversed(event) => self.add(event.amount.negated()),
            WalletEvent::SellerDebtIncurred(event) => {
                self.add(event.amount);
                self.owe(event.amount);
            }
            WalletEvent::SellerDebtRepaid(event) => {
                self.add(event.amount.negated());
                self.owe(event.amount.negated());
            }
            WalletEvent::WithdrawalRequested(event) => {
                self.add(event.amount.negated());
                let pending = Pending {
                    account_id: event.account_id,
                    amount: event.amount,
                };
                self.withdrawals.insert(event.withdrawal_id, pending);
            }
            WalletEvent::WithdrawalSettled(event) => {
                self.withdrawals.remove(&event.withdrawal_id);
                let arrived = Arrived {
                    withdrawal: Pending {
                        account_id: event.account_id,
                        amount: event.amount,
                    },
                    provider_reference: event.provider_reference,
                };
                self.arrived.insert(event.withdrawal_id, arrived);
            }
            WalletEvent::WithdrawalFailed(event) => {
                self.withdrawals.remove(&event.withdrawal_id);
                self.arrived.remove(&event.withdrawal_id);
                self.add(event.amount);
            }
        }
    }
}
