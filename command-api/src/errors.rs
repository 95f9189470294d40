//! Every error of a command, as the problem that a client gets. Mapped here, and nowhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::catalogue::{SKU_SCOPE, SLUG_SCOPE};
use domain::daily_report::DailyReportError;
use domain::history::{CREDIT_NOTE_REFERENCE_SCOPE, ORDER_REFERENCE_SCOPE};
use domain::{DomainError, Refusal, RefusalKind};
use executor::ExecuteError;
use platform::vault::VaultError;
use serde::Serialize;
use web::Problem;
use web::problem::{FieldError, PROBLEM_JSON};

use crate::passwords::PasswordError;

/// Long enough for a crowd at one SKU to thin out, or for a database to come back.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A problem, and perhaps whose a taken value is.
#[derive(Debug)]
pub struct ApiError {
    problem: Problem,
    /// A member of the problem's own, as RFC 9457 allows: its name and an id.
    owner: Option<(&'static str, String)>,
}

impl ApiError {
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// For the operator who makes the first admin: the problem, and every field at fault.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)?;
        let mut errors = self.problem.errors().iter();
        errors.try_for_each(|error| write!(f, "; {}: {}", error.field, error.message))
    }
}

impl std::error::Error for ApiError {}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self { problem, owner: None }
    }
}

impl From<DomainError> for ApiError {
    fn from(error: DomainError) -> Self {
        if let DomainError::DailyReport(DailyReportError::Outdated { newest, .. }) = error {
            return Self {
                problem: Problem::conflict(error.code().to_owned(), &error),
                owner: Some(("newest_revision", newest.to_string())),
            };
        }
        let status = match error.kind() {
            RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::Outdated => return Problem::precondition_failed().into(),
            RefusalKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        };
        let field = error.field();
        let fields = field.map(|field| FieldError::new(field, error.code(), &error));
        Problem::new(status, error.code())
            .with_detail(&error)
            .with_errors(fields.into_iter().collect())
            .into()
    }
}

impl From<ExecuteError> for ApiError {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Refused(refusal) => refusal.into(),
            ExecuteError::Taken { scope, owner, .. } => taken(scope, owner),
            ExecuteError::KeyReused => {
                Problem::unprocessable_with("idempotency_key_reused", ExecuteError::KeyReused).into()
            }
            ExecuteError::Contended => {
                let problem = Problem::unavailable(RETRY_AFTER, "contended");
                problem.with_detail(ExecuteError::Contended).into()
            }
            ExecuteError::Unavailable { reason } => {
                tracing::error!(error = %reason, "the event log is unavailable");
                Problem::unavailable(RETRY_AFTER, "log_unavailable").into()
            }
            ExecuteError::Unreadable { .. } | ExecuteError::Answer | ExecuteError::Repeated(_) => {
                Problem::internal(error).into()
            }
        }
    }
}

/// A unique value has another owner. Who has a name or an address is nobody's business; who has a
/// SKU, a slug or a reference is what an import asks.
fn taken(scope: &'static str, owner: String) -> ApiError {
    let member = match scope {
        SKU_SCOPE => Some("product_id"),
        SLUG_SCOPE => Some("category_id"),
        ORDER_REFERENCE_SCOPE => Some("order_id"),
        CREDIT_NOTE_REFERENCE_SCOPE => Some("credit_note_id"),
        _ => None,
    };
    let code = format!("{scope}_taken");
    let why = format!("This {} is taken.", scope.replace('_', " "));
    // Such as `sku`, or the `slug` of `category_slug`: the last word is what the field is called.
    let field = scope.rsplit('_').next().unwrap_or(scope);
    let error = FieldError::new(field, code.clone(), &why);
    ApiError {
        problem: Problem::conflict(code, &why).with_errors(vec![error]),
        owner: member.map(|member| (member, owner)),
    }
}

impl From<VaultError> for ApiError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Erased { .. } => {
                Problem::conflict("account_erased", "This person's data has been erased.").into()
            }
            VaultError::Unavailable { reason } => {
                tracing::error!(error = %reason, "the vault is unavailable");
                Problem::unavailable(RETRY_AFTER, "vault_unavailable").into()
            }
            error => Problem::internal(error).into(),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Problem::too_many_requests(RETRY_AFTER)
                .with_detail("Too many passwords are being checked at this moment.")
                .into(),
            error => Problem::internal(error).into(),
        }
    }
}

#[derive(Serialize)]
struct WithOwner<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    code: &'a str,
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    owner: BTreeMap<&'static str, String>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Some(owner) = self.owner else {
            return self.problem.into_response();
        };
        let status = self.problem.status();
        let document = WithOwner {
            r#type: format!("/problems/{}", self.problem.code()),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code: self.problem.code(),
            detail: self.problem.detail(),
            errors: self.problem.errors(),
            owner: BTreeMap::from([owner]),
        };
        // Plain text members always have a JSON form.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let media_type = HeaderValue::from_static(PROBLEM_JSON);
        (status, [(header::CONTENT_TYPE, media_type)], body).into_response()
    }
}
