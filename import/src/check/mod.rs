//! The check: the file's own totals beside the shop's report. It counts the file on its own, with none of the
//! import's reading, rules or arithmetic, so that an error there shows here.

mod compare;
mod decimal;
mod lines;
mod sales_report;
mod totals;

use tokio::task::spawn_blocking;

use self::sales_report::{SalesReport, Span};
use self::totals::{FileTotals, Group};
use crate::client::Client;
use crate::error::ImportError;
use crate::options::{CheckOptions, Dataset};
use crate::run::open;

pub use self::compare::{CheckReport, Difference, Figure, GroupCheck};

/// Compares a file of sales with the shop's report over the same days. A sale of those days that isn't of the file
/// shows as a difference.
pub async fn check(options: &CheckOptions) -> Result<CheckReport, ImportError> {
    let (dataset, currency) = (options.dataset, options.currency);
    if dataset == Dataset::Products {
        return Err(ImportError::NothingToCheck { dataset });
    }
    let client = Client::new(&options.target, 1)?;
    let input = open(dataset, options.format, &options.file, currency).await?;
    let count = move || Ok::<_, ImportError>(totals::sum(&lines::read(&input)?, dataset, currency));
    let file: FileTotals = spawn_blocking(count).await??;
    let mut reported: Vec<(Group, SalesReport)> = Vec::new();
    for group in Group::ALL {
        let report = match span(&file, options) {
            Some(span) => sales_report::fetch(&client, &span, group).await?,
            None => SalesReport::default(),
        };
        reported.push((group, report));
    }
    Ok(compare::compare(&file, &reported, currency))
}

/// The days that the file is about; none if nothing in it counts.
fn span(file: &FileTotals, options: &CheckOptions) -> Option<Span> {
    let (from, _) = file.by_day.first_key_value()?;
    let (to, _) = file.by_day.last_key_value()?;
    Some(Span {
        from: from.clone(),
        to: to.clone(),
        currency: options.currency,
    })
}

#[cfg(test)]
mod tests;
