//! The rows of an upload on their way into the shop: read on a thread of their own, gathered to as many as one append
//! takes, decided together, each with its own result.
//!
//! An upload with an idempotency key runs each of its appends once: sent again after a crash in its middle, it goes on
//! where it was, and answers as if nothing had happened.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use axum::http::StatusCode;
use bulk::products::{Item, Survey};
use bulk::{BulkError, CategoryPath, Format, Product, ProductsFile, Source};
use domain::Authority;
use domain::upload::{PutProduct, PutVariant, Restock, put_products};
use events::ids::{AccountId, ProductId};
use events::money::Currency;
use events::product::Variant;
use executor::{Accepted, CommandContext, ExecuteError};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use web::Problem;

use super::categories::{self, Found};
use super::report::{RowReport, UploadReport};
use crate::commands::Commands;
use crate::errors::ApiError;

/// Rows of one upload: a catalogue of that size is taken in well within the time that a request has.
const ROWS_MAX: u64 = 10_000;
/// Categories that one upload may name: each is looked up by itself, and no tree that people find their way in has more.
const CATEGORIES_MAX: usize = 500;
/// Variants per append: some 1,500 events, or a few milliseconds in which no other command is decided.
const VARIANTS_PER_APPEND: usize = 500;
/// Items read ahead of the appends: the next one is ready when the last is done.
const READ_AHEAD: usize = 2 * VARIANTS_PER_APPEND;

/// More rows than an upload may have.
#[derive(Debug, thiserror::Error)]
#[error("an upload has at most {ROWS_MAX} rows, this has {found}")]
struct RowsMax {
    found: u64,
}

/// Whose upload it is, and what it means.
pub struct Putting {
    pub commands: Commands,
    pub context: CommandContext,
    pub by: Authority,
    /// Of products that are new; the shop's own if missing.
    pub seller: Option<AccountId>,
    /// Of prices that come without one.
    pub currency: Currency,
    pub restock: Restock,
    pub is_rehearsal: bool,
}

/// A file, with what its rows mean.
struct Upload {
    source: Source,
    format: Format,
    currency: Currency,
}

impl Upload {
    fn file(&self) -> ProductsFile<'_> {
        ProductsFile {
            source: &self.source,
            format: self.format,
            currency: self.currency,
        }
    }
}

impl Putting {
    /// Takes the file in. An error is what keeps it from being read at all, or what would keep any command from running:
    /// what had come in until then stays, and sending it again goes on.
    pub async fn run(self, file: std::fs::File, format: Format) -> Result<Accepted<UploadReport>, ApiError> {
        // Whether the key came with another upload, before anything is made for this one.
        self.commands.answered::<Vec<RowReport>>(&self.context).await?;
        let upload = Arc::new(Upload {
            source: Source::of_upload(file),
            format,
            currency: self.currency,
        });
        let surveyed = Arc::clone(&upload);
        let survey = spawn_blocking(move || surveyed.file().survey()).await;
        let survey = survey.map_err(Problem::internal)?.map_err(unreadable)?;
        check(&survey)?;
        let found = self.categories(&survey.categories).await?;
        let (sender, receiver) = mpsc::channel(READ_AHEAD);
        let reading = spawn_blocking(move || {
            let mut sink = |item: Item| match sender.blocking_send(item) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()), // nobody wants the rest
            };
            upload.file().read(&survey, &mut sink)
        });
        let report = self.take_in(receiver, &found).await?;
        reading.await.map_err(Problem::internal)?.map_err(unreadable)?;
        Ok(report)
    }

    async fn categories(&self, paths: &BTreeSet<CategoryPath>) -> Result<Found, ExecuteError> {
        let may_create = self.by == Authority::Staff && !self.is_rehearsal;
        categories::resolve(&self.commands, &self.context, paths, may_create).await
    }

    async fn take_in(
        &self,
        mut items: mpsc::Receiver<Item>,
        found: &Found,
    ) -> Result<Accepted<UploadReport>, ApiError> {
        let mut results = Vec::new();
        let mut appends = Appends::default();
        let mut chunk = Chunk::default();
        while let Some(item) = items.recv().await {
            match item {
                Item::Rejected(rejection) => results.push(RowReport::unread(&rejection)),
                Item::Product(product) => results.extend(self.gather(product, found, &mut chunk)),
            }
            if chunk.variants >= VARIANTS_PER_APPEND {
                let full = std::mem::take(&mut chunk);
                results.extend(appends.take_in(self.put(full, appends.count).await?));
            }
        }
        // Also if nothing is left: even an upload without a good row has an answer and its place in the log.
        results.extend(appends.take_in(self.put(chunk, appends.count).await?));
        Ok(Accepted {
            value: UploadReport::new(results, self.is_rehearsal),
            position: appends.position,
            replayed: appends.all_replayed,
        })
    }

    /// Into the chunk; the reports of its rows if it can't be.
    fn gather(&self, product: Product, found: &Found, chunk: &mut Chunk) -> Vec<RowReport> {
        if let Some(command) = self.command(&product, found) {
            chunk.add(product.rows, command);
            return Vec::new();
        }
        let path = product.category.as_ref().map(CategoryPath::key);
        RowReport::without_category(&product.rows, &path.unwrap_or_default())
    }

    /// `None` if it names a category that isn't there. A rehearsal of staff's does without: it would be made.
    fn command(&self, product: &Product, found: &Found) -> Option<PutProduct> {
        let category = match &product.category {
            None => None,
            Some(path) => match found.get(&path.key()) {
                Some(id) => Some(*id),
                None if self.is_rehearsal && self.by == Authority::Staff => None,
                None => return None,
            },
        };
        let variants = product.variants.iter().map(|variant| PutVariant {
            variant: Variant {
                sku: variant.sku.clone(),
                options: variant.options.clone(),
                price: variant.price,
            },
            quantity: variant.quantity,
        });
        Some(PutProduct {
            new_id: ProductId::generate(),
            seller: self.seller,
            by: self.by,
            name: product.name.clone(),
            description: product.description.clone(),
            category,
            attributes: product.attributes.clone(),
            variants: variants.collect(),
            restock: self.restock,
            at: self.context.now,
        })
    }

    /// One append of many products; if another process has taken one of their SKUs meanwhile, each by itself.
    async fn put(&self, chunk: Chunk, number: usize) -> Result<Accepted<Vec<RowReport>>, ApiError> {
        let context = self.context_of(&number.to_string());
        match self.put_together(&chunk, &context).await {
            Err(ExecuteError::Taken { .. }) => self.put_each(chunk, number).await,
            result => Ok(result?),
        }
    }

    async fn put_each(&self, chunk: Chunk, number: usize) -> Result<Accepted<Vec<RowReport>>, ApiError> {
        let mut appends = Appends::default();
        let mut results = Vec::new();
        for (index, (rows, command)) in chunk.rows.into_iter().zip(chunk.commands).enumerate() {
            let mut one = Chunk::default();
            one.add(rows.clone(), command);
            let context = self.context_of(&format!("{number}.{index}"));
            match self.put_together(&one, &context).await {
                Ok(accepted) => results.extend(appends.take_in(accepted)),
                Err(ExecuteError::Taken { value, .. }) => {
                    results.extend(RowReport::taken(&rows, &value));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Accepted {
            value: results,
            position: appends.position,
            replayed: appends.all_replayed,
        })
    }

    async fn put_together(
        &self,
        chunk: &Chunk,
        context: &CommandContext,
    ) -> Result<Accepted<Vec<RowReport>>, ExecuteError> {
        let put = |work: &mut domain::UnitOfWork| {
            let results = put_products(work, &chunk.commands, self.is_rehearsal)?;
            let reports = chunk.rows.iter().zip(&results);
            let reports =
                reports.flat_map(|(rows, result)| RowReport::decided(rows, result, self.is_rehearsal));
            Ok(reports.collect())
        };
        self.commands.execute(context, put).await
    }

    /// The first append is the command by the client's key, so that the same key with another body is noticed; the
    /// others have scopes of their own.
    fn context_of(&self, number: &str) -> CommandContext {
        let mut context = self.context.clone();
        if let Some(key) = &mut context.idempotency
            && number != "0"
        {
            key.scope = format!("{}/{number}", key.scope);
        }
        context
    }
}

/// Products for one append, with the rows of each.
#[derive(Default)]
struct Chunk {
    rows: Vec<Vec<u64>>,
    commands: Vec<PutProduct>,
    variants: usize,
}

impl Chunk {
    fn add(&mut self, rows: Vec<u64>, command: PutProduct) {
        self.variants += command.variants.len();
        self.rows.push(rows);
        self.commands.push(command);
    }
}

/// What is known of the appends so far.
struct Appends {
    count: usize,
    position: u64,
    all_replayed: bool,
}

impl Default for Appends {
    fn default() -> Self {
        Self {
            count: 0,
            position: 0,
            all_replayed: true,
        }
    }
}

impl Appends {
    fn take_in<T>(&mut self, accepted: Accepted<T>) -> T {
        self.count += 1;
        self.position = self.position.max(accepted.position);
        self.all_replayed &= accepted.replayed;
        accepted.value
    }
}

fn check(survey: &Survey) -> Result<(), Problem> {
    let found = survey.rows;
    if found > ROWS_MAX {
        let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_rows");
        return Err(problem.with_detail(RowsMax { found }));
    }
    if survey.categories.len() > CATEGORIES_MAX {
        let detail = format!("an upload names at most {CATEGORIES_MAX} categories");
        return Err(Problem::unprocessable_with("too_many_categories", detail));
    }
    Ok(())
}

fn unreadable(error: BulkError) -> Problem {
    match &error {
        BulkError::Json { .. } => Problem::bad_request("malformed_json", error),
        BulkError::Csv { .. } => Problem::bad_request("malformed_csv", error),
        BulkError::ColumnMissing { .. } => Problem::unprocessable_with("column_missing", error),
        BulkError::ColumnUnknown { .. } => Problem::unprocessable_with("column_unknown", error),
        BulkError::ColumnTwice { .. } => Problem::unprocessable_with("column_twice", error),
        BulkError::File { .. } | BulkError::FormatUnknown { .. } => Problem::internal(error),
    }
}
