//! Tells headquarters what became of a row of its catalogue here, so that its people see it in their log of calls.

use domain::supply::RowRefusal;
use events::chain::SuppliedRow;
use reqwest::Method;
use serde::Serialize;
use uuid::Uuid;

use super::{Errand, Headquarters};

#[derive(Serialize)]
struct RowOutcome<'a> {
    kind: &'static str,
    id: Uuid,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl Headquarters {
    /// Whether headquarters has taken note; why it hasn't is in the log of calls.
    pub(in crate::chain) async fn note_outcome(
        &self,
        row: SuppliedRow,
        refusal: Option<&RowRefusal>,
    ) -> bool {
        let path = format!("/api/branches/{}/catalogue-outcomes", self.branch_id);
        let (kind, id) = match row {
            SuppliedRow::Product(id) => ("product", id.0),
            SuppliedRow::Category(id) => ("category", id.0),
        };
        let outcome = RowOutcome {
            kind,
            id,
            outcome: if refusal.is_some() { "refused" } else { "taken" },
            code: refusal.map(|refusal| refusal.code.as_str()),
            field: refusal.and_then(|refusal| refusal.field.as_deref()),
            detail: refusal.map(|refusal| refusal.detail.as_str()),
        };
        let note = match refusal {
            None => format!("taken: {kind} {id}"),
            Some(RowRefusal { code, field, detail }) => {
                let field = field
                    .as_ref()
                    .map(|field| format!(" ({field})"))
                    .unwrap_or_default();
                format!("{code}{field}: {kind} {id}: {detail}")
            }
        };
        let request = self.http.post(self.url(&path)).json(&outcome);
        let answer = self
            .call(Errand::Outcome, Method::POST, &path, request, Some(note))
            .await;
        answer.is_ok_and(|answer| answer.status.is_success())
    }
}
