//! `tillstream migrate`: brings PostgreSQL's schemas up to date. Run it before a new release's roles are started; the
//! old ones may go on running meanwhile.

use std::process::ExitCode;

use anyhow::Context;

use crate::settings::Settings;
use crate::storage::Servers;

pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let servers = Servers::of(settings, "migrate")?
        .context("postgres.url is missing; the embedded shop brings its files up to date by itself")?;
    servers.wait_until_up().await?;
    let steps = servers.migrate(settings.postgres.reader_role.as_deref()).await?;
    match steps {
        0 => say!("Every schema is up to date."),
        1 => say!("One step was taken; every schema is up to date."),
        steps => say!("{steps} steps were taken; every schema is up to date."),
    }
    Ok(ExitCode::SUCCESS)
}
