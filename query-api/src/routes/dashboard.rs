//! `GET /api/dashboard`: what somebody has, bought, sold and offers; and the lists behind the figures.
//!
//! One's own; an admin sees anybody's with `account`. Every figure is a projected one, read by its key.

use std::collections::{BTreeSet, HashMap};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use events::ids::{AccountId, OrderId, ProductId, Sku};
use events::money::{Currency, Money};
use read_models::ViewName;
use read_models::products::{Product as ProductRow, ProductDocument};
use read_models::query::{dashboard, many, wallets};
use read_models::trade_entries::{Side, TradeEntry};
use read_models::trades::{TradeSums, Trades};
use read_models::unsold::Unsold;
use serde::Serialize;
use utoipa::ToSchema;
use web::money::MoneyDto;
use web::paging::{Page, decode_cursor};
use web::position::MinPosition;
use web::{Caller, Problem, Query};

use super::wallet::Balance;
use super::whose::{WhosePageParams, WhoseParams, owner};
use super::{Denied, QueryHeaders, Unanswered};
use crate::answer;
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::schema::Product;

const VIEWS: &[ViewName] = &[ViewName::Trades, ViewName::Products, ViewName::Wallets];
/// The lines, and the products' for their names.
const TRADES: &[ViewName] = &[ViewName::Trades, ViewName::Products];
const PRODUCTS: &[ViewName] = &[ViewName::Products];

/// Each list has a row per currency in which there is anything.
#[derive(Serialize, ToSchema)]
pub struct DashboardAnswer {
    #[schema(value_type = Uuid)]
    account: AccountId,
    balances: Vec<Balance>,
    purchased: Vec<TradeFigures>,
    sold: Vec<SoldFigures>,
    unsold: Vec<UnsoldFigures>,
}

/// What was bought.
#[derive(Serialize, ToSchema)]
pub struct TradeFigures {
    /// Orders that were paid.
    orders: i64,
    units: i64,
    /// What they came to.
    #[schema(value_type = MoneyDto)]
    total: Money,
    /// Of the units, what came back, or was cancelled.
    returned_units: i64,
    #[schema(value_type = MoneyDto)]
    returned_total: Money,
}

/// What was sold.
#[derive(Serialize, ToSchema)]
pub struct SoldFigures {
    #[serde(flatten)]
    figures: TradeFigures,
    /// What the shop has kept.
    #[schema(value_type = MoneyDto)]
    fees: Money,
    /// What was sold, less what was taken back and the fees.
    #[schema(value_type = MoneyDto)]
    earned: Money,
}

/// What is on sale with units to buy.
#[derive(Serialize, ToSchema)]
pub struct UnsoldFigures {
    products: i64,
    units: i64,
    /// What the units would come to.
    #[schema(value_type = MoneyDto)]
    total: Money,
}

fn figures(sums: TradeSums, currency: Currency) -> TradeFigures {
    TradeFigures {
        orders: sums.orders,
        units: sums.units,
        total: Money::new(sums.amount_minor, currency),
        returned_units: sums.returned_units,
        returned_total: Money::new(sums.returned_minor, currency),
    }
}

fn sold_figures(trades: &Trades) -> SoldFigures {
    let (sums, currency) = (trades.sold, trades.currency);
    SoldFigures {
        figures: figures(sums, currency),
        fees: Money::new(trades.fees_minor, currency),
        earned: Money::new(
            sums.amount_minor - sums.returned_minor - trades.fees_minor,
            currency,
        ),
    }
}

impl From<Unsold> for UnsoldFigures {
    fn from(unsold: Unsold) -> Self {
        // A price that nobody pays times a stock that nobody has: the most that an amount can be says enough.
        let minor = i64::try_from(unsold.value_minor).unwrap_or(i64::MAX);
        Self {
            products: unsold.products,
            units: unsold.units,
            total: Money::new(minor, unsold.currency),
        }
    }
}

/// What somebody has, bought, sold and offers
///
/// One's own; an admin sees anybody's.
#[utoipa::path(
    get, path = "/api/dashboard", tag = "dashboard", security(("bearer" = [])),
    params(WhoseParams, QueryHeaders),
    responses((status = 200, body = DashboardAnswer), Unanswered, Denied)
)]
pub async fn figures_of(
    caller: Caller,
    Query(params): Query<WhoseParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    let account = owner(&caller, params.account)?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(VIEWS, min).await?;
    let conn = snapshot.conn();
    let balances = wallets::balances(conn, account).await.map_err(store_failed)?;
    let trades = dashboard::trades(conn, account).await.map_err(store_failed)?;
    let unsold = dashboard::unsold(conn, account).await.map_err(store_failed)?;
    drop(snapshot);
    let purchased = trades.iter().filter(|trades| trades.purchased.orders > 0);
    let sold = trades.iter().filter(|trades| trades.sold.orders > 0);
    let answer = DashboardAnswer {
        account,
        balances: balances.into_iter().map(Balance::from).collect(),
        purchased: purchased
            .map(|trades| figures(trades.purchased, trades.currency))
            .collect(),
        sold: sold.map(sold_figures).collect(),
        unsold: unsold.into_iter().map(UnsoldFigures::from).collect(),
    };
    answer::private(&headers, position, &answer)
}

/// A line that was bought or sold, or taken back.
#[derive(Serialize, ToSchema)]
pub struct TradeLine {
    position: u64,
    at: DateTime<Utc>,
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    /// Null where only money was given back.
    #[schema(value_type = Option<Uuid>)]
    product_id: Option<ProductId>,
    #[schema(value_type = Option<String>)]
    sku: Option<Sku>,
    /// As the product is named now; null where only money was given back.
    name: Option<String>,
    /// Negative when it was taken back.
    quantity: i64,
    /// Before the fee; negative when it was taken back.
    #[schema(value_type = MoneyDto)]
    amount: Money,
}

impl TradeLine {
    fn new(entry: TradeEntry, products: &HashMap<ProductId, ProductRow>) -> Self {
        let product = entry.product_id.and_then(|id| products.get(&id));
        let name = product.map(|product| product.document.name.clone());
        Self {
            // One of which only stock is known has no name yet.
            name: name.filter(|name| !name.is_empty()),
            position: entry.position,
            at: entry.at,
            order_id: entry.order_id,
            product_id: entry.product_id,
            sku: entry.sku,
            quantity: entry.quantity,
            amount: entry.amount,
        }
    }
}

/// What somebody bought, line by line, newest first
#[utoipa::path(
    get, path = "/api/dashboard/purchased", tag = "dashboard", security(("bearer" = [])),
    params(WhosePageParams, QueryHeaders),
    responses((status = 200, body = Page<TradeLine>), Unanswered, Denied)
)]
pub async fn purchased(
    caller: Caller,
    Query(params): Query<WhosePageParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    lines(&caller, &params, Side::Purchased, min, &headers, &reads).await
}

/// What somebody sold, line by line, newest first
#[utoipa::path(
    get, path = "/api/dashboard/sold", tag = "dashboard", security(("bearer" = [])),
    params(WhosePageParams, QueryHeaders),
    responses((status = 200, body = Page<TradeLine>), Unanswered, Denied)
)]
pub async fn sold(
    caller: Caller,
    Query(params): Query<WhosePageParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    lines(&caller, &params, Side::Sold, min, &headers, &reads).await
}

async fn lines(
    caller: &Caller,
    params: &WhosePageParams,
    side: Side,
    min: MinPosition,
    headers: &HeaderMap,
    reads: &Reads,
) -> Result<Response, Problem> {
    let account = owner(caller, params.account)?;
    let before = params.cursor.as_deref().map(decode_cursor).transpose()?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(TRADES, min).await?;
    let limit = params.limit.with_lookahead();
    let conn = snapshot.conn();
    let found = dashboard::entries(conn, account, side, before, limit).await;
    let page = Page::cut(found.map_err(store_failed)?, params.limit, |entry| {
        (entry.position, entry.line)
    });
    let ids: BTreeSet<_> = page.items.iter().filter_map(|entry| entry.product_id).collect();
    let products = many::<ProductRow>(conn, &Vec::from_iter(ids)).await;
    drop(snapshot);
    let products = products.map_err(store_failed)?;
    let page = page.map(|entry| TradeLine::new(entry, &products));
    answer::private(headers, position, &page)
}

/// What somebody offers and hasn't sold, the latest added first
#[utoipa::path(
    get, path = "/api/dashboard/unsold", tag = "dashboard", security(("bearer" = [])),
    params(WhosePageParams, QueryHeaders),
    responses((status = 200, body = Page<Product>), Unanswered, Denied)
)]
pub async fn unsold(
    caller: Caller,
    Query(params): Query<WhosePageParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    products(&caller, &params, true, min, &headers, &reads).await
}

/// What somebody owns and keeps off sale, such as a one-of-a-kind that they bought; the latest added first
#[utoipa::path(
    get, path = "/api/dashboard/archived", tag = "dashboard", security(("bearer" = [])),
    params(WhosePageParams, QueryHeaders),
    responses((status = 200, body = Page<Product>), Unanswered, Denied)
)]
pub async fn archived(
    caller: Caller,
    Query(params): Query<WhosePageParams>,
    min: MinPosition,
    headers: HeaderMap,
    State(reads): State<Reads>,
) -> Result<Response, Problem> {
    products(&caller, &params, false, min, &headers, &reads).await
}

async fn products(
    caller: &Caller,
    params: &WhosePageParams,
    on_sale: bool,
    min: MinPosition,
    headers: &HeaderMap,
    reads: &Reads,
) -> Result<Response, Problem> {
    let account = owner(caller, params.account)?;
    let after = params.cursor.as_deref().map(decode_cursor).transpose()?;
    let Picture {
        mut snapshot,
        position,
    } = reads.picture(PRODUCTS, min).await?;
    let limit = params.limit.with_lookahead();
    let found = dashboard::owned(snapshot.conn(), account, on_sale, after, limit).await;
    drop(snapshot);
    let page = Page::cut(found.map_err(store_failed)?, params.limit, |product| {
        (product.document.added_at, product.document.id)
    });
    let page: Page<ProductDocument> = page.map(|product| product.document);
    answer::private(headers, position, &page)
}
