//! `tillstream serve --role …`: one role of the shop as a process of its own. Several of each may run at once, on any
//! machine that reaches PostgreSQL, NATS and Redis.
//!
//! A role opens what it needs, says where it listens, works until it is asked to stop, and finishes what it has accepted.
//! What the embedded shop runs in one process, and these do, is the same code.

mod backends;
mod command_api;
mod nudges;
mod payment_sandbox;
mod projectors;
mod query_api;
mod relay;
mod station;
mod workers;

use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use crate::arguments::Role;
use crate::settings::Settings;

pub use command_api::deps as command_deps;
use station::Station;

pub async fn run(settings: &Settings, role: Role) -> anyhow::Result<ExitCode> {
    let stop = CancellationToken::new();
    tokio::spawn(crate::serve::cancel_on_signal(stop.clone()));
    let station = Station::listen(settings, role, stop).await?;
    match role {
        Role::CommandApi => command_api::run(settings, station).await?,
        Role::QueryApi => query_api::run(settings, station).await?,
        Role::Relay => relay::run(settings, station).await?,
        Role::Projectors => projectors::run(settings, station).await?,
        Role::Workers => workers::run(settings, station).await?,
        Role::PaymentSandbox => payment_sandbox::run(settings, station).await?,
    }
    tracing::info!(role = role.as_str(), "stopped");
    Ok(ExitCode::SUCCESS)
}
