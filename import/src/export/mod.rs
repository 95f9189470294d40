//! Takes products and orders out of the shop, page by page from the query API, in a shape that the import takes back.
//!
//! Of orders, those that were paid come out, as they were sold: an order of the past has no later life in the
//! import's shape, so returns and refunds don't come along.

mod output;
mod record;

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use self::output::Output;
use self::record::Exported;
use crate::categories::Categories;
use crate::client::{Client, PAGE_LIMIT};
use crate::error::ImportError;
use crate::options::{ExportKind, ExportOptions, Format, STANDARD_STREAM};
use crate::progress::Progress;

/// Details asked for at once: enough to keep the line busy, few enough to leave the shop to its customers.
const IN_FLIGHT: usize = 8;
/// Pages read ahead of the disk.
const PAGES_AHEAD: usize = 4;

/// What an export came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportReport {
    /// Products or orders that were written.
    pub written: u64,
    /// Orders that are no sale: not paid, or cancelled.
    pub left_out: u64,
    pub elapsed: Duration,
}

/// Writes all products, or all orders that were paid. A file appears whole or not at all.
pub async fn export(options: &ExportOptions, progress: Progress) -> Result<ExportReport, ImportError> {
    let started = Instant::now();
    let to_stream = options.file.as_os_str() == STANDARD_STREAM;
    let format = match options.format {
        Some(format) => format,
        None if to_stream => Format::Ndjson,
        None => Format::of(&options.file)?,
    };
    let client = Client::new(&options.target, IN_FLIGHT)?;
    let categories = match options.kind {
        ExportKind::Products => Categories::load(&client).await?,
        ExportKind::Orders => Categories::default(),
    };
    let (sender, mut receiver) = mpsc::channel::<Vec<Exported>>(PAGES_AHEAD);
    let (file, kind) = (options.file.clone(), options.kind);
    let writer = spawn_blocking(move || {
        let mut output = Output::create(&file, kind, format)?;
        while let Some(page) = receiver.blocking_recv() {
            page.iter().try_for_each(|exported| output.write(exported))?;
        }
        Ok::<_, ImportError>(output)
    });
    let needs_contact = options.kind == ExportKind::Orders && format != Format::Csv;
    let paged = pages(
        &client,
        options.kind,
        needs_contact,
        &categories,
        &sender,
        progress,
    )
    .await;
    drop(sender);
    let output = writer.await??;
    let mut report = paged?;
    spawn_blocking(move || output.finish()).await??;
    report.elapsed = started.elapsed();
    Ok(report)
}

async fn pages(
    client: &Client,
    kind: ExportKind,
    needs_contact: bool,
    categories: &Categories,
    sender: &mpsc::Sender<Vec<Exported>>,
    progress: Progress,
) -> Result<ExportReport, ImportError> {
    let (path, name) = match kind {
        ExportKind::Products => ("/api/products", "products"),
        ExportKind::Orders => ("/api/orders", "orders"),
    };
    let mut report = ExportReport::default();
    let mut phase = progress.phase(name, 0);
    let mut cursor: Option<String> = None;
    loop {
        let mut query = vec![("limit", PAGE_LIMIT.to_string())];
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let answer = client.get(path, &query).await?;
        let items = answer["items"].as_array().ok_or_else(|| ImportError::Answer {
            doing: format!("GET {path}"),
            reason: "it has no items".to_owned(),
        })?;
        let mut page = Vec::with_capacity(items.len());
        let mut wholes = stream::iter(items)
            .map(|item| whole(client, path, item, needs_contact))
            .buffered(IN_FLIGHT);
        while let Some(whole) = wholes.next().await {
            match record::read(kind, &whole?, categories)? {
                Some(exported) => page.push(exported),
                None => report.left_out += 1,
            }
        }
        report.written += page.len() as u64;
        phase.advance(page.len() as u64);
        if sender.send(page).await.is_err() {
            break; // the writer has failed, and says why
        }
        cursor = answer["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    phase.finish();
    Ok(report)
}

/// A list of orders doesn't show where one goes to; the order's own page does.
async fn whole(client: &Client, path: &str, item: &Value, needs_contact: bool) -> Result<Value, ImportError> {
    match item["id"].as_str() {
        Some(id) if needs_contact && item.get("contact").is_none() => {
            client.get(&format!("{path}/{id}"), &[]).await
        }
        _ => Ok(item.clone()),
    }
}
