//! What a sale means to its seller: their part of the money, less the shop's fee, and the ownership of a one-of-a-kind.
//! Each of these is a part of another use case, and of its one atomic step.
//!
//! The terms are fixed when the order is placed, and the money moves when it is paid. What is settled outside this
//! system, such as a sale of the past, has been settled with its seller there, and moves nothing here.

use chrono::{DateTime, Utc};
use events::ids::{AccountId, OrderId, PaymentId, ProductId, RefundId, Sku};
use events::money::Money;
use events::payment::{Purpose, SaleAgreed};
use events::wallet::{SaleCredited, SaleReversed};

use crate::order::{Order, OrderError, Placed, Status};
use crate::payment::{Payment, PaymentCommand, PaymentError, Requested, Returned, WHOLE_BPS};
use crate::product::{Product, ProductCommand};
use crate::stock::{Stock, StockCommand};
use crate::unit_of_work::{Decision, UnitOfWork};
use crate::wallet::{Wallet, WalletCommand};

/// Fixes what the order's sellers get and what the shop keeps, in basis points.
pub(crate) fn agree(
    work: &mut UnitOfWork,
    order_id: OrderId,
    payment_id: PaymentId,
    fee_bps: u32,
) -> Decision<()> {
    let shares = work.read::<Order>(order_id)?.placed()?.shares()?;
    if shares.is_empty() {
        return Ok(());
    }
    if fee_bps > WHOLE_BPS {
        return Err(PaymentError::Fee { fee_bps }.into());
    }
    let agreed = SaleAgreed {
        payment_id,
        order_id,
        fee_bps,
        shares,
    };
    work.handle::<Payment>(payment_id, PaymentCommand::AgreeSale(agreed))
}

/// The payment has settled: the sellers get theirs, and what is one of a kind its new owner.
pub(crate) fn complete(
    work: &mut UnitOfWork,
    order_id: OrderId,
    payment_id: PaymentId,
    at: DateTime<Utc>,
) -> Decision<()> {
    let payment = work.read::<Payment>(payment_id)?;
    let payment = payment.requested()?;
    let Some(sale) = &payment.sale else {
        return Ok(()); // nothing of a seller's in it, or the order was cancelled before the money came
    };
    let portions = payment.portions();
    work.require::<Wallet>(portions.iter().map(|portion| portion.seller))?;
    for portion in portions {
        let credited = SaleCredited {
            account_id: portion.seller,
            order_id,
            lines: sale.lines(portion.seller).to_vec(),
            gross: portion.gross,
            fee_bps: sale.fee_bps,
            fee: portion.fee,
            amount: portion.net,
        };
        work.handle::<Wallet>(portion.seller, WalletCommand::CreditSale(credited))?;
    }
    let order = work.read::<Order>(order_id)?;
    let order = order.placed()?;
    let Some(buyer) = order.customer else {
        return Ok(());
    };
    for unique in uniques(work, order)? {
        let moved = ProductCommand::MoveOwnership {
            to: buyer,
            order_id,
            at,
        };
        work.handle::<Product>(unique.product_id, moved)?;
        work.handle::<Stock>(unique.sku, StockCommand::Ship { order_id })?;
    }
    Ok(())
}

/// Goods come back, or never leave: what is one of a kind belongs to its seller again. Refused once the buyer has
/// sold it on, or offers it.
pub(crate) fn give_back(
    work: &mut UnitOfWork,
    order: &Placed,
    skus: impl Fn(&Sku) -> bool,
    at: DateTime<Utc>,
) -> Decision<()> {
    for unique in uniques(work, order)?
        .into_iter()
        .filter(|unique| skus(&unique.sku))
    {
        let product = work.read::<Product>(unique.product_id)?;
        let is_kept = product.seller() == order.customer && product.exists() && !product.is_listed();
        if !is_kept {
            return Err(OrderError::MovedOn { sku: unique.sku }.into());
        }
        let moved = ProductCommand::MoveOwnership {
            to: unique.seller,
            order_id: order.id,
            at,
        };
        work.handle::<Product>(unique.product_id, moved)?;
    }
    Ok(())
}

/// A one-of-a-kind in an order.
pub(crate) struct Unique {
    pub sku: Sku,
    pub product_id: ProductId,
    pub seller: AccountId,
}

/// What is one of a kind among an order's lines. Only sellers have such things, so the shop's own products needn't
/// be looked at.
pub(crate) fn uniques(work: &mut UnitOfWork, order: &Placed) -> Decision<Vec<Unique>> {
    let lines = order.lines.iter().filter(|line| line.quantity == 1);
    let candidates: Vec<_> = lines
        .filter_map(|line| {
            Some(Unique {
                sku: line.sku.clone(),
                product_id: line.product_id,
                seller: line.seller?,
            })
        })
        .collect();
    work.require::<Product>(candidates.iter().map(|unique| unique.product_id))?;
    let mut uniques = vec![];
    for candidate in candidates {
        if work.read::<Product>(candidate.product_id)?.is_one_of_a_kind() {
            uniques.push(candidate);
        }
    }
    Ok(uniques)
}

/// The sellers' goods that a refund is for; `None` if it is for none, or for the shop's own alone.
pub(crate) fn returned(
    work: &mut UnitOfWork,
    payment: &Requested,
    refund_id: RefundId,
) -> Decision<Option<Returned>> {
    let (Some(sale), Purpose::Order(order_id)) = (&payment.sale, payment.purpose) else {
        return Ok(None);
    };
    let order = work.read::<Order>(order_id)?;
    let order = order.placed()?;
    if order.status == Status::Cancelled && !sale.has_goods_back() {
        return Ok(Some(sale.all_lines()));
    }
    Ok(order.returned_with(refund_id))
}

/// A refund is carried out: the sellers bear their part of it.
pub(crate) fn take_back(
    work: &mut UnitOfWork,
    before: &Requested,
    refund_id: RefundId,
    amount: Money,
    returned: Option<&Returned>,
) -> Decision<()> {
    let Some(sale) = &before.sale else { return Ok(()) };
    let portions = before.refund_portions(amount, returned);
    work.require::<Wallet>(portions.iter().map(|portion| portion.seller))?;
    for portion in portions {
        let lines = returned.and_then(|returned| returned.get(&portion.seller));
        let reversed = SaleReversed {
            account_id: portion.seller,
            order_id: sale.order_id,
            refund_id,
            lines: lines.cloned().unwrap_or_default(),
            gross: portion.gross,
            fee: portion.fee,
            amount: portion.net,
        };
        work.handle::<Wallet>(portion.seller, WalletCommand::ReverseSale(reversed))?;
    }
    Ok(())
}
