//! Facts about credit notes: goods that came back without a known order, as a till's history has them.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{AccountId, CategoryId, CreditNoteId, ProductId};
use crate::ledger::JournalEntry;
use crate::money::Money;
use crate::order::SoldLine;

/// Where a product belonged at that moment. An order's own lines tell it; a credit note knows no order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductOrigin {
    pub product_id: ProductId,
    pub category: Option<CategoryId>,
    /// The shop itself if missing.
    pub seller: Option<AccountId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreditNoteIssued {
    pub credit_note_id: CreditNoteId,
    pub customer: Option<AccountId>,
    pub country: String,
    pub lines: Vec<SoldLine>,
    /// Of the lines' products, each once, so that a report looks into no other stream. Empty in what was issued
    /// before version 2.
    pub origins: Vec<ProductOrigin>,
    pub total: Money,
    pub entry: JournalEntry,
    pub reason: String,
    /// The number it had in the system that it was imported from.
    pub reference: Option<String>,
    pub issued_at: DateTime<Utc>,
}

events! {
    /// What happens to a credit note.
    CreditNoteEvent {
        CreditNoteIssued = 2,
    }
}
