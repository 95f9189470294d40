//! What people bought and sold, from the orders' events for the buyers and from the wallets' for the sellers.

use chrono::{DateTime, Utc};
use events::Event;
use events::ids::{AccountId, OrderId};
use events::money::{Currency, Money};
use events::order::{OrderEvent, SoldLine};
use events::wallet::WalletEvent;
use read_models::ViewName;
use read_models::trade_entries::{Side, TradeEntry};
use read_models::trades::Trades;

use crate::projection::{Fact, Projection};

pub struct TradesOfAccounts;

/// What an event means to one account.
struct Movement<'e> {
    account: AccountId,
    side: Side,
    order_id: OrderId,
    /// Missing where the event has no time of its own.
    at: Option<DateTime<Utc>>,
    taken_back: bool,
    lines: &'e [SoldLine],
    /// What the lines come to; or, where only money is given back, that.
    amount: Money,
    fee: Option<Money>,
}

impl Projection for TradesOfAccounts {
    const VIEW: ViewName = ViewName::Trades;
    type Row = Trades;
    type Entry = TradeEntry;

    fn keys(event: &Event) -> Vec<(AccountId, Currency)> {
        let movement = movement(event);
        Vec::from_iter(movement.map(|movement| (movement.account, movement.amount.currency())))
    }

    fn apply(
        (account, currency): &(AccountId, Currency),
        row: Option<Trades>,
        fact: &Fact,
        entries: &mut Vec<TradeEntry>,
    ) -> Option<Trades> {
        let Some(movement) = movement(&fact.event) else {
            return row;
        };
        let mut trades = row.unwrap_or_else(|| Trades::none(*account, *currency));
        let sums = match movement.side {
            Side::Purchased => &mut trades.purchased,
            Side::Sold => &mut trades.sold,
        };
        let units: i64 = movement.lines.iter().map(|line| i64::from(line.quantity)).sum();
        let (amount, fee) = (
            movement.amount.amount_minor(),
            movement.fee.map(|fee| fee.amount_minor()),
        );
        if movement.taken_back {
            sums.returned_units += units;
            sums.returned_minor += amount;
            trades.fees_minor -= fee.unwrap_or(0);
        } else {
            sums.orders += 1;
            sums.units += units;
            sums.amount_minor += amount;
            trades.fees_minor += fee.unwrap_or(0);
        }
        trades.position = fact.position;
        push(entries, &movement, fact);
        Some(trades)
    }
}

/// An entry per line, or one for money alone.
fn push(entries: &mut Vec<TradeEntry>, movement: &Movement<'_>, fact: &Fact) {
    let sign = if movement.taken_back { -1 } else { 1 };
    let signed = |amount: Money| {
        if movement.taken_back {
            amount.negated()
        } else {
            amount
        }
    };
    let entry = |line: u64, sold: Option<&SoldLine>| TradeEntry {
        account: movement.account,
        side: movement.side,
        position: fact.position,
        line,
        at: movement.at.unwrap_or(fact.recorded_at),
        order_id: movement.order_id,
        product_id: sold.map(|sold| sold.product_id),
        sku: sold.map(|sold| sold.sku.clone()),
        quantity: sold.map_or(0, |sold| sign * i64::from(sold.quantity)),
        amount: signed(sold.map_or(movement.amount, |sold| sold.amount)),
    };
    if movement.lines.is_empty() {
        entries.push(entry(0, None));
        return;
    }
    let lines = movement.lines.iter().zip(0..);
    entries.extend(lines.map(|(sold, line)| entry(line, Some(sold))));
}

fn movement(event: &Event) -> Option<Movement<'_>> {
    let (account, order_id, at, taken_back, lines, amount) = match event {
        Event::Order(OrderEvent::OrderPaid(e)) => {
            (e.customer?, e.order_id, e.paid_at, false, &e.lines, e.total)
        }
        // What wasn't paid had not been bought.
        Event::Order(OrderEvent::OrderCancelled(e)) if !e.reversed.is_empty() => {
            let (lines, total) = (&e.reversed, e.reversed_total);
            (e.customer?, e.order_id, e.cancelled_at, true, lines, total)
        }
        Event::Order(OrderEvent::OrderReturned(e)) => {
            (e.customer?, e.order_id, e.returned_at, true, &e.lines, e.total)
        }
        Event::Wallet(event) => return of_seller(event),
        _ => return None,
    };
    Some(Movement {
        account,
        side: Side::Purchased,
        order_id,
        at: Some(at),
        taken_back,
        lines,
        amount,
        fee: None,
    })
}

fn of_seller(event: &WalletEvent) -> Option<Movement<'_>> {
    let (account, order_id, taken_back, lines, amount, fee) = match event {
        WalletEvent::SaleCredited(e) => (e.account_id, e.order_id, false, &e.lines, e.gross, e.fee),
        WalletEvent::SaleReversed(e) => (e.account_id, e.order_id, true, &e.lines, e.gross, e.fee),
        _ => return None,
    };
    Some(Movement {
        account,
        side: Side::Sold,
        order_id,
        at: None,
        taken_back,
        lines,
        amount,
        fee: Some(fee),
    })
}
