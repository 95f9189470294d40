//! What the reports of customers and of carts are made of: figures per day, week or month, none left out.
//!
//! Who bought on two days of a week is one customer of that week: each length of period has figures of its own, so the first
//! and the last week or month count whole, and there is no total.

use axum::http::HeaderMap;
use chrono::NaiveDate;
use events::account::Role;
use read_models::ViewName;
use read_models::customer_figures::CustomerFigures;
use read_models::periods::Period;
use read_models::query::analytics;
use read_models::sums::Sum;
use serde::Deserialize;
use utoipa::IntoParams;
use web::position::MinPosition;
use web::{Caller, Problem};

use super::span::{Asked, Span};
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};
use crate::report::Format;

const VIEWS: &[ViewName] = &[ViewName::Customers];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeriodParams {
    /// A day (UTC) of the first period, such as `2010-12-01`; 30 days, 26 weeks or 12 months before the last, if missing.
    from: Option<String>,
    /// A day of the last period; the last that has figures, if missing.
    to: Option<String>,
    /// `day`, `week` or `month`. Days can be asked for a year at once, weeks and months for ten.
    bucket: Option<String>,
    /// `json`, `csv` or `svg`; what `Accept` likes best, if missing.
    format: Option<String>,
}

/// What both reports are made of.
pub struct Found {
    pub format: Format,
    pub bucket: &'static str,
    pub position: u64,
    span: Option<Span>,
    /// Each of the span's.
    periods: Vec<CustomerFigures>,
}

impl Found {
    /// What the parameters ask for; 403 for who isn't staff, 422 for a span that there isn't.
    pub async fn read(
        caller: &Caller,
        params: &PeriodParams,
        min: MinPosition,
        headers: &HeaderMap,
        reads: &Reads,
    ) -> Result<Self, Problem> {
        caller.require(Role::Staff)?;
        let format = Format::asked(params.format.as_deref(), headers)?;
        let asked = Asked::read(
            params.bucket.as_deref(),
            params.from.as_deref(),
            params.to.as_deref(),
        )?;
        let Picture {
            mut snapshot,
            position,
        } = reads.picture(VIEWS, min).await?;
        let conn = snapshot.conn();
        let last = analytics::last_day_of_customers(conn)
            .await
            .map_err(store_failed)?;
        let span = asked.until(last)?;
        let rows = match span {
            None => Vec::new(),
            Some(Span { bucket, from, to }) => {
                let (from, to) = (Period::of(bucket, from), Period::of(bucket, to));
                analytics::customers(conn, from, to).await.map_err(store_failed)?
            }
        };
        drop(snapshot);
        let mut rows = rows.into_iter().peekable();
        let buckets = span.into_iter().flat_map(Span::buckets);
        let periods = buckets.map(|period| {
            rows.next_if(|row| row.period == period)
                .unwrap_or_else(|| CustomerFigures::none(period))
        });
        Ok(Self {
            format,
            bucket: asked.bucket.as_str(),
            span,
            periods: periods.collect(),
            position,
        })
    }

    /// None if there are no figures.
    pub fn first_day(&self) -> Option<NaiveDate> {
        self.span.map(|span| span.from)
    }

    pub fn last_day(&self) -> Option<NaiveDate> {
        self.span.map(|span| span.to)
    }

    /// One for each period, in their order.
    pub fn items<T: for<'a> From<&'a CustomerFigures>>(&self) -> Vec<T> {
        self.periods.iter().map(T::from).collect()
    }
}
