//! `POST /api/orders`: a customer buys; or staff record a sale of the past, which is
//! `record_past_order`'s.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::checkout::{self, Basket, PlaceOrder, PlacedOrder};
use events::account::Role;
use events::ids::{AccountId, AttemptId, OrderId, PaymentId, Sku};
use events::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Caller;
use web::money::MoneyDto;
use web::position::Accepted;

use crate::answer;
use crate::body::{ContactBody, PaymentBody};
use crate::commands::Commands;
use crate::contact;
use crate::deps::Terms;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::personal_data::PersonalData;
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, Unauthenticated};
use crate::routes::record_past_order;
use crate::validation::Checks;

/// A purchase has `payment`; a sale of the past has `placed_at`, and a `unit_price` on every line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrderBody {
    /// Everything in the cart, if missing.
    pub lines: Option<Vec<OrderLineBody>>,
    pub payment: Option<PaymentBody>,
    /// Where it goes, as a country's name or code.
    pub country: String,
    pub contact: Option<ContactBody>,
    /// Staff only: when it was sold.
    pub placed_at: Option<DateTime<Utc>>,
    /// Staff only: who bought it then.
    #[schema(value_type = Option<Uuid>)]
    pub customer: Option<AccountId>,
    /// Staff only: its number in the system it comes from, which can be recorded once.
    pub reference: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLineBody {
    #[schema(value_type = String)]
    pub sku: Sku,
    pub quantity: u32,
    /// Staff only: what it was sold for. The price of a purchase is the catalogue's.
    pub unit_price: Option<MoneyDto>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct OrderAnswer {
    #[schema(value_type = Uuid)]
    pub order_id: OrderId,
    #[schema(value_type = Uuid)]
    pub payment_id: PaymentId,
    #[schema(value_type = MoneyDto)]
    pub total: Money,
    /// Whether nothing is left to be paid.
    pub paid: bool,
}

impl OrderAnswer {
    pub fn location(&self) -> String {
        format!("/api/orders/{}", self.order_id)
    }
}

impl From<PlacedOrder> for OrderAnswer {
    fn from(placed: PlacedOrder) -> Self {
        let PlacedOrder {
            order_id,
            payment_id,
            total,
            paid,
        } = placed;
        Self {
            order_id,
            payment_id,
            total,
            paid,
        }
    }
}

/// Places an order
///
/// Prices are the catalogue's; every line is reserved, or none. 409 `out_of_stock`, `cart_empty`,
/// `not_for_sale`, `wallet_not_covered`. With `placed_at`, staff record a sale of the past instead:
/// 409 `order_reference_taken`, with the `order_id` that has the reference.
#[utoipa::path(
    post, path = "/api/orders", tag = "orders", security(("bearer" = [])),
    params(CommandHeaders), request_body = PlaceOrderBody,
    responses((status = 201, body = OrderAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.place_order", skip_all)]
pub async fn place_order(
    caller: Caller,
    State(commands): State<Commands>,
    State(personal_data): State<PersonalData>,
    State(terms): State<Terms>,
    incoming: Incoming<PlaceOrderBody>,
) -> Result<Accepted<OrderAnswer>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let body = incoming.body;
    let accepted = if body.is_of_the_past() {
        caller.require(Role::Staff)?;
        record_past_order::execute(&commands, &personal_data, terms, &context, body).await?
    } else {
        caller.require(Role::Customer)?;
        let (order_id, customer) = (OrderId::generate(), caller.account);
        let (basket, payment, contact) = check(body.lines, body.payment, body.contact)?;
        let contact = contact::seal(
            &commands,
            &personal_data,
            &context,
            order_id,
            Some(customer),
            contact,
        )
        .await?;
        let command = PlaceOrder {
            order_id,
            payment_id: PaymentId::generate(),
            attempt_id: AttemptId::generate(),
            customer,
            basket,
            contact,
            country: body.country,
            method: payment.into(),
            at: context.now,
            expires_at: context.now + terms.order_ttl,
            fee_bps: terms.fee_bps,
        };
        let place = |work: &mut domain::UnitOfWork| Ok(checkout::place_order(work, &command)?.into());
        commands.execute(&context, place).await?
    };
    Ok(answer::created(accepted, OrderAnswer::location))
}

impl PlaceOrderBody {
    /// Whether it says anything that only a sale of the past has.
    fn is_of_the_past(&self) -> bool {
        let priced = |line: &OrderLineBody| line.unit_price.is_some();
        let any_priced = self.lines.iter().flatten().any(priced);
        any_priced || self.placed_at.is_some() || self.customer.is_some() || self.reference.is_some()
    }
}

fn check(
    lines: Option<Vec<OrderLineBody>>,
    payment: Option<PaymentBody>,
    contact: Option<ContactBody>,
) -> Result<(Basket, PaymentBody, events::order::Contact), web::Problem> {
    let mut checks = Checks::default();
    let contact = contact.unwrap_or_default().check(&mut checks);
    checks.require(payment.is_some(), "payment", "missing", "say how it is paid");
    checks.done()?;
    let basket = lines.map_or(Basket::Cart, |lines| {
        Basket::Lines(lines.into_iter().map(|line| (line.sku, line.quantity)).collect())
    });
    let payment = payment.unwrap_or(PaymentBody::Wallet {}); // proof: `done` lets nothing through without
    Ok((basket, payment, contact))
}
