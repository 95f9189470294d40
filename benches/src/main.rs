//! The benchmark: product detail, product list and placing an order, each beside the limit of what it is built on,
//! measured side by side in one run on one machine, for the embedded form and the distributed one. `cargo xtask bench`
//! runs it.
//!
//! It says how fast the shop is here and now, and how much of the possible that is. Whether that is enough is left to
//! the reader; nothing fails for being slow.

mod catalogue;
mod connection;
mod disk;
mod distributed;
mod embedded;
mod endpoint;
mod executable;
mod facets;
mod limit_http;
mod load;
mod measurement;
mod plan;
mod process;
mod queries;
mod rebuild;
mod report;
mod statistics;
mod work;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};

use embedded::limit_sqlite::LimitSqlite;
use facets::Facets;
use limit_http::LimitHttp;
use plan::Plan;
use report::{Report, Section};

#[derive(Parser)]
#[command(
    name = "benches",
    about = "Measures the shop beside the limits of what it is built on"
)]
struct Arguments {
    #[command(subcommand)]
    limit: Option<LimitProcess>,

    /// Which form of the shop to measure
    #[arg(long, value_enum, default_value_t = Form::Both)]
    form: Form,
    /// Seconds for each side of each measurement
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Clients at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    clients: u32,
    /// Only show that everything works: the figures mean little
    #[arg(long)]
    quick: bool,
    /// Also write the report as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The executable to measure [default: built from this tree in release mode]
    #[arg(long, value_name = "FILE")]
    shop: Option<PathBuf>,
    /// Where databases are made, on a real disk [default: the folder of this executable]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    distributed: distributed::Options,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One process on SQLite
    Embedded,
    /// Processes of their own, on private servers: PostgreSQL, NATS and Redis must be installed
    Distributed,
    /// One after the other
    Both,
    /// Not a form: the embedded one with backups every second, beside itself without
    Backups,
}

/// What runs beside the shop, in processes of their own; and what is measured without one.
#[derive(Subcommand)]
enum LimitProcess {
    #[command(hide = true)]
    LimitHttp(LimitHttp),
    #[command(hide = true)]
    LimitSqlite(LimitSqlite),
    /// Measures what facets cost beside a plain page of the list
    Facets(Facets),
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benches: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.limit {
        Some(LimitProcess::LimitSqlite(limit)) => limit.run(),
        // With the same runtime as the shop's.
        Some(LimitProcess::LimitHttp(limit)) => runtime()?.block_on(limit.run()),
        Some(LimitProcess::Facets(facets)) => {
            let folder = scratch_folder(arguments.folder.as_deref())?;
            runtime()?.block_on(facets.run(folder.path()))
        }
        None => compare(&arguments),
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

fn compare(arguments: &Arguments) -> anyhow::Result<()> {
    let executable = match &arguments.shop {
        Some(shop) => shop
            .canonicalize()
            .with_context(|| format!("{} can't be found", shop.display()))?,
        None => executable::build()?,
    };
    let plan = Plan::new(arguments.seconds, arguments.clients as usize, arguments.quick);
    let load_average = process::load_average();
    let folder = scratch_folder(arguments.folder.as_deref())?;
    let runtime = runtime()?;
    // Whatever ends this, its processes and folder end with it: they are dropped.
    let sections = runtime.block_on(async {
        tokio::select! {
            measured = measure(arguments, &executable, &plan, folder.path()) => measured,
            told = told_to_stop() => bail!("stopped by {}", told?),
        }
    })?;
    let report = Report::new(&plan, load_average, sections);
    print!("{}", report.to_text());
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("{} can't be written", file.display()))?;
    }
    Ok(())
}

async fn measure(
    arguments: &Arguments,
    executable: &Path,
    plan: &Plan,
    folder: &Path,
) -> anyhow::Result<Vec<Section>> {
    let mut sections = vec![];
    if arguments.form == Form::Backups {
        sections.push(embedded::backups::measure(executable, plan, folder).await?);
    }
    if matches!(arguments.form, Form::Embedded | Form::Both) {
        sections.push(embedded::measure(executable, plan, folder).await?);
    }
    if matches!(arguments.form, Form::Distributed | Form::Both) {
        sections.push(distributed::measure(executable, plan, &arguments.distributed, folder).await?);
    }
    Ok(sections)
}

/// Not the system's folder for temporary files, which may be in memory, where a commit costs nothing.
fn scratch_folder(wanted: Option<&Path>) -> anyhow::Result<tempfile::TempDir> {
    let executable = std::env::current_exe()?;
    let folder = wanted
        .or(executable.parent())
        .context("this executable is in no folder")?;
    tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(folder)
        .with_context(|| format!("no folder can be made in {}", folder.display()))
}

/// Waits for Ctrl-C or a request to terminate; its name.
async fn told_to_stop() -> std::io::Result<&'static str> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => Ok("an interrupt"),
        _ = terminate.recv() => Ok("a request to terminate"),
    }
}
