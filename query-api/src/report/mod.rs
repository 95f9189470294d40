//! Reports: one content as JSON, as CSV for a spreadsheet, and as an SVG chart for a browser.

mod csv_table;
mod format;

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, HeaderValue, VARY};
use axum::response::Response;
use events::envelope::Position;
use serde::Serialize;
use web::Problem;

use crate::answer;
use crate::chart::Chart;

pub use csv_table::{CsvTable, harmless};
pub use format::Format;

const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");

/// What a report must say for itself. Its JSON is its serialised form.
pub trait Report: Serialize {
    /// The name under which it is saved, without an ending: of letters, digits and dashes.
    fn file_name(&self) -> String;

    fn table(&self) -> CsvTable;

    fn chart(&self) -> Chart;
}

/// The report in the form that was asked for.
pub fn respond(
    headers: &HeaderMap,
    position: Position,
    format: Format,
    report: &impl Report,
) -> Result<Response, Problem> {
    let mut response = match format {
        Format::Json => answer::private(headers, position, report)?,
        Format::Csv => {
            let table = csv(headers, position, report.table())?;
            named(table, "attachment", report, "csv")?
        }
        Format::Svg => {
            let body = report.chart().to_svg().map_err(Problem::internal)?;
            named(
                answer::rendered(headers, position, SVG, body.into()),
                "inline",
                report,
                "svg",
            )?
        }
    };
    response
        .headers_mut()
        .insert(VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

/// A table alone, for reports that have no chart.
pub fn csv(headers: &HeaderMap, position: Position, table: CsvTable) -> Result<Response, Problem> {
    let body = table.into_bytes().map_err(Problem::internal)?;
    Ok(answer::rendered(headers, position, CSV, body))
}

fn named(
    mut response: Response,
    disposition: &str,
    report: &impl Report,
    ending: &str,
) -> Result<Response, Problem> {
    let name = report.file_name();
    let value = format!("{disposition}; filename=\"{name}.{ending}\"");
    let value = HeaderValue::try_from(value).map_err(Problem::internal)?;
    response.headers_mut().insert(CONTENT_DISPOSITION, value);
    Ok(response)
}
