//! Calls to headquarters: each is bounded in time and size, and kept in the log of calls. What an answer means is told here;
//! what is done about it, by whoever called.

mod clock_skew;
mod counted;
mod row_outcome;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use events::branch::DayFigures;
use events::ids::BranchId;
use metrics::counter;
use platform::call_log::{Call, CallLog, Direction};
use platform::clock::Clock;
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use serde::{Deserialize, Serialize};
use telemetry::names::CHAIN_CALLS;

use super::{ChainError, ChainSettings};
use crate::chain::catalogue::Changes;
use clock_skew::ClockSkew;
pub(super) use counted::ComparisonOutcome;

/// What headquarters answers a day that its own clock hasn't come to: a wrong clock may be put right, and time passes.
const DAY_IN_FUTURE: &str = "day_in_future";
/// From sending to the end of the answer: longer than headquarters takes for anything.
const TIMEOUT: Duration = Duration::from_secs(20);
/// A page of the catalogue stays far below this.
const ANSWER_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Headquarters, as a branch sees it. Cheap to clone; never shows the token.
#[derive(Clone)]
pub(crate) struct Headquarters {
    http: reqwest::Client,
    base: Url,
    token: Arc<str>,
    branch_id: BranchId,
    calls: CallLog,
    clock: Clock,
    skew: ClockSkew,
}

impl fmt::Debug for Headquarters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Headquarters")
            .field("base", &self.base.as_str())
            .field("branch_id", &self.branch_id)
            .finish_non_exhaustive()
    }
}

/// A day as it goes over the line.
#[derive(Debug, Serialize)]
pub(super) struct DailyReport<'a> {
    pub day: NaiveDate,
    pub currency: events::money::Currency,
    pub revision: u64,
    #[serde(flatten)]
    pub figures: &'a DayFigures,
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ReportOutcome {
    Taken,
    /// Headquarters has this revision, which is newer, or has other figures.
    Outdated {
        newest: u64,
    },
    /// Sending the same again is useless.
    Refused {
        reason: String,
    },
    /// The line is down, or headquarters won't have it now: another try may work.
    NotNow {
        reason: String,
    },
}

/// What became of a look at the catalogue.
#[derive(Debug)]
pub(super) enum CatalogueOutcome {
    Changes(Changes),
    /// Headquarters doesn't know the place: its log was restored. Begin anew.
    PlaceLost,
    NotNow {
        reason: String,
    },
}

struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

/// What of a problem says what to do.
#[derive(Debug, Default, Deserialize)]
struct Problem {
    #[serde(default)]
    code: String,
    newest_revision: Option<String>,
    #[serde(default)]
    errors: Vec<FieldFault>,
}

#[derive(Debug, Deserialize)]
struct FieldFault {
    field: String,
    code: String,
}

/// What calls are for, as metrics have it.
#[derive(Debug, Clone, Copy)]
enum Errand {
    Report,
    Comparison,
    Catalogue,
    Outcome,
}

impl Errand {
    const ALL: [Self; 4] = [Self::Report, Self::Comparison, Self::Catalogue, Self::Outcome];

    fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Comparison => "comparison",
            Self::Catalogue => "catalogue",
            Self::Outcome => "outcome",
        }
    }
}

impl Headquarters {
    pub fn new(settings: &ChainSettings, calls: CallLog, clock: Clock) -> Result<Self, ChainError> {
        let base: Url = settings.headquarters.parse().map_err(|_| ChainError::Url)?;
        if base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https") {
            return Err(ChainError::Url);
        }
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // A redirect would take the token elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(ChainError::Client)?;
        // There from the start, so that the first failure is an increase.
        for errand in Errand::ALL {
            count(errand, "done", 0);
            count(errand, "failed", 0);
        }
        Ok(Self {
            http,
            base,
            token: settings.token.as_str().into(),
            branch_id: settings.branch_id()?,
            calls,
            clock,
            skew: ClockSkew::default(),
        })
    }

    pub(super) async fn report(&self, report: &DailyReport<'_>) -> ReportOutcome {
        let path = format!("/api/branches/{}/daily-reports", self.branch_id);
        let request = self.http.post(self.url(&path)).json(report);
        match self
            .call(Errand::Report, Method::POST, &path, request, None)
            .await
        {
            Ok(answer) => answer.outcome_of_report(),
            Err(reason) => ReportOutcome::NotNow { reason },
        }
    }

    /// What has changed since the place `after`.
    pub(super) async fn catalogue(&self, after: Option<&str>) -> CatalogueOutcome {
        let query: Vec<_> = after.map(|after| ("after", after)).into_iter().collect();
        self.look_at_catalogue(&query).await
    }

    /// These products and categories as they are now: ids with commas between them.
    pub(super) async fn rows(&self, ids: &str) -> CatalogueOutcome {
        self.look_at_catalogue(&[("only", ids)]).await
    }

    async fn look_at_catalogue(&self, query: &[(&str, &str)]) -> CatalogueOutcome {
        let path = "/api/chain/catalogue";
        let request = self.http.get(self.url(path)).query(query);
        match self
            .call(Errand::Catalogue, Method::GET, path, request, None)
            .await
        {
            Ok(answer) => answer.outcome_of_catalogue(),
            Err(reason) => CatalogueOutcome::NotNow { reason },
        }
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }

    /// Sends, and keeps a line of it, with the note unless it failed. An error is that no answer came.
    async fn call(
        &self,
        errand: Errand,
        method: Method,
        path: &str,
        request: RequestBuilder,
        note: Option<String>,
    ) -> Result<Answer, String> {
        let (at, begun) = (self.clock.now(), Instant::now());
        let result = self.exchange(request).await;
        let (status, error) = match &result {
            Ok(answer) => (Some(answer.status.as_u16()), answer.error()),
            Err(reason) => (None, Some(reason.clone())),
        };
        count(errand, if error.is_none() { "done" } else { "failed" }, 1);
        let call = Call {
            at,
            direction: Direction::Outgoing,
            peer: Some("headquarters".to_owned()),
            method: method.to_string(),
            path: path.to_owned(),
            status,
            duration_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            error: error.or(note),
        };
        self.calls.record(&call).await;
        result
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Answer, String> {
        let mut response = request
            .bearer_auth(&self.token)
            .send()
            .await
            .map_err(|error| silence(&error))?;
        let status = response.status();
        let date = response.headers().get(reqwest::header::DATE);
        self.skew
            .see(date.and_then(|date| date.to_str().ok()), self.clock.now());
        let mut body = vec![];
        while let Some(chunk) = response.chunk().await.map_err(|error| silence(&error))? {
            if body.len() + chunk.len() > ANSWER_MAX_BYTES {
                return Err(format!("the answer is longer than {ANSWER_MAX_BYTES} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    }
}

fn count(errand: Errand, result: &'static str, by: u64) {
    counter!(CHAIN_CALLS, "call" => errand.as_str(), "result" => result).increment(by);
}

/// Why no answer came, down to its first cause; without the URL.
fn silence(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "headquarters doesn't answer in time"
    } else if error.is_connect() {
        "headquarters can't be reached"
    } else {
        "the line broke"
    };
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    format!("{what}: {cause}")
}

impl Answer {
    fn problem(&self) -> Problem {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn error(&self) -> Option<String> {
        if self.status.is_success() {
            return None;
        }
        let Problem { code, errors, .. } = self.problem();
        if code.is_empty() {
            return Some(self.status.to_string());
        }
        let fields: Vec<_> = errors
            .iter()
            .map(|fault| format!("{}: {}", fault.field, fault.code))
            .collect();
        Some(if fields.is_empty() {
            code
        } else {
            format!("{code} ({})", fields.join(", "))
        })
    }

    fn outcome_of_report(&self) -> ReportOutcome {
        if self.status.is_success() {
            return ReportOutcome::Taken;
        }
        let problem = self.problem();
        let newest = problem.newest_revision.and_then(|newest| newest.parse().ok());
        let mut reason = format!("headquarters answers {} {}", self.status.as_u16(), problem.code);
        if problem.code == DAY_IN_FUTURE {
            reason.push_str(": by its clock the day is still to come; is this branch's clock right?");
            return ReportOutcome::NotNow { reason };
        }
        if self.status == StatusCode::UNAUTHORIZED {
            reason.push_str(
                ": the token was replaced or revoked; chain.token must be the newest that headquarters gave",
            );
        }
        match (self.status, newest) {
            (StatusCode::CONFLICT, Some(newest)) => ReportOutcome::Outdated { newest },
            (StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY, _) => {
                ReportOutcome::Refused { reason }
            }
            // A token that isn't good may be replaced, a wrong address mended, a server restarted.
            _ => ReportOutcome::NotNow { reason },
        }
    }

    fn outcome_of_catalogue(self) -> CatalogueOutcome {
        if self.status.is_success() {
            return match serde_json::from_slice(&self.body) {
                Ok(changes) => CatalogueOutcome::Changes(changes),
                Err(error) => CatalogueOutcome::NotNow {
                    reason: format!("headquarters' catalogue can't be read: {error}"),
                },
            };
        }
        let code = self.problem().code;
        if code == "invalid_cursor" {
            return CatalogueOutcome::PlaceLost;
        }
        let reason = format!("headquarters answers {} {code}", self.status.as_u16());
        CatalogueOutcome::NotNow { reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn what_an_answer_means_for_a_report_follows_from_status_and_code() {
        assert_eq!(answer(200, "{}").outcome_of_report(), ReportOutcome::Taken);
        let outdated = r#"{"code": "report_outdated", "newest_revision": "7"}"#;
        assert_eq!(
            answer(409, outdated).outcome_of_report(),
            ReportOutcome::Outdated { newest: 7 }
        );
        for status in [400, 422] {
            assert!(matches!(
                answer(status, "{}").outcome_of_report(),
                ReportOutcome::Refused { .. }
            ));
        }
        for status in [302, 401, 404, 409, 429, 500, 502, 503] {
            let outcome = answer(status, "<html>").outcome_of_report();
            assert!(matches!(outcome, ReportOutcome::NotNow { .. }), "{status}");
        }
    }

    #[test]
    fn a_day_that_comes_too_early_by_headquarters_clock_is_told_again_later() {
        let body = r#"{"code": "day_in_future", "errors": [{"field": "day", "code": "day_in_future"}]}"#;
        let early = answer(422, body);
        assert_eq!(
            early.error().as_deref(),
            Some("day_in_future (day: day_in_future)")
        );
        let outcome = early.outcome_of_report();
        assert!(matches!(outcome, ReportOutcome::NotNow { reason } if reason.contains("clock")));
    }

    #[test]
    fn a_place_that_headquarters_has_forgotten_is_told_from_a_failure() {
        let lost = answer(400, r#"{"code": "invalid_cursor"}"#).outcome_of_catalogue();
        assert!(matches!(lost, CatalogueOutcome::PlaceLost));
        let failed = answer(401, r#"{"code": "token_invalid"}"#).outcome_of_catalogue();
        assert!(matches!(failed, CatalogueOutcome::NotNow { reason } if reason.contains("token_invalid")));
        let nonsense = answer(200, "nonsense").outcome_of_catalogue();
        assert!(matches!(nonsense, CatalogueOutcome::NotNow { .. }));
    }
}
