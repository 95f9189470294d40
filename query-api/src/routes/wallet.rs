//! `GET /api/wallet`: what the shop owes somebody, and how it came about. One's own; an admin sees anybody's.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use events::money::Money;
use read_models::ViewName;
use read_models::query::wallets;
use read_models::wallet_entries::{MovementReason, WalletEntry};
use read_models::wallets::Wallet;
use serde::Serialize;
use utoipa::ToSchema;
use web::money::MoneyDto;
use web::paging::{Page, decode_cursor};
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::whose::{WhosePageParams, WhoseParams, owner};
use super::{Denied, QueryHeaders, Unanswered};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::{Terms, answer};

const VIEWS: &[ViewName] = &[ViewName::Wallets];

/// A wallet: one balance per currency.
#[derive(Serialize, ToSchema)]
pub struct WalletAnswer {
    balances: Vec<Balance>,
}

#[derive(Serialize, ToSchema)]
pub struct Balance {
    #[schema(value_type = MoneyDto)]
    balance: Money,
    /// On its way to the bank, and no longer in the balance.
    #[schema(value_type = MoneyDto)]
    pending_withdrawals: Money,
}

impl From<Wallet> for Balance {
    fn from(wallet: Wallet) -> Self {
        Self {
            balance: wallet.balance,
            pending_withdrawals: wallet.pending_withdrawals,
        }
    }
}

/// What is in somebody's wallet
///
/// One's own; an admin sees anybody's.
#[utoipa::path(
    get, path = "/api/wallet", tag = "wallet", security(("bearer" = [])), params(WhoseParams, QueryHeaders),
    responses((status = 200, body = WalletAnswer), Unanswered, Denied)
)]
pub async fn balances(
    caller: Caller,
    Query(params): Query<WhoseParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
    State(terms): State<Terms>,
) -> Result<Response, Problem> {
    let account = owner(&caller, params.account)?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let mut wallets = wallets::balances(snapshot.conn(), account)
        .await
        .map_err(store_failed)?;
    drop(snapshot);
    if wallets.is_empty() {
        wallets.push(Wallet::empty(account, terms.currency));
    }
    let balances = wallets.into_iter().map(Balance::from).collect();
    answer::private(&headers, position, &WalletAnswer { balances })
}

/// Money that came or went.
#[derive(Serialize, ToSchema)]
pub struct Entry {
    position: u64,
    at: DateTime<Utc>,
    /// Negative when it went.
    #[schema(value_type = MoneyDto)]
    amount: Money,
    /// What was there after it.
    #[schema(value_type = MoneyDto)]
    balance: Money,
    /// `{"kind": …, "id": …}`: a deposit's payment, a refund, the order of a purchase or sale, a withdrawal, or one that
    /// failed.
    #[schema(value_type = Object)]
    reason: MovementReason,
    /// The same in words for people.
    summary: &'static str,
}

fn summary(reason: MovementReason) -> &'static str {
    match reason {
        MovementReason::Deposit(_) => "Deposit by card",
        MovementReason::Refund(_) => "Refund of a purchase",
        MovementReason::Purchase(_) => "Purchase",
        MovementReason::Sale(_) => "Sale, less the shop's fee",
        MovementReason::SaleReversed(_) => "Sale taken back",
        MovementReason::DebtIncurred(_) => "Lent by the shop for a sale taken back",
        MovementReason::DebtRepaid(_) => "Paid back to the shop out of a sale",
        MovementReason::Withdrawal(_) => "Withdrawal to the bank",
        MovementReason::WithdrawalFailed(_) => "Withdrawal that the bank didn't take, given back",
    }
}

impl From<WalletEntry> for Entry {
    fn from(entry: WalletEntry) -> Self {
        let WalletEntry {
            position,
            at,
            amount,
            balance,
            reason,
            ..
        } = entry;
        Self {
            position,
            at,
            amount,
            balance,
            reason,
            summary: summary(reason),
        }
    }
}

/// What came into somebody's wallet and what went, newest first
///
/// One's own; an admin sees anybody's.
#[utoipa::path(
    get, path = "/api/wallet/entries", tag = "wallet", security(("bearer" = [])), params(WhosePageParams, QueryHeaders),
    responses((status = 200, body = Page<Entry>), Unanswered, Denied)
)]
pub async fn entries(
    caller: Caller,
    Query(params): Query<WhosePageParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let account = owner(&caller, params.account)?;
    let before = params.cursor.as_deref().map(decode_cursor).transpose()?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let found = wallets::entries(snapshot.conn(), account, before, params.limit.with_lookahead()).await;
    drop(snapshot);
    let page = Page::cut(found.map_err(store_failed)?, params.limit, |entry| entry.position);
    answer::private(&headers, position, &page.map(Entry::from))
}
