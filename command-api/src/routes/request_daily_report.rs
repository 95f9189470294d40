//! `POST /api/chain/reports`: a branch's admin has a day reported to headquarters now.

use axum::extract::State;
use chrono::NaiveDate;
use domain::outgoing_report::{self, OutgoingReport, OutgoingReportCommand};
use events::account::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::position::Accepted;
use web::{Caller, Problem};

use crate::answer;
use crate::commands::Commands;
use crate::deps::Terms;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, Forbidden, Rejected, Unauthenticated};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestReportBody {
    /// By this branch's clock; over or not.
    day: NaiveDate,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct RequestedReportAnswer {
    day: NaiveDate,
}

/// Reports a day to headquarters
///
/// For admins of a branch. It is reported by itself at its time; this is for sooner, or once more. 409 `no_headquarters` in
/// a shop that is no branch.
#[utoipa::path(
    post, path = "/api/chain/reports", tag = "chain", security(("bearer" = [])),
    params(CommandHeaders), request_body = RequestReportBody,
    responses((status = 202, body = RequestedReportAnswer), Rejected, Unauthenticated, Forbidden, Conflict)
)]
#[tracing::instrument(name = "command.request_daily_report", skip_all)]
pub async fn request_daily_report(
    caller: Caller,
    State(commands): State<Commands>,
    State(terms): State<Terms>,
    incoming: Incoming<RequestReportBody>,
) -> Result<Accepted<RequestedReportAnswer>, ApiError> {
    caller.require(Role::Admin)?;
    if !terms.is_branch {
        let detail = "This shop is no branch: the setting chain.headquarters is missing.";
        return Err(Problem::conflict("no_headquarters", detail).into());
    }
    let context = commands.context(Some(caller.account), &incoming);
    let day = incoming.body.day;
    let request = |work: &mut domain::UnitOfWork| {
        let command = OutgoingReportCommand::Request { day, at: context.now };
        work.handle::<OutgoingReport>(outgoing_report::key(day, terms.currency), command)?;
        Ok(RequestedReportAnswer { day })
    };
    Ok(answer::later(commands.execute(&context, request).await?))
}
