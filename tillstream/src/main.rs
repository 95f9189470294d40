//! `tillstream`, the one executable: the whole shop in one process, and the command line around it.
//!
//! Roles are built elsewhere; this crate chooses their adapters from the settings, starts them, and
//! stops them in order.

/// Prints a line. If its reader has left (`tillstream verify | head`), the work goes on unheard: its outcome is the exit
/// code's to tell.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($line)*);
    }};
}

mod arguments;
mod background;
mod backup;
mod data_dir;
mod demo;
mod documentation;
mod export;
mod import;
mod init;
mod migrate;
mod observe;
mod observe_chain;
mod orphans;
mod outside;
mod pages;
mod progress;
mod rebuild;
mod roles;
mod secrets;
mod serve;
mod settings;
mod shop;
mod storage;
mod terminal;
mod verify;
mod welcome;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, Serve};
use settings::Settings;

/// glibc's allocator keeps the large blocks that hashing passwords and decoding images take, for each thread that once
/// took one: some 600 MiB after a while, where this one gives them back (docs/MEASUREMENTS.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tillstream: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(arguments.config.as_deref(), &arguments.overrides)?;
    if let Some(Command::Config) = arguments.command {
        say!("{}", settings.to_masked_toml()?.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    // What it logged would stand in the middle of its pictures.
    if let Some(Command::Shop(shop)) = arguments.command {
        return terminal::run(&settings, shop);
    }
    let command = arguments.command.unwrap_or(Command::Serve(Serve::default()));
    let telemetry = telemetry::start(&settings.telemetry(command.name())?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(async {
        match command {
            Command::Serve(Serve { role: None }) => serve::run(settings).await,
            Command::Serve(Serve { role: Some(role) }) => roles::run(&settings, role).await,
            Command::Init => init::run(&settings),
            Command::Migrate => migrate::run(&settings).await,
            Command::Rebuild(rebuild) => rebuild::run(&settings, &rebuild).await,
            Command::Verify(verify) => verify::run(&settings, &verify).await,
            Command::Backup(backup) => backup::once(&settings, &backup).await,
            Command::Backups(backups) => backup::list(&settings, &backups).await,
            Command::Restore(restore) => backup::restore(&settings, &restore).await,
            Command::Orphans(orphans) => orphans::run(&settings, &orphans).await,
            Command::Import(import) => import::run(&settings, import).await,
            Command::Export(export) => export::run(&settings, export).await,
            Command::Shop(_) | Command::Config => Ok(ExitCode::SUCCESS), // answered above
        }
    })?;
    // What is left then is blocking work that nobody waits for.
    runtime.shutdown_background();
    telemetry.shutdown();
    Ok(code)
}
