//! `GET /api/analytics/…`: reports as JSON, CSV and SVG, a file per report; and what they share: whose figures somebody
//! may see, what can be asked for, and money and names in the answers.
//!
//! Every figure is a projected one: a report reads the rows that it shows, however many orders there are. The sales report
//! per day, country and SKU, which the importer checks itself against, is `routes/sales.rs`.

pub mod best_sellers;
pub mod conversion;
pub mod customers;
pub mod items;
pub mod purchases;
pub mod revenue;
pub mod sales_over_time;

mod customer_figures;
mod figures;
mod names;
mod span;
mod subtrees;
mod when;

use events::account::Role;
use events::ids::AccountId;
use events::money::Currency;
use read_models::periods::{Period, Unit};
use read_models::sales_figures::Scope;
use utoipa::IntoResponses;
use web::problem::FieldError;
use web::{Caller, Problem};

/// What a report can answer besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "for the documentation; problems are made here")]
enum Refused {
    /// A parameter asks for what there isn't, or for too much: `invalid_field`, with the field and its own code.
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(web::problem::ProblemDocument),
}

/// The seller whose own figures a caller means.
const ME: &str = "me";

/// Whose sales the caller may see: the shop's for staff, one's own for everybody.
fn scope(caller: &Caller, seller: Option<&str>) -> Result<Scope, Problem> {
    let seller = match seller {
        None => {
            caller.require(Role::Staff)?;
            return Ok(Scope::Shop);
        }
        Some(ME) => caller.account,
        Some(text) => text.parse().map_err(|_| {
            wrong(
                "seller",
                "unknown_seller",
                format_args!("{text:?} is no id, nor {ME:?}"),
            )
        })?,
    };
    if seller != caller.account {
        caller.require(Role::Staff)?;
    }
    Ok(Scope::Seller(seller))
}

/// Whose purchases the caller may see: one's own, and an admin anybody's.
fn buyer(caller: &Caller, account: Option<AccountId>) -> Result<Scope, Problem> {
    let account = account.unwrap_or(caller.account);
    if account != caller.account {
        caller.require(Role::Admin)?;
    }
    Ok(Scope::Buyer(account))
}

fn currency(text: Option<&str>, of_shop: Currency) -> Result<Currency, Problem> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|error| wrong("currency", "unknown_currency", error))
    };
    text.map_or(Ok(of_shop), parse)
}

/// A day, month or year; all time, if none is asked for.
fn period(text: Option<&str>) -> Result<Period, Problem> {
    let text = text.unwrap_or("all");
    match text.parse::<Period>() {
        Ok(period) if period.unit() != Unit::Week => Ok(period),
        _ => {
            let message = format_args!(
                "{text:?} is no day, month or year such as 2011-03-09, 2011-03 or 2011, nor all"
            );
            Err(wrong("period", "invalid_period", message))
        }
    }
}

/// How many rows a ranking has.
fn limit(asked: Option<u32>, default: u32) -> Result<u32, Problem> {
    /// More bars than a chart can hold.
    const ROWS_MAX: u32 = 100;
    match asked.unwrap_or(default) {
        limit @ 1..=ROWS_MAX => Ok(limit),
        _ => Err(wrong(
            "limit",
            "out_of_range",
            format_args!("from 1 to {ROWS_MAX} rows"),
        )),
    }
}

fn wrong(field: &str, code: &'static str, message: impl std::fmt::Display) -> Problem {
    Problem::unprocessable(vec![FieldError::new(field, code, message)])
}
