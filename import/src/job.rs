//! One record to send, and what comes of it.

use events::ids::AccountId;
use serde_json::Value;
use uuid::Uuid;

use crate::client::{Answer, Client, Problem};
use crate::error::ImportError;
use crate::kind::Kind;
use crate::options::Dataset;
use crate::records::{Customer, Product, Sale, SaleKind};
use crate::state::Confirmed;
use bulk::Rejection;

/// Of the keys made here, so that they're equal to nobody else's.
const KEY_NAMESPACE: Uuid = Uuid::from_u128(0x7469_6c6c_7374_5265_a16d_696d_706f_7274);

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub kind: Kind,
    /// What people know it by: a SKU, a username, a reference.
    pub label: String,
    /// The file's rows in the order of the body's lines.
    pub rows: Vec<u64>,
    body: Vec<u8>,
    key: Uuid,
}

/// What came of a job.
#[derive(Debug)]
pub struct Outcome {
    pub job: Job,
    pub result: JobResult,
}

#[derive(Debug, Clone, PartialEq)]
pub enum JobResult {
    /// The server has it now.
    Accepted {
        id: Option<Uuid>,
    },
    /// The server had it before.
    Unchanged {
        id: Option<Uuid>,
    },
    Refused(Problem),
}

impl Job {
    /// The key is made of everything that's sent, so that the same content has the same key in every run, and
    /// another content another one.
    pub fn new(dataset: Dataset, kind: Kind, label: &str, rows: Vec<u64>, body: &Value) -> Self {
        let body = body.to_string().into_bytes();
        let mut content = format!("{}\n{}\n{label}\n", dataset.name(), kind.name()).into_bytes();
        content.extend_from_slice(&body);
        Self {
            kind,
            label: label.to_owned(),
            rows,
            key: Uuid::new_v5(&KEY_NAMESPACE, &content),
            body,
        }
    }

    pub fn product(dataset: Dataset, product: &Product, body: &Value) -> Self {
        Self::new(
            dataset,
            Kind::Product,
            product.label(),
            product.rows.clone(),
            body,
        )
    }

    pub fn customer(dataset: Dataset, customer: &Customer) -> Self {
        Self::new(
            dataset,
            Kind::Customer,
            &customer.username,
            Vec::new(),
            &customer.body(),
        )
    }

    pub fn sale(dataset: Dataset, sale: &Sale, customer: Option<AccountId>) -> Self {
        let kind = match sale.kind {
            SaleKind::Order => Kind::Order,
            SaleKind::CreditNote => Kind::CreditNote,
        };
        let rows = sale.lines.iter().map(|line| line.row).collect();
        Self::new(dataset, kind, &sale.reference, rows, &sale.body(customer))
    }

    pub fn key(&self) -> Uuid {
        self.key
    }

    /// Sends it, unless the server has confirmed it before.
    pub async fn run(self, client: &Client, confirmed: &Confirmed) -> Result<Outcome, ImportError> {
        let result = if let Some(confirmation) = confirmed.get(&self.key) {
            JobResult::Unchanged { id: confirmation.id }
        } else {
            let answer = client.post(self.kind.path(), &self.body, self.key).await?;
            result_of(self.kind, answer)
        };
        Ok(Outcome { job: self, result })
    }

    /// A rejection of each row, for the reason that the server gives; for the line at fault its own, if there's one.
    pub fn refused(&self, problem: &Problem) -> Vec<Rejection> {
        let (cause_code, cause) = problem.cause();
        let rejection = |(index, &row): (usize, &u64)| {
            let own = problem.fields.iter().find(|field| field.line() == Some(index));
            let (code, reason) = match own {
                Some(field) => (&field.code, format!("{}: {}", field.field, field.message)),
                None => (cause_code, cause.clone()),
            };
            Rejection::new(row, self.kind.label_field(), &self.label, code.clone(), reason)
        };
        // What is drawn from many rows stands in none.
        let rows = if self.rows.is_empty() {
            &[0][..]
        } else {
            &self.rows
        };
        rows.iter().enumerate().map(rejection).collect()
    }
}

fn result_of(kind: Kind, answer: Answer) -> JobResult {
    match answer {
        Answer::Done { body, replayed } => {
            let id = body[kind.id_member()].as_str().and_then(|id| id.parse().ok());
            if replayed {
                JobResult::Unchanged { id }
            } else {
                JobResult::Accepted { id }
            }
        }
        Answer::Refused(problem) if kind.is_taken(&problem.code) => JobResult::Unchanged {
            id: problem.member(kind.id_member()).and_then(|id| id.parse().ok()),
        },
        Answer::Refused(problem) => JobResult::Refused(problem),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::ProblemField;

    fn job(body: &Value) -> Job {
        Job::new(Dataset::Orders, Kind::Order, "1", vec![5, 6], body)
    }

    fn problem(code: &str, document: Value) -> Problem {
        Problem {
            status: 409,
            code: code.to_owned(),
            detail: "why".to_owned(),
            fields: Vec::new(),
            document,
        }
    }

    #[test]
    fn the_same_content_has_the_same_key_and_no_other_has() {
        let first = job(&json!({"a": 1}));
        assert_eq!(first.key(), job(&json!({"a": 1})).key());
        assert_ne!(first.key(), job(&json!({"a": 2})).key());
        let note = Job::new(Dataset::Orders, Kind::CreditNote, "1", vec![], &json!({"a": 1}));
        assert_ne!(first.key(), note.key());
    }

    #[test]
    fn what_is_taken_or_replayed_is_unchanged_and_keeps_its_id() {
        let id = Uuid::new_v4();
        let unchanged = JobResult::Unchanged { id: Some(id) };
        let taken = problem("order_reference_taken", json!({"order_id": id}));
        assert_eq!(result_of(Kind::Order, Answer::Refused(taken)), unchanged);
        let body = json!({"order_id": id});
        let done = |replayed| Answer::Done {
            body: body.clone(),
            replayed,
        };
        assert_eq!(result_of(Kind::Order, done(true)), unchanged);
        assert_eq!(
            result_of(Kind::Order, done(false)),
            JobResult::Accepted { id: Some(id) }
        );
        let other = problem("out_of_stock", json!({}));
        assert!(matches!(
            result_of(Kind::Order, Answer::Refused(other)),
            JobResult::Refused(_)
        ));
    }

    #[test]
    fn every_row_of_a_refused_order_gets_a_reason() {
        let mut refusal = problem("invalid", Value::Null);
        let plain: Vec<(u64, String)> = job(&Value::Null)
            .refused(&refusal)
            .into_iter()
            .map(|rejection| (rejection.row, rejection.reason))
            .collect();
        assert_eq!(plain, [(5, "why".to_owned()), (6, "why".to_owned())]);
        refusal.fields.push(ProblemField {
            field: "lines[1].sku".to_owned(),
            code: "sku_invalid".to_owned(),
            message: "no such".to_owned(),
        });
        let codes: Vec<String> = job(&Value::Null)
            .refused(&refusal)
            .into_iter()
            .map(|rejection| rejection.code.into_owned())
            .collect();
        assert_eq!(
            codes,
            ["sku_invalid", "sku_invalid"],
            "the first field's is the whole order's"
        );
        assert!(matches!(
            result_of(Kind::Product, Answer::Refused(problem("sku_in_use", Value::Null))),
            JobResult::Unchanged { id: None }
        ));
    }
}
