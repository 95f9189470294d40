//! `tillstream export`: reads the command line; the work is `import`'s.

use std::process::ExitCode;

use import::{ExportKind as Kind, ExportOptions, Format, Progress};

use crate::arguments::{Export, ExportFormat, ExportKind};
use crate::import::target;
use crate::settings::Settings;

pub async fn run(settings: &Settings, arguments: Export) -> anyhow::Result<ExitCode> {
    let options = ExportOptions {
        target: target(settings, arguments.server)?,
        kind: match arguments.kind {
            ExportKind::Products => Kind::Products,
            ExportKind::Orders => Kind::Orders,
        },
        format: arguments.format.map(|format| match format {
            ExportFormat::Ndjson => Format::Ndjson,
            ExportFormat::Json => Format::Json,
            ExportFormat::Csv => Format::Csv,
        }),
        file: arguments.file,
    };
    let report = import::export(&options, Progress::detect()).await?;
    eprintln!(
        "{} written in {:.1} s.",
        report.written,
        report.elapsed.as_secs_f64()
    );
    if report.left_out > 0 {
        eprintln!(
            "{} orders are left out, since they were not paid or were cancelled.",
            report.left_out
        );
    }
    Ok(ExitCode::SUCCESS)
}
