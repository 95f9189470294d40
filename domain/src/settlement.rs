//! Use cases of money for orders and deposits: what the provider answered becomes a paid order or a
//! fuller wallet, in one step. Asking the provider is the settlement worker's.

use chrono::{DateTime, Utc};
use events::ids::{AttemptId, PaymentId, RefundId};
use events::money::Money;
use events::payment::{PaymentMethod, Purpose};
use events::wallet::{CreditReason, WalletCredited, WalletDebited};

use crate::authority::Authority;
use crate::checkout;
use crate::marketplace;
use crate::order::{Order, OrderCommand, OrderError, Status as OrderStatus};
use crate::payment::{Payment, PaymentCommand, PaymentError};
use crate::unit_of_work::{Decision, UnitOfWork};
use crate::wallet::{Wallet, WalletCommand};

/// Settles a payment that needs no provider: out of the wallet, or settled elsewhere.
pub(crate) fn settle_at_once(
    work: &mut UnitOfWork,
    payment_id: PaymentId,
    at: DateTime<Utc>,
) -> Decision<()> {
    let payment = work.read::<Payment>(payment_id)?;
    let payment = payment.requested()?;
    if let (PaymentMethod::Wallet, Purpose::Order(order_id), Some(account_id)) =
        (&payment.method, payment.purpose, payment.customer)
    {
        let debited = WalletDebited {
            account_id,
            amount: payment.amount,
            order_id,
            debited_at: at,
        };
        work.handle::<Wallet>(account_id, WalletCommand::Debit(debited))?;
    }
    let attempt_id = payment.attempt_id;
    let settled = PaymentCommand::RecordSettled {
        attempt_id,
        provider_reference: None,
        at,
    };
    work.handle::<Payment>(payment_id, settled)?;
    if let Purpose::Order(order_id) = payment.purpose {
        work.handle::<Order>(order_id, OrderCommand::MarkPaid { at })?;
        marketplace::complete(work, order_id, payment_id, at)?;
    }
    Ok(())
}

/// The provider has charged.
#[derive(Debug, Clone)]
pub struct SettlePayment {
    pub payment_id: PaymentId,
    pub attempt_id: AttemptId,
    pub provider_reference: String,
    pub at: DateTime<Utc>,
}

pub fn settle_payment(work: &mut UnitOfWork, command: &SettlePayment) -> Decision<()> {
    let SettlePayment {
        payment_id,
        attempt_id,
        at,
        ..
    } = *command;
    let before = work.read::<Payment>(payment_id)?;
    let before = before.requested()?;
    if before.status == crate::payment::Status::Settled {
        return Ok(());
    }
    let settled = PaymentCommand::RecordSettled {
        attempt_id: Some(attempt_id),
        provider_reference: Some(command.provider_reference.clone()),
        at,
    };
    work.handle::<Payment>(payment_id, settled)?;
    match before.purpose {
        Purpose::Order(order_id) => {
            work.handle::<Order>(order_id, OrderCommand::MarkPaid { at })?;
            marketplace::complete(work, order_id, payment_id, at)
        }
        Purpose::Deposit(account_id) => {
            let reason = CreditReason::Deposit(payment_id);
            let credited = WalletCredited {
                account_id,
                amount: before.amount,
                reason,
                credited_at: at,
            };
            work.handle::<Wallet>(account_id, WalletCommand::Credit(credited))
        }
    }
}

/// The provider has declined.
#[derive(Debug, Clone)]
pub struct DeclinePayment {
    pub payment_id: PaymentId,
    pub attempt_id: AttemptId,
    pub code: String,
    pub message: String,
}

pub fn decline_payment(work: &mut UnitOfWork, command: &DeclinePayment) -> Decision<()> {
    let DeclinePayment {
        payment_id,
        attempt_id,
        code,
        message,
    } = command.clone();
    work.handle::<Payment>(
        payment_id,
        PaymentCommand::RecordDeclined {
            attempt_id,
            code,
            message,
        },
    )
}

/// The customer tries again after a decline, perhaps with another card or out of the wallet.
#[derive(Debug, Clone)]
pub struct RetryPayment {
    pub payment_id: PaymentId,
    pub by: Authority,
    pub method: PaymentMethod,
    pub attempt_id: AttemptId,
    pub at: DateTime<Utc>,
}

pub fn retry_payment(work: &mut UnitOfWork, command: &RetryPayment) -> Decision<()> {
    let RetryPayment {
        payment_id,
        by,
        attempt_id,
        at,
        ..
    } = *command;
    checkout::check_method(&command.method)?;
    let payment = work.read::<Payment>(payment_id)?;
    let payment = payment.requested()?;
    if !by.covers(payment.customer) {
        return Err(PaymentError::NotFound.into());
    }
    match (payment.purpose, &command.method) {
        (Purpose::Order(order_id), _) => check_still_payable(work, order_id, at)?,
        (Purpose::Deposit(_), PaymentMethod::Card { .. }) => {}
        (Purpose::Deposit(_), _) => return Err(PaymentError::Method { allowed: "by card" }.into()),
    }
    let retry = PaymentCommand::Retry {
        method: command.method.clone(),
        attempt_id,
    };
    work.handle::<Payment>(payment_id, retry)?;
    if matches!(command.method, PaymentMethod::Wallet) {
        settle_at_once(work, payment_id, at)?;
    }
    Ok(())
}

fn check_still_payable(
    work: &mut UnitOfWork,
    order_id: events::ids::OrderId,
    at: DateTime<Utc>,
) -> Decision<()> {
    let order = work.read::<Order>(order_id)?;
    let order = order.placed()?;
    if let Some(expires_at) = order.expires_at.filter(|expires_at| at >= *expires_at) {
        return Err(OrderError::Expired { at: expires_at }.into());
    }
    if order.status != OrderStatus::AwaitingPayment {
        return Err(PaymentError::NotDeclined.into());
    }
    Ok(())
}

/// Staff give money back; the goods stay where they are.
#[derive(Debug, Clone)]
pub struct RefundPayment {
    pub payment_id: PaymentId,
    pub refund_id: RefundId,
    /// All that is left, if missing.
    pub amount: Option<Money>,
    pub reason: String,
    pub at: DateTime<Utc>,
}

pub fn refund_payment(work: &mut UnitOfWork, command: &RefundPayment) -> Decision<()> {
    let payment = work.read::<Payment>(command.payment_id)?;
    let payment = payment.requested()?;
    if matches!(payment.purpose, Purpose::Deposit(_)) {
        // What was deposited may have been spent since; it goes back by a withdrawal.
        return Err(PaymentError::NotSettled.into());
    }
    let amount = command.amount.unwrap_or_else(|| payment.refundable());
    request_refund(
        work,
        command.payment_id,
        command.refund_id,
        amount,
        &command.reason,
        command.at,
    )
}

/// Asks for a refund, and carries it out at once where no provider is needed.
pub(crate) fn request_refund(
    work: &mut UnitOfWork,
    payment_id: PaymentId,
    refund_id: RefundId,
    amount: Money,
    reason: &str,
    at: DateTime<Utc>,
) -> Decision<()> {
    let before = work.read::<Payment>(payment_id)?;
    let before = before.requested()?;
    let returned = marketplace::returned(work, before, refund_id)?;
    let request = PaymentCommand::RequestRefund {
        refund_id,
        amount,
        reason: reason.to_owned(),
        returned: returned.clone(),
    };
    work.handle::<Payment>(payment_id, request)?;
    let payment = work.read::<Payment>(payment_id)?;
    let payment = payment.requested()?;
    let asked = payment.refundable() != before.refundable();
    if asked && !payment.refund_is_open(refund_id) {
        marketplace::take_back(work, before, refund_id, amount, returned.as_ref())?;
    }
    if let (true, PaymentMethod::Wallet, Some(account_id)) = (asked, &payment.method, payment.customer) {
        let reason = CreditReason::Refund(refund_id);
        let credited = WalletCredited {
            account_id,
            amount,
            reason,
            credited_at: at,
        };
        work.handle::<Wallet>(account_id, WalletCommand::Credit(credited))?;
    }
    Ok(())
}

pub fn settle_refund(
    work: &mut UnitOfWork,
    payment_id: PaymentId,
    refund_id: RefundId,
    provider_reference: &str,
) -> Decision<()> {
    let before = work.read::<Payment>(payment_id)?;
    let before = before.requested()?;
    let returned = marketplace::returned(work, before, refund_id)?;
    let settled = PaymentCommand::RecordRefundSettled {
        refund_id,
        provider_reference: Some(provider_reference.to_owned()),
        returned: returned.clone(),
    };
    work.handle::<Payment>(payment_id, settled)?;
    match before.open_refund(refund_id) {
        Some(amount) => marketplace::take_back(work, before, refund_id, amount, returned.as_ref()),
        None => Ok(()), // it was settled, or failed, before
    }
}

pub fn fail_refund(
    work: &mut UnitOfWork,
    payment_id: PaymentId,
    refund_id: RefundId,
    code: &str,
    message: &str,
) -> Decision<()> {
    let (code, message) = (code.to_owned(), message.to_owned());
    work.handle::<Payment>(
        payment_id,
        PaymentCommand::RecordRefundFailed {
            refund_id,
            code,
            message,
        },
    )
}
