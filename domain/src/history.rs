//! Use cases of the past: sales and returns that happened before, or outside, this system. Recording
//! them is a right of staff, and the only place where a price comes from outside: it is what was
//! charged then. Nobody is emailed and no card is charged.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::credit_note::{CreditNoteIssued, ProductOrigin};
use events::ids::{AccountId, CreditNoteId, OrderId, PaymentId, Sku};
use events::ledger::{JournalEntry, LedgerAccount};
use events::money::Money;
use events::order::{OrderLine, OrderPlaced, SoldLine};
use events::payment::{PaymentMethod, PaymentRequested, Purpose};
use events::sealed::Sealed;

use crate::account::{Account, AccountError};
use crate::checkout::{check_country, products_of, total};
use crate::credit_note::{CreditNote, CreditNoteCommand, CreditNoteError};
use crate::order::{LINES_MAX, Order, OrderCommand, OrderError};
use crate::payment::{Payment, PaymentCommand};
use crate::product::Product;
use crate::settlement;
use crate::stock::{Stock, StockCommand};
use crate::unit_of_work::{Decision, UnitOfWork};

/// The scope of claimed references to orders of another system.
pub const ORDER_REFERENCE_SCOPE: &str = "order_reference";
/// The scope of claimed references to credit notes of another system.
pub const CREDIT_NOTE_REFERENCE_SCOPE: &str = "credit_note_reference";

/// What was sold, at the price of that time.
#[derive(Debug, Clone)]
pub struct PastLine {
    pub sku: Sku,
    pub quantity: u32,
    pub unit_price: Money,
}

/// A sale of the past, paid and handed over then.
#[derive(Debug, Clone)]
pub struct RecordPastOrder {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub customer: Option<AccountId>,
    pub contact: Sealed,
    pub country: String,
    pub lines: Vec<PastLine>,
    pub placed_at: DateTime<Utc>,
    /// Its number in the system it comes from, which can be recorded once.
    pub reference: Option<String>,
    pub now: DateTime<Utc>,
}

/// What the order came to.
pub fn record_past_order(work: &mut UnitOfWork, command: &RecordPastOrder) -> Decision<Money> {
    let RecordPastOrder {
        order_id,
        payment_id,
        customer,
        placed_at: at,
        ..
    } = *command;
    check_country(&command.country)?;
    if at > command.now {
        return Err(OrderError::NotPast.into());
    }
    if command.lines.is_empty() || command.lines.len() > LINES_MAX {
        return Err(OrderError::LineCount { max: LINES_MAX }.into());
    }
    check_customer(work, customer)?;
    let lines = past_lines(work, &command.lines)?;
    let total = total(&lines)?;
    let quantities = quantities(&command.lines)?;
    let placed = OrderPlaced {
        order_id,
        customer,
        contact: command.contact.clone(),
        lines,
        total,
        country: command.country.clone(),
        payment_id,
        placed_at: at,
        expires_at: None,
        reference: command.reference.clone(),
        historical: true,
    };
    if let Some(reference) = &command.reference {
        work.claim(ORDER_REFERENCE_SCOPE, reference, order_id);
    }
    work.handle::<Order>(order_id, OrderCommand::Place(placed))?;
    for (sku, quantity) in quantities {
        work.handle::<Stock>(sku, StockCommand::Sell { order_id, quantity })?;
    }
    let requested = PaymentRequested {
        payment_id,
        purpose: Purpose::Order(order_id),
        customer,
        amount: total,
        method: PaymentMethod::External {
            reference: command.reference.clone().unwrap_or_default(),
        },
        attempt_id: None,
        requested_at: at,
    };
    work.handle::<Payment>(payment_id, PaymentCommand::Request(requested))?;
    settlement::settle_at_once(work, payment_id, at)?;
    work.handle::<Order>(
        order_id,
        OrderCommand::Ship {
            carrier: None,
            tracking_number: None,
            at,
        },
    )?;
    work.handle::<Order>(order_id, OrderCommand::Deliver { at })?;
    Ok(total)
}

/// Goods of the past that came back, without saying of which order.
#[derive(Debug, Clone)]
pub struct RecordCreditNote {
    pub credit_note_id: CreditNoteId,
    pub customer: Option<AccountId>,
    pub country: String,
    pub lines: Vec<PastLine>,
    pub reason: String,
    pub issued_at: DateTime<Utc>,
    /// Its number in the system it comes from, which can be recorded once.
    pub reference: Option<String>,
    pub now: DateTime<Utc>,
}

/// What the credit note came to.
pub fn record_credit_note(work: &mut UnitOfWork, command: &RecordCreditNote) -> Decision<Money> {
    let RecordCreditNote {
        credit_note_id,
        customer,
        issued_at,
        ..
    } = *command;
    check_country(&command.country)?;
    if issued_at > command.now {
        return Err(OrderError::NotPast.into());
    }
    if command.lines.is_empty() || command.lines.len() > LINES_MAX {
        return Err(CreditNoteError::LineCount { max: LINES_MAX }.into());
    }
    check_customer(work, customer)?;
    let lines = past_lines(work, &command.lines)?;
    let total = total(&lines)?;
    let sold = |line: &OrderLine| -> Result<SoldLine, OrderError> {
        let amount = line.unit_price.checked_mul(line.quantity)?;
        Ok(SoldLine {
            sku: line.sku.clone(),
            product_id: line.product_id,
            quantity: line.quantity,
            amount,
        })
    };
    let issued = CreditNoteIssued {
        credit_note_id,
        customer,
        country: command.country.clone(),
        lines: lines.iter().map(sold).collect::<Result<_, _>>()?,
        origins: origins(&lines),
        total,
        entry: JournalEntry::transfer(LedgerAccount::Sales, LedgerAccount::External, total),
        reason: command.reason.clone(),
        reference: command.reference.clone(),
        issued_at,
    };
    if let Some(reference) = &command.reference {
        work.claim(CREDIT_NOTE_REFERENCE_SCOPE, reference, credit_note_id);
    }
    work.handle::<CreditNote>(credit_note_id, CreditNoteCommand::Issue(issued))?;
    for (sku, quantity) in quantities(&command.lines)? {
        work.handle::<Stock>(
            sku,
            StockCommand::Return {
                order_id: None,
                quantity,
            },
        )?;
    }
    Ok(total)
}

fn check_customer(work: &mut UnitOfWork, customer: Option<AccountId>) -> Decision<()> {
    let Some(customer) = customer else { return Ok(()) };
    if !work.read::<Account>(customer)?.exists() {
        return Err(AccountError::NotFound.into());
    }
    Ok(())
}

fn past_lines(work: &mut UnitOfWork, lines: &[PastLine]) -> Decision<Vec<OrderLine>> {
    let products = products_of(work, lines.iter().map(|line| &line.sku))?;
    let mut priced = Vec::with_capacity(lines.len());
    for line in lines {
        if line.quantity == 0 {
            return Err(OrderError::Quantity.into());
        }
        if line.unit_price.is_negative() {
            return Err(crate::product::ProductError::NegativePrice {
                price: line.unit_price,
            }
            .into());
        }
        let product_id = products[&line.sku];
        let product = work.read::<Product>(product_id)?;
        priced.push(OrderLine {
            sku: line.sku.clone(),
            product_id,
            name: product.details().name.clone(),
            category: product.details().category,
            seller: product.seller(),
            quantity: line.quantity,
            unit_price: line.unit_price,
        });
    }
    Ok(priced)
}

/// Where the lines' products belong, each once.
fn origins(lines: &[OrderLine]) -> Vec<ProductOrigin> {
    let origin = |line: &OrderLine| ProductOrigin {
        product_id: line.product_id,
        category: line.category,
        seller: line.seller,
    };
    let by_product: BTreeMap<_, _> = lines.iter().map(|line| (line.product_id, origin(line))).collect();
    by_product.into_values().collect()
}

fn quantities(lines: &[PastLine]) -> Result<BTreeMap<Sku, u32>, OrderError> {
    let mut quantities = BTreeMap::new();
    for line in lines {
        let sum = quantities.entry(line.sku.clone()).or_insert(0_u32);
        *sum = sum.checked_add(line.quantity).ok_or(OrderError::Quantity)?;
    }
    Ok(quantities)
}
