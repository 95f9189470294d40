//! `POST /api/credit-notes`: staff record goods that came back in the past without a known order.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::history::{self, RecordCreditNote};
use events::account::Role;
use events::ids::{AccountId, CreditNoteId};
use events::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Caller;
use web::money::MoneyDto;
use web::position::Accepted;

use crate::answer;
use crate::commands::Commands;
use crate::deps::Terms;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, Forbidden, NotFound, Rejected, Unauthenticated};
use crate::routes::record_past_order::{PastLineBody, check_lines};
use crate::validation::{Checks, NOTE_MAX_CHARS};

/// Unless something else is said.
const REASON: &str = "returned";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueCreditNoteBody {
    issued_at: DateTime<Utc>,
    lines: Vec<PastLineBody>,
    #[schema(value_type = Option<Uuid>)]
    customer: Option<AccountId>,
    /// Its number in the system it comes from, which can be recorded once.
    reference: Option<String>,
    country: String,
    reason: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct CreditNoteAnswer {
    #[schema(value_type = Uuid)]
    credit_note_id: CreditNoteId,
    #[schema(value_type = MoneyDto)]
    total: Money,
}

/// Records a credit note of the past
///
/// 409 `credit_note_reference_taken`, with the `credit_note_id` that has the reference.
#[utoipa::path(
    post, path = "/api/credit-notes", tag = "orders", security(("bearer" = [])),
    params(CommandHeaders), request_body = IssueCreditNoteBody,
    responses((status = 201, body = CreditNoteAnswer), Rejected, Unauthenticated, Forbidden, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.issue_credit_note", skip_all)]
pub async fn issue_credit_note(
    caller: Caller,
    State(commands): State<Commands>,
    State(terms): State<Terms>,
    incoming: Incoming<IssueCreditNoteBody>,
) -> Result<Accepted<CreditNoteAnswer>, ApiError> {
    caller.require(Role::Staff)?;
    let context = commands.context(Some(caller.account), &incoming);
    let body = incoming.body;
    let credit_note_id = CreditNoteId::generate();
    let mut checks = Checks::default();
    let reason = checks.optional_text("reason", body.reason, NOTE_MAX_CHARS);
    let reference = checks.optional_line("reference", body.reference, NOTE_MAX_CHARS);
    let lines = check_lines(&mut checks, body.lines, terms);
    checks.done()?;
    let command = RecordCreditNote {
        credit_note_id,
        customer: body.customer,
        country: body.country,
        lines,
        reason: reason.unwrap_or_else(|| REASON.to_owned()),
        issued_at: body.issued_at,
        reference,
        now: context.now,
    };
    let record = |work: &mut domain::UnitOfWork| {
        let total = history::record_credit_note(work, &command)?;
        Ok(CreditNoteAnswer {
            credit_note_id,
            total,
        })
    };
    let accepted = commands.execute(&context, record).await?;
    Ok(answer::created(accepted, |answer| {
        format!("/api/credit-notes/{}", answer.credit_note_id)
    }))
}
