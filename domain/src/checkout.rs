//! Use cases of buying: the cart, and the order that it becomes. An order, the reservation of every
//! line, the request for payment and the empty cart are one atomic step. Prices are the catalogue's.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::cart::CartItemSet;
use events::ids::{AccountId, AttemptId, OrderId, PaymentId, ProductId, Sku};
use events::money::{Currency, Money};
use events::order::{OrderLine, OrderPlaced};
use events::payment::{PaymentMethod, PaymentRequested, Purpose};
use events::sealed::Sealed;
use serde::{Deserialize, Serialize};

use crate::cart::{Cart, CartCommand, CartError, QUANTITY_MAX};
use crate::marketplace;
use crate::order::{LINES_MAX, Order, OrderCommand, OrderError};
use crate::payment::{Payment, PaymentCommand, PaymentError};
use crate::product::Product;
use crate::settlement;
use crate::stock::{Stock, StockCommand};
use crate::text;
use crate::unit_of_work::{Decision, UnitOfWork};

/// The longest name of a country has 60 letters; room for one.
const COUNTRY_MAX_CHARS: usize = 64;
/// As long as a provider's token for a card may be, in characters.
const CARD_TOKEN_MAX_CHARS: usize = 255;

/// Puts a SKU into the cart, or changes how many of it.
#[derive(Debug, Clone)]
pub struct SetCartItem {
    pub account_id: AccountId,
    pub sku: Sku,
    pub quantity: u32,
}

pub fn set_cart_item(work: &mut UnitOfWork, command: &SetCartItem) -> Decision<()> {
    let SetCartItem {
        account_id,
        sku,
        quantity,
    } = command.clone();
    let (product_id, _) = on_sale(work, &sku)?;
    let set = CartItemSet {
        account_id,
        sku,
        product_id,
        quantity,
    };
    work.handle::<Cart>(account_id, CartCommand::SetItem(set))
}

pub fn remove_cart_item(work: &mut UnitOfWork, account_id: AccountId, sku: &Sku) -> Decision<()> {
    work.handle::<Cart>(
        account_id,
        CartCommand::RemoveItem {
            account_id,
            sku: sku.clone(),
        },
    )
}

/// What is bought.
#[derive(Debug, Clone)]
pub enum Basket {
    /// Everything in the customer's cart.
    Cart,
    Lines(Vec<(Sku, u32)>),
}

/// A customer buys.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub attempt_id: AttemptId,
    pub customer: AccountId,
    pub basket: Basket,
    pub contact: Sealed,
    pub country: String,
    pub method: PaymentMethod,
    pub at: DateTime<Utc>,
    /// When the reservations go back if it isn't paid.
    pub expires_at: DateTime<Utc>,
    /// What the shop keeps of its sellers' part, in basis points.
    pub fee_bps: u32,
}

/// What a customer is told of a new order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedOrder {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub total: Money,
    /// Whether nothing is left to be paid.
    pub paid: bool,
}

pub fn place_order(work: &mut UnitOfWork, command: &PlaceOrder) -> Decision<PlacedOrder> {
    let PlaceOrder {
        order_id,
        payment_id,
        customer,
        at,
        ..
    } = *command;
    check_country(&command.country)?;
    check_method(&command.method)?;
    let quantities = quantities(work, command)?;
    let lines = priced_lines(work, &quantities)?;
    check_not_own(&lines, customer)?;
    let total = total(&lines)?;
    let placed = OrderPlaced {
        order_id,
        customer: Some(customer),
        contact: command.contact.clone(),
        lines,
        total,
        country: command.country.clone(),
        payment_id,
        placed_at: at,
        expires_at: Some(command.expires_at),
        reference: None,
        historical: false,
    };
    work.handle::<Order>(order_id, OrderCommand::Place(placed))?;
    for (sku, quantity) in quantities {
        work.handle::<Stock>(sku, StockCommand::Reserve { order_id, quantity })?;
    }
    if matches!(command.basket, Basket::Cart) {
        work.handle::<Cart>(
            customer,
            CartCommand::CheckOut {
                account_id: customer,
                order_id,
            },
        )?;
    }
    let paid = request_payment(work, command, total)?;
    Ok(PlacedOrder {
        order_id,
        payment_id,
        total,
        paid,
    })
}

/// Asks for the money; what the wallet or nobody has to pay is settled at once.
fn request_payment(work: &mut UnitOfWork, command: &PlaceOrder, total: Money) -> Decision<bool> {
    let PlaceOrder {
        order_id,
        payment_id,
        attempt_id,
        customer,
        at,
        ..
    } = *command;
    let method = if total.is_zero() {
        PaymentMethod::External {
            reference: "nothing to pay".to_owned(),
        }
    } else {
        command.method.clone()
    };
    let by_card = matches!(method, PaymentMethod::Card { .. });
    let requested = PaymentRequested {
        payment_id,
        purpose: Purpose::Order(order_id),
        customer: Some(customer),
        amount: total,
        method,
        attempt_id: by_card.then_some(attempt_id),
        requested_at: at,
    };
    work.handle::<Payment>(payment_id, PaymentCommand::Request(requested))?;
    marketplace::agree(work, order_id, payment_id, command.fee_bps)?;
    if !by_card {
        settlement::settle_at_once(work, payment_id, at)?;
    }
    Ok(!by_card)
}

fn quantities(work: &mut UnitOfWork, command: &PlaceOrder) -> Decision<BTreeMap<Sku, u32>> {
    let lines = match &command.basket {
        Basket::Cart => {
            let cart = work.read::<Cart>(command.customer)?;
            if cart.items().is_empty() {
                return Err(CartError::Empty.into());
            }
            return Ok(cart.items().clone());
        }
        Basket::Lines(lines) => lines,
    };
    if lines.is_empty() || lines.len() > LINES_MAX {
        return Err(OrderError::LineCount { max: LINES_MAX }.into());
    }
    let mut quantities = BTreeMap::new();
    for (sku, quantity) in lines {
        let sum = quantities.entry(sku.clone()).or_insert(0_u32);
        *sum = sum.saturating_add(*quantity);
        if *quantity == 0 || *sum > QUANTITY_MAX {
            return Err(CartError::Quantity { max: QUANTITY_MAX }.into());
        }
    }
    Ok(quantities)
}

fn priced_lines(work: &mut UnitOfWork, quantities: &BTreeMap<Sku, u32>) -> Decision<Vec<OrderLine>> {
    let products = products_of(work, quantities.keys())?;
    let mut lines = Vec::with_capacity(quantities.len());
    for (sku, quantity) in quantities {
        let product_id = products[sku];
        let product = work.read::<Product>(product_id)?;
        let unit_price = product
            .price(sku)
            .ok_or_else(|| OrderError::NotForSale { sku: sku.clone() })?;
        lines.push(OrderLine {
            sku: sku.clone(),
            product_id,
            name: product.details().name.clone(),
            category: product.details().category,
            seller: product.seller(),
            quantity: *quantity,
            unit_price,
        });
    }
    Ok(lines)
}

fn check_not_own(lines: &[OrderLine], customer: AccountId) -> Result<(), OrderError> {
    match lines.iter().find(|line| line.seller == Some(customer)) {
        Some(line) => Err(OrderError::OwnItem {
            sku: line.sku.clone(),
        }),
        None => Ok(()),
    }
}

/// The product behind each SKU, with every stream that it takes fetched in two steps.
pub(crate) fn products_of<'s>(
    work: &mut UnitOfWork,
    skus: impl Iterator<Item = &'s Sku> + Clone,
) -> Decision<BTreeMap<Sku, ProductId>> {
    work.require::<Stock>(skus.clone())?;
    let mut products = BTreeMap::new();
    for sku in skus {
        let product_id = work.read::<Stock>(sku)?.product_id();
        let product_id = product_id.ok_or_else(|| OrderError::NotForSale { sku: sku.clone() })?;
        products.insert(sku.clone(), product_id);
    }
    work.require::<Product>(products.values())?;
    Ok(products)
}

pub(crate) fn on_sale(work: &mut UnitOfWork, sku: &Sku) -> Decision<(ProductId, Money)> {
    let product_id = products_of(work, std::iter::once(sku))?[sku];
    let price = work.read::<Product>(product_id)?.price(sku);
    Ok((
        product_id,
        price.ok_or_else(|| OrderError::NotForSale { sku: sku.clone() })?,
    ))
}

pub(crate) fn total(lines: &[OrderLine]) -> Result<Money, OrderError> {
    let currency = lines
        .first()
        .map_or(Currency::GBP, |line| line.unit_price.currency());
    let mut total = Money::zero(currency);
    for line in lines {
        total = total.checked_add(line.unit_price.checked_mul(line.quantity)?)?;
    }
    Ok(total)
}

pub(crate) fn check_country(country: &str) -> Result<(), OrderError> {
    if !text::is_line(country, COUNTRY_MAX_CHARS) {
        return Err(OrderError::Country {
            max_chars: COUNTRY_MAX_CHARS,
        });
    }
    Ok(())
}

/// That a customer may pay this way. What was settled elsewhere is recorded by `history`, not said by customers.
pub(crate) fn check_method(method: &PaymentMethod) -> Result<(), PaymentError> {
    let token = match method {
        PaymentMethod::Card { token } => token,
        PaymentMethod::Wallet => return Ok(()),
        PaymentMethod::External { .. } => {
            let allowed = "by card or out of the wallet";
            return Err(PaymentError::Method { allowed });
        }
    };
    if token.is_empty() || token.len() > CARD_TOKEN_MAX_CHARS || !token.bytes().all(|b| b.is_ascii_graphic())
    {
        return Err(PaymentError::CardToken {
            max_chars: CARD_TOKEN_MAX_CHARS,
        });
    }
    Ok(())
}
