//! Asks headquarters what counts there of this branch's days.

use std::collections::HashMap;

use chrono::NaiveDate;
use events::branch::DayFigures;
use events::money::Currency;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{Errand, Headquarters};
use crate::chain::day_book::DayKey;

/// What became of the question.
#[derive(Debug)]
pub(in crate::chain) enum ComparisonOutcome {
    /// Days that were never told there are left out.
    Counted(HashMap<DayKey, (u64, DayFigures)>),
    NotNow {
        reason: String,
    },
}

#[derive(Serialize)]
struct Question {
    days: Vec<Day>,
}

#[derive(Serialize)]
struct Day {
    day: NaiveDate,
    currency: Currency,
}

#[derive(Deserialize)]
struct Counted {
    items: Vec<CountedDay>,
}

#[derive(Deserialize)]
struct CountedDay {
    day: NaiveDate,
    currency: Currency,
    revision: u64,
    #[serde(flatten)]
    figures: DayFigures,
}

impl Headquarters {
    pub(in crate::chain) async fn compare(&self, keys: &[DayKey]) -> ComparisonOutcome {
        let path = format!("/api/branches/{}/daily-reports/compare", self.branch_id);
        let days = keys.iter().map(|(day, currency)| Day {
            day: *day,
            currency: *currency,
        });
        let question = Question { days: days.collect() };
        let request = self.http.post(self.url(&path)).json(&question);
        let answer = match self
            .call(Errand::Comparison, Method::POST, &path, request, None)
            .await
        {
            Ok(answer) => answer,
            Err(reason) => return ComparisonOutcome::NotNow { reason },
        };
        if !answer.status.is_success() {
            let code = answer.problem().code;
            let reason = format!("headquarters answers {} {code}", answer.status.as_u16());
            return ComparisonOutcome::NotNow { reason };
        }
        match serde_json::from_slice::<Counted>(&answer.body) {
            Ok(counted) => {
                let entry = |item: CountedDay| ((item.day, item.currency), (item.revision, item.figures));
                ComparisonOutcome::Counted(counted.items.into_iter().map(entry).collect())
            }
            Err(error) => ComparisonOutcome::NotNow {
                reason: format!("what headquarters has of our days can't be read: {error}"),
            },
        }
    }
}
