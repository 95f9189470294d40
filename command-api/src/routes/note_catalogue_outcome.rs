//! `POST /api/branches/{id}/catalogue-outcomes`: a branch tells that it can't have a row of headquarters' catalogue as it is
//! here, or that it has it now.
//!
//! Headquarters does nothing about it but keep it in the log of calls, where people look for it: which SKU gives way is
//! theirs to say. The branch goes on trying.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use events::ids::BranchId;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Path, Problem};

use crate::branch_caller::BranchCaller;
use crate::call_recorder::CallNote;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{NotFound, Rejected, Unauthenticated};
use crate::validation::{Checks, NOTE_MAX_CHARS};

/// As long as a code or a field's name may be: far longer than any of ours.
const CODE_MAX_CHARS: usize = 100;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueOutcomeBody {
    kind: RowKind,
    /// The product's or the category's.
    id: Uuid,
    outcome: Outcome,
    /// Stable, such as `sku_taken`; with `refused` only.
    code: Option<String>,
    /// What of the row is at fault, such as `sku`.
    field: Option<String>,
    /// The same in words.
    detail: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    Product,
    Category,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The branch can't have it so, and tries again later.
    Refused,
    /// What was refused before is there now.
    Taken,
}

/// Notes what a branch makes of the catalogue
///
/// With the branch's own token. It is kept in the log of calls, with code and field, and changes nothing. Another branch's is
/// 404.
#[utoipa::path(
    post, path = "/api/branches/{id}/catalogue-outcomes", tag = "chain", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The branch.")), request_body = CatalogueOutcomeBody,
    responses((status = 204), Rejected, Unauthenticated, NotFound)
)]
#[tracing::instrument(name = "command.note_catalogue_outcome", skip_all)]
pub async fn note_catalogue_outcome(
    caller: BranchCaller,
    Path(branch_id): Path<BranchId>,
    incoming: Incoming<CatalogueOutcomeBody>,
) -> Result<Response, ApiError> {
    caller.require(branch_id)?;
    let note = CallNote(incoming.body.words()?);
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.extensions_mut().insert(note);
    Ok(response)
}

impl CatalogueOutcomeBody {
    /// One line, code and field first, since a line is cut at its end.
    fn words(self) -> Result<String, Problem> {
        let mut checks = Checks::default();
        let bounds = [
            ("code", &self.code, CODE_MAX_CHARS),
            ("field", &self.field, CODE_MAX_CHARS),
            ("detail", &self.detail, NOTE_MAX_CHARS),
        ];
        for (field, text, max) in bounds {
            let plain = |text: &String| text.chars().count() <= max && !text.contains(char::is_control);
            let fits = text.as_ref().is_none_or(plain);
            checks.require(
                fits,
                field,
                "text_invalid",
                "this is too long, or holds a control character",
            );
        }
        let refused = self.outcome == Outcome::Refused;
        checks.require(
            refused == self.code.is_some(),
            "code",
            "code_mismatch",
            "what is refused has a code, and nothing else has",
        );
        checks.done()?;
        let kind = match self.kind {
            RowKind::Product => "product",
            RowKind::Category => "category",
        };
        let Some(code) = self.code else {
            return Ok(format!("taken: {kind} {}", self.id));
        };
        let field = self.field.map(|field| format!(" ({field})")).unwrap_or_default();
        let detail = self
            .detail
            .map(|detail| format!(": {detail}"))
            .unwrap_or_default();
        Ok(format!("{code}{field}: {kind} {}{detail}", self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_with_code_and_field() {
        let body = |outcome, code: Option<&str>| CatalogueOutcomeBody {
            kind: RowKind::Product,
            id: Uuid::nil(),
            outcome,
            code: code.map(str::to_owned),
            field: Some("sku".to_owned()),
            detail: Some("MUG is another's".to_owned()),
        };
        let line = body(Outcome::Refused, Some("sku_taken")).words().unwrap();
        let expected = format!("sku_taken (sku): product {}: MUG is another's", Uuid::nil());
        assert_eq!(line, expected);
        let line = body(Outcome::Taken, None).words().unwrap();
        assert_eq!(line, format!("taken: product {}", Uuid::nil()));
        for (outcome, code) in [(Outcome::Refused, None), (Outcome::Taken, Some("x"))] {
            let problem = body(outcome, code).words().unwrap_err();
            assert_eq!(problem.errors()[0].field, "code");
        }
        let problem = body(Outcome::Refused, Some("a\nb")).words().unwrap_err();
        assert_eq!(problem.errors()[0].code, "text_invalid");
    }
}
