//! The other half of `POST /api/orders`: staff record a sale of the past, at the price of then.

use domain::history::{self, PastLine, RecordPastOrder};
use events::ids::{OrderId, PaymentId, Sku};
use executor::{Accepted, CommandContext};
use serde::Deserialize;
use utoipa::ToSchema;
use web::money::MoneyDto;

use crate::commands::Commands;
use crate::contact;
use crate::deps::Terms;
use crate::errors::ApiError;
use crate::personal_data::PersonalData;
use crate::routes::place_order::{OrderAnswer, PlaceOrderBody};
use crate::validation::{Checks, NOTE_MAX_CHARS};

/// What was sold, or came back, at the price of that time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PastLineBody {
    #[schema(value_type = String)]
    pub sku: Sku,
    pub quantity: u32,
    pub unit_price: MoneyDto,
}

/// The lines as the domain has them.
pub fn check_lines(checks: &mut Checks, lines: Vec<PastLineBody>, terms: Terms) -> Vec<PastLine> {
    let check = |(index, line): (usize, PastLineBody)| PastLine {
        sku: line.sku,
        quantity: line.quantity,
        unit_price: checks.money(
            &format!("lines[{index}].unit_price"),
            line.unit_price,
            terms.currency,
        ),
    };
    lines.into_iter().enumerate().map(check).collect()
}

pub async fn execute(
    commands: &Commands,
    personal_data: &PersonalData,
    terms: Terms,
    context: &CommandContext,
    body: PlaceOrderBody,
) -> Result<Accepted<OrderAnswer>, ApiError> {
    let (order_id, payment_id) = (OrderId::generate(), PaymentId::generate());
    let mut checks = Checks::default();
    let placed_at = body.placed_at.unwrap_or_else(|| {
        checks.refuse("placed_at", "missing", "a sale of the past has a time");
        context.now
    });
    let contact = body.contact.unwrap_or_default().check(&mut checks);
    let reference = checks.optional_line("reference", body.reference, NOTE_MAX_CHARS);
    let message = "a sale of the past is paid";
    checks.require(body.payment.is_none(), "payment", "unexpected", message);
    let mut lines = vec![];
    for (index, line) in body.lines.into_iter().flatten().enumerate() {
        let Some(unit_price) = line.unit_price else {
            let field = format!("lines[{index}].unit_price");
            checks.refuse(&field, "missing", "a sale of the past has the price of then");
            continue;
        };
        let (sku, quantity) = (line.sku, line.quantity);
        lines.push(PastLineBody {
            sku,
            quantity,
            unit_price,
        });
    }
    let lines = check_lines(&mut checks, lines, terms);
    checks.done()?;
    let customer = body.customer;
    let command = RecordPastOrder {
        order_id,
        payment_id,
        customer,
        contact: contact::seal(commands, personal_data, context, order_id, customer, contact).await?,
        country: body.country,
        lines,
        placed_at,
        reference,
        now: context.now,
    };
    let record = |work: &mut domain::UnitOfWork| {
        let total = history::record_past_order(work, &command)?;
        Ok(OrderAnswer {
            order_id,
            payment_id,
            total,
            paid: true,
        })
    };
    Ok(commands.execute(context, record).await?)
}
