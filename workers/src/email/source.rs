//! Reads what an email is about out of the log, and opens what is sealed in it.

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use domain::account::Account;
use events::Event;
use events::account::{AccountEvent, EmailVerificationRequested, PasswordResetRequested, Profile};
use events::envelope::StreamId;
use events::ids::{AccountId, OrderId};
use events::order::{Contact, OrderCancelled, OrderEvent, OrderPlaced, OrderShipped};
use events::sealed::Sealed;
use platform::vault::{Vault, VaultError};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::effects::{Shop, Verdict};
use crate::intents::Claimed;

/// What emails tell of an order.
pub(super) struct Order {
    pub placed: OrderPlaced,
    pub paid: Option<DateTime<Utc>>,
    pub shipped: Option<OrderShipped>,
    pub cancelled: Option<OrderCancelled>,
}

pub(super) async fn order(shop: &Shop, order_id: OrderId) -> Result<Order, Verdict> {
    let stream = StreamId::new(domain::order::Order::TYPE, order_id);
    let (mut placed, mut paid, mut shipped, mut cancelled) = (None, None, None, None);
    for event in events(shop, stream).await? {
        match event {
            Event::Order(OrderEvent::OrderPlaced(event)) => placed = Some(event),
            Event::Order(OrderEvent::OrderPaid(event)) => paid = Some(event.paid_at),
            Event::Order(OrderEvent::OrderShipped(event)) => shipped = Some(event),
            Event::Order(OrderEvent::OrderCancelled(event)) => cancelled = Some(event),
            _ => {}
        }
    }
    let placed = placed.ok_or_else(|| Verdict::Fail {
        reason: "there is no such order".to_owned(),
    })?;
    Ok(Order {
        placed,
        paid,
        shipped,
        cancelled,
    })
}

/// The request for a new password.
pub(super) async fn password_reset(
    shop: &Shop,
    account_id: AccountId,
    reset_id: Uuid,
) -> Result<Option<PasswordResetRequested>, Verdict> {
    let events = events(shop, StreamId::new(Account::TYPE, account_id)).await?;
    Ok(events.into_iter().find_map(|event| match event {
        Event::Account(AccountEvent::PasswordResetRequested(reset)) if reset.reset_id == reset_id => {
            Some(reset)
        }
        _ => None,
    }))
}

/// The request to verify an address.
pub(super) async fn verification(
    shop: &Shop,
    account_id: AccountId,
    verification_id: Uuid,
) -> Result<Option<EmailVerificationRequested>, Verdict> {
    let events = events(shop, StreamId::new(Account::TYPE, account_id)).await?;
    Ok(events.into_iter().find_map(|event| match event {
        Event::Account(AccountEvent::EmailVerificationRequested(request))
            if request.verification_id == verification_id =>
        {
            Some(request)
        }
        _ => None,
    }))
}

/// The request whose link works now.
pub(super) async fn working_link(
    shop: &Shop,
    claimed: &Claimed,
    account_id: AccountId,
    working: fn(&Account) -> Option<Uuid>,
) -> Result<Option<Uuid>, Verdict> {
    let working = move |work: &mut domain::UnitOfWork| Ok(working(&*work.read::<Account>(account_id)?));
    Ok(shop.look(claimed, working).await?)
}

async fn events(shop: &Shop, stream: StreamId) -> Result<Vec<Event>, Verdict> {
    let recorded = shop
        .executor
        .log()
        .read_streams(std::slice::from_ref(&stream))
        .await?;
    let decode = |recorded| {
        Event::decode(recorded).map_err(|error| Verdict::Fail {
            reason: error.to_string(),
        })
    };
    recorded.iter().map(decode).collect()
}

/// The contact of an order; `None` if whoever it belongs to was erased.
pub(super) async fn contact(
    vault: &Vault,
    subject: Uuid,
    sealed: &Sealed,
) -> Result<Option<Contact>, Verdict> {
    open_json(vault, subject, sealed).await
}

/// Somebody's profile as it is now; `None` if they were erased.
pub(super) async fn profile(
    shop: &Shop,
    vault: &Vault,
    claimed: &Claimed,
    account_id: AccountId,
) -> Result<Option<Profile>, Verdict> {
    let sealed = shop
        .look(claimed, |work| {
            Ok(work.read::<Account>(account_id)?.profile().cloned())
        })
        .await?;
    match sealed {
        Some(sealed) => open_json(vault, account_id.0, &sealed).await,
        None => Ok(None),
    }
}

async fn open_json<T: DeserializeOwned>(
    vault: &Vault,
    subject: Uuid,
    sealed: &Sealed,
) -> Result<Option<T>, Verdict> {
    let Some(json) = open(vault, subject, sealed).await? else {
        return Ok(None);
    };
    // The error's text would quote what was sealed.
    let unreadable = |_| Verdict::Fail {
        reason: "what was sealed isn't what it should be".to_owned(),
    };
    serde_json::from_str(&json).map(Some).map_err(unreadable)
}

pub(super) async fn open(vault: &Vault, subject: Uuid, sealed: &Sealed) -> Result<Option<String>, Verdict> {
    vault.open(subject, sealed).await.map_err(|error| match error {
        VaultError::Unavailable { .. } | VaultError::NoRandomness => Verdict::Retry {
            reason: error.to_string(),
        },
        VaultError::Erased { .. }
        | VaultError::NoKey { .. }
        | VaultError::Broken { .. }
        | VaultError::BrokenKey { .. }
        | VaultError::ReadOnly => Verdict::Fail {
            reason: error.to_string(),
        },
    })
}
