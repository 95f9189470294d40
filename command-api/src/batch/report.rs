//! What became of each row of an upload.

use bulk::Rejection;
use domain::upload::PutResult;
use domain::{DomainError, Refusal};
use events::ids::ProductId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// Its product is new.
    Created,
    /// Its product has changed.
    Updated,
    /// Its product was like that before.
    Unchanged,
    /// Nothing of its product came in.
    Rejected,
}

/// One row. The rows of one product share what became of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RowReport {
    /// CSV: the line, counted from 1 with the header. NDJSON: the line. JSON: the item, counted from 1.
    pub row: u64,
    pub status: RowStatus,
    #[schema(value_type = Option<Uuid>)]
    pub product_id: Option<ProductId>,
    /// Of a rejected row: why, for programs.
    pub code: Option<String>,
    /// Of a rejected row: the column, or the path in the object.
    pub field: Option<String>,
    /// Of a rejected row: why, for people.
    pub message: Option<String>,
}

impl RowReport {
    fn rejected(row: u64, code: &str, field: Option<&str>, message: &str) -> Self {
        Self {
            row,
            status: RowStatus::Rejected,
            product_id: None,
            code: Some(code.to_owned()),
            field: field.filter(|field| !field.is_empty()).map(ToOwned::to_owned),
            message: Some(message.to_owned()),
        }
    }

    /// A row that couldn't be read.
    pub fn unread(rejection: &Rejection) -> Self {
        Self::rejected(
            rejection.row,
            &rejection.code,
            Some(&rejection.field),
            &rejection.reason,
        )
    }

    /// Each row of a product that was refused.
    pub fn refused(rows: &[u64], error: &DomainError) -> Vec<Self> {
        let (code, field, message) = (error.code(), error.field(), error.to_string());
        let refused = |row: &u64| Self::rejected(*row, code, field.as_deref(), &message);
        rows.iter().map(refused).collect()
    }

    /// Each row of a product whose SKU another process has just given to another.
    pub fn taken(rows: &[u64], sku: &str) -> Vec<Self> {
        let message = format!("SKU {sku} is taken");
        let rejected = |row: &u64| Self::rejected(*row, "sku_taken", Some("sku"), &message);
        rows.iter().map(rejected).collect()
    }

    /// Each row of a product whose category isn't there.
    pub fn without_category(rows: &[u64], path: &str) -> Vec<Self> {
        let message = format!("there is no category {path}, and only staff make new ones");
        let rejected = |row: &u64| Self::rejected(*row, "category_not_found", Some("category"), &message);
        rows.iter().map(rejected).collect()
    }

    /// Each row of a product that was decided.
    pub fn decided(rows: &[u64], result: &PutResult, is_rehearsal: bool) -> Vec<Self> {
        let part = match result {
            Ok(part) => part,
            Err(error) => return Self::refused(rows, error),
        };
        let status = match (part.value.is_new, part.is_change) {
            (true, _) => RowStatus::Created,
            (false, true) => RowStatus::Updated,
            (false, false) => RowStatus::Unchanged,
        };
        // What a rehearsal would create isn't there.
        let product_id = Some(part.value.product_id).filter(|_| !(is_rehearsal && part.value.is_new));
        let decided = |row: &u64| Self {
            row: *row,
            status,
            product_id,
            code: None,
            field: None,
            message: None,
        };
        rows.iter().map(decided).collect()
    }
}

/// What became of an upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadReport {
    /// Nothing has happened; this is what would.
    pub dry_run: bool,
    /// Rows with data; each is in one of the next four.
    pub rows: usize,
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    pub rejected: usize,
    /// In the order of the rows.
    pub results: Vec<RowReport>,
}

impl UploadReport {
    pub fn new(mut results: Vec<RowReport>, dry_run: bool) -> Self {
        results.sort_by_key(|result| result.row);
        let of = |status| results.iter().filter(|result| result.status == status).count();
        Self {
            dry_run,
            rows: results.len(),
            created: of(RowStatus::Created),
            updated: of(RowStatus::Updated),
            unchanged: of(RowStatus::Unchanged),
            rejected: of(RowStatus::Rejected),
            results,
        }
    }
}
