//! `POST /api/branches/{id}/daily-reports/compare`: a branch asks what headquarters has of its days.
//!
//! After a restore from a backup, on either side, the two know different things, and neither can tell by itself. What the
//! branch does about a difference is its own business; here nothing changes.

use axum::extract::State;
use chrono::NaiveDate;
use domain::branches::{self, DayKey};
use events::branch::DayFigures;
use events::ids::BranchId;
use events::money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::money::MoneyDto;
use web::{Path, Problem};

use crate::branch_caller::BranchCaller;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{NotFound, Rejected, Unauthenticated};
use crate::validation::Checks;

/// Days in one question: as many streams are read for it.
const DAYS_MAX: usize = 200;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareBody {
    /// At most 200.
    days: Vec<ComparedDay>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparedDay {
    day: NaiveDate,
    #[schema(value_type = String, example = "GBP")]
    currency: Currency,
}

/// What counts of the days that were asked for; those that were never told are left out.
#[derive(Serialize, ToSchema)]
pub struct CountedDays {
    items: Vec<CountedDay>,
}

#[derive(Serialize, ToSchema)]
pub struct CountedDay {
    day: NaiveDate,
    #[schema(value_type = String, example = "GBP")]
    currency: Currency,
    revision: u64,
    #[serde(flatten)]
    #[schema(value_type = CountedFigures)]
    figures: DayFigures,
}

/// The form of a day's figures, for the document.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documentation; what is sent are the event's own figures")]
pub struct CountedFigures {
    revenue: MoneyDto,
    loss: MoneyDto,
    orders: u64,
    units: u64,
    categories: Vec<CountedCategory>,
}

/// A category's part of them.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documentation; what is sent are the event's own figures")]
pub struct CountedCategory {
    slug: String,
    revenue: MoneyDto,
    loss: MoneyDto,
    units: u64,
}

/// Tells a branch what counts of its days
///
/// With the branch's own token. It changes nothing. Another branch's is 404.
#[utoipa::path(
    post, path = "/api/branches/{id}/daily-reports/compare", tag = "chain", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The branch.")), request_body = CompareBody,
    responses((status = 200, body = CountedDays), Rejected, Unauthenticated, NotFound)
)]
#[tracing::instrument(name = "command.compare_daily_reports", skip_all)]
pub async fn compare_daily_reports(
    caller: BranchCaller,
    Path(branch_id): Path<BranchId>,
    State(commands): State<Commands>,
    incoming: Incoming<CompareBody>,
) -> Result<web::Json<CountedDays>, ApiError> {
    caller.require(branch_id)?;
    let days = incoming.body.check()?;
    let look =
        |work: &mut domain::UnitOfWork| branches::counted_days(work, (branch_id, &caller.token_hash), &days);
    let counted = commands.inspect(&commands.system_context(), look).await?;
    let item = |((day, currency), revision, figures)| CountedDay {
        day,
        currency,
        revision,
        figures,
    };
    Ok(web::Json(CountedDays {
        items: counted.into_iter().map(item).collect(),
    }))
}

impl CompareBody {
    fn check(self) -> Result<Vec<DayKey>, Problem> {
        let mut checks = Checks::default();
        checks.require(
            self.days.len() <= DAYS_MAX,
            "days",
            "too_many",
            "at most 200 days are asked for at once",
        );
        checks.done()?;
        Ok(self.days.into_iter().map(|day| (day.day, day.currency)).collect())
    }
}
