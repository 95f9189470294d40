//! Use cases of wallets: money comes in through the provider, and goes out to the person's bank.

use chrono::{DateTime, Utc};
use events::ids::{AccountId, AttemptId, PaymentId, WithdrawalId};
use events::money::Money;
use events::payment::{PaymentMethod, PaymentRequested, Purpose};

use crate::checkout::check_method;
use crate::payment::{Payment, PaymentCommand};
use crate::unit_of_work::{Decision, UnitOfWork};
use crate::wallet::{Wallet, WalletCommand, WalletError};

/// As long as a provider's token for a bank account may be, in characters.
const DESTINATION_MAX_CHARS: usize = 255;

/// Money is to come into a wallet; it is there once the provider has charged.
#[derive(Debug, Clone)]
pub struct RequestDeposit {
    pub payment_id: PaymentId,
    pub attempt_id: AttemptId,
    pub account_id: AccountId,
    pub amount: Money,
    pub card_token: String,
    pub at: DateTime<Utc>,
}

pub fn request_deposit(work: &mut UnitOfWork, command: &RequestDeposit) -> Decision<()> {
    let RequestDeposit {
        payment_id,
        attempt_id,
        account_id,
        amount,
        at,
        ..
    } = *command;
    if !amount.is_positive() {
        return Err(WalletError::NotPositive { amount }.into());
    }
    let method = PaymentMethod::Card {
        token: command.card_token.clone(),
    };
    check_method(&method)?;
    let requested = PaymentRequested {
        payment_id,
        purpose: Purpose::Deposit(account_id),
        customer: Some(account_id),
        amount,
        method,
        attempt_id: Some(attempt_id),
        requested_at: at,
    };
    work.handle::<Payment>(payment_id, PaymentCommand::Request(requested))
}

/// Money leaves a wallet for the owner's bank.
#[derive(Debug, Clone)]
pub struct RequestWithdrawal {
    pub withdrawal_id: WithdrawalId,
    pub account_id: AccountId,
    pub amount: Money,
    pub destination: String,
    pub at: DateTime<Utc>,
}

pub fn request_withdrawal(work: &mut UnitOfWork, command: &RequestWithdrawal) -> Decision<()> {
    let RequestWithdrawal {
        withdrawal_id,
        account_id,
        amount,
        destination,
        at,
    } = command.clone();
    let printable = destination.bytes().all(|b| b.is_ascii_graphic());
    if destination.is_empty() || destination.len() > DESTINATION_MAX_CHARS || !printable {
        return Err(WalletError::Destination {
            max_chars: DESTINATION_MAX_CHARS,
        }
        .into());
    }
    let request = WalletCommand::RequestWithdrawal {
        account_id,
        withdrawal_id,
        amount,
        destination,
        at,
    };
    work.handle::<Wallet>(account_id, request)
}

pub fn settle_withdrawal(
    work: &mut UnitOfWork,
    account_id: AccountId,
    withdrawal_id: WithdrawalId,
    provider_reference: &str,
) -> Decision<()> {
    let provider_reference = provider_reference.to_owned();
    work.handle::<Wallet>(
        account_id,
        WalletCommand::SettleWithdrawal {
            withdrawal_id,
            provider_reference,
        },
    )
}

pub fn fail_withdrawal(
    work: &mut UnitOfWork,
    account_id: AccountId,
    withdrawal_id: WithdrawalId,
    code: &str,
    message: &str,
    at: DateTime<Utc>,
) -> Decision<()> {
    let (code, message) = (code.to_owned(), message.to_owned());
    work.handle::<Wallet>(
        account_id,
        WalletCommand::FailWithdrawal {
            withdrawal_id,
            code,
            message,
            at,
        },
    )
}

/// The provider calls its payout failed: it was never made, or the bank sent it back after it had been called paid.
#[derive(Debug, Clone)]
pub struct FailedPayout {
    pub account_id: AccountId,
    pub withdrawal_id: WithdrawalId,
    pub provider_reference: String,
    pub code: String,
    pub message: String,
    pub at: DateTime<Utc>,
}

/// What is told twice changes nothing the second time: the withdrawal is then neither under way nor has it arrived.
pub fn fail_payout(work: &mut UnitOfWork, command: &FailedPayout) -> Decision<()> {
    let FailedPayout {
        account_id,
        withdrawal_id,
        provider_reference,
        code,
        message,
        at,
    } = command.clone();
    fail_withdrawal(work, account_id, withdrawal_id, &code, &message, at)?;
    work.handle::<Wallet>(
        account_id,
        WalletCommand::ReturnWithdrawal {
            withdrawal_id,
            provider_reference,
            code,
            message,
            at,
        },
    )
}
