//! `POST /api/branches/{id}/daily-reports`: a branch tells headquarters what a day has come to.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::branches::{self, ReceiveReport};
use events::branch::{CategoryFigures, DayFigures, ReportCause};
use events::ids::BranchId;
use events::money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::money::MoneyDto;
use web::position::Accepted;
use web::{Path, Problem};

use crate::answer;
use crate::branch_caller::BranchCaller;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{CommandHeaders, Conflict, NotFound, Rejected, Unauthenticated};
use crate::validation::Checks;

/// As long as a category's slug may be.
const SLUG_MAX_BYTES: usize = 100;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DailyReportBody {
    /// By the branch's own clock.
    day: NaiveDate,
    #[schema(value_type = String, example = "GBP")]
    currency: Currency,
    /// From 1; higher whenever the day's figures have changed.
    #[schema(minimum = 1)]
    revision: u64,
    /// Of the orders that were paid on the day, before anything was given back.
    revenue: MoneyDto,
    /// What was given back of that revenue, whenever it was; the day's credit notes; and what was written off the shelves on
    /// the day, at its price. A positive number.
    loss: MoneyDto,
    /// Orders that were paid.
    orders: u64,
    /// Units in them.
    units: u64,
    /// The same by category, in the order of the slugs, none twice: revenue, loss and units come to the day's. Empty or
    /// missing, if nothing is told by category. At most 1,000.
    #[serde(default)]
    categories: Vec<CategoryFiguresBody>,
    /// Why it is told, or told anew; `sales`, if missing.
    #[serde(default)]
    cause: ReportCauseBody,
}

/// What the products of one category came to, without those of the categories below it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryFiguresBody {
    /// Empty for what belongs to no category.
    slug: String,
    revenue: MoneyDto,
    loss: MoneyDto,
    units: u64,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportCauseBody {
    /// Something was sold, given back or written off since.
    #[default]
    Sales,
    /// Somebody at the branch asked for it.
    Request,
    /// Branch and headquarters knew different things of the day: one of them was restored from a backup.
    Comparison,
}

/// What headquarters has of the day from now on.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DailyReportAnswer {
    #[schema(value_type = Uuid)]
    branch_id: BranchId,
    day: NaiveDate,
    revision: u64,
}

/// Takes a branch's daily report
///
/// With the branch's own token. The same report may come as often as it likes; one with a higher revision takes the place
/// of what was there. 409 `report_outdated`, with the `newest_revision`, for one that is older, or as old with other
/// figures. Another branch's is 404.
#[utoipa::path(
    post, path = "/api/branches/{id}/daily-reports", tag = "chain", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The branch."), CommandHeaders), request_body = DailyReportBody,
    responses((status = 200, body = DailyReportAnswer), Rejected, Unauthenticated, NotFound, Conflict)
)]
#[tracing::instrument(name = "command.receive_daily_report", skip_all)]
pub async fn receive_daily_report(
    caller: BranchCaller,
    Path(branch_id): Path<BranchId>,
    State(commands): State<Commands>,
    incoming: Incoming<DailyReportBody>,
) -> Result<Accepted<DailyReportAnswer>, ApiError> {
    caller.require(branch_id)?;
    let context = commands.branch_context(branch_id, &incoming);
    let command = incoming.body.into_command(caller, context.now)?;
    let receive = |work: &mut domain::UnitOfWork| {
        branches::receive_report(work, &command)?;
        Ok(DailyReportAnswer {
            branch_id,
            day: command.day,
            revision: command.revision,
        })
    };
    Ok(answer::ok(commands.execute(&context, receive).await?))
}

impl DailyReportBody {
    fn into_command(self, caller: BranchCaller, at: DateTime<Utc>) -> Result<ReceiveReport, Problem> {
        let mut checks = Checks::default();
        let revenue = checks.money("revenue", self.revenue, self.currency);
        let loss = checks.money("loss", self.loss, self.currency);
        checks.require(
            revenue.currency() == self.currency,
            "revenue",
            "mixed_currencies",
            "the amounts are of the report's currency",
        );
        let currency = self.currency;
        let category = |(index, told): (usize, CategoryFiguresBody)| {
            let mut money =
                |field: &str, amount| checks.money(&format!("categories[{index}].{field}"), amount, currency);
            CategoryFigures {
                revenue: money("revenue", told.revenue),
                loss: money("loss", told.loss),
                slug: told.slug,
                units: told.units,
            }
        };
        let categories: Vec<_> = self.categories.into_iter().enumerate().map(category).collect();
        let is_slug = |slug: &str| {
            slug.len() <= SLUG_MAX_BYTES
                && slug
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let odd = categories.iter().position(|category| !is_slug(&category.slug));
        if let Some(index) = odd {
            checks.refuse(
                &format!("categories[{index}].slug"),
                "slug_invalid",
                "a slug has small letters a-z, digits and dashes",
            );
        }
        checks.done()?;
        Ok(ReceiveReport {
            branch_id: caller.branch_id,
            token_hash: caller.token_hash,
            day: self.day,
            revision: self.revision,
            figures: DayFigures {
                revenue,
                loss,
                orders: self.orders,
                units: self.units,
                categories,
            },
            cause: match self.cause {
                ReportCauseBody::Sales => ReportCause::Sales,
                ReportCauseBody::Request => ReportCause::Request,
                ReportCauseBody::Comparison => ReportCause::Comparison,
            },
            at,
        })
    }
}
