//! `tillstream serve`: runs the shop until it is told to stop; and what serving means for every process.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use web::layers::Limits;

use crate::settings::Settings;
use crate::shop::Shop;
use crate::welcome;

pub async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    let stop = CancellationToken::new();
    tokio::spawn(cancel_on_signal(stop.clone()));
    let shop = Shop::open(&settings).await?;
    welcome::print(&settings, &shop);
    shop.run_until(stop).await?;
    Ok(ExitCode::SUCCESS)
}

/// Where a process answers; an address in use is told with its name.
pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("listen {address} can't be had"))
}

/// The bounds of a request, as the settings say.
pub fn limits(settings: &Settings) -> Limits {
    let timeout = Duration::from_secs(u64::from(settings.limits.request_timeout_s));
    let image_max_bytes = settings.images.max_upload_kib as usize * 1024;
    Limits {
        max_body_bytes: settings.limits.max_body_kib as usize * 1024,
        timeout,
        // What is done with an upload once it is here takes no longer than anything else.
        upload_timeout: timeout + command_api::longest_upload(settings.limits.upload_pace(), image_max_bytes),
        upload_routes: command_api::UPLOAD_ROUTES,
    }
}

/// Ctrl-C and SIGTERM ask to stop; the second of them stops at once.
pub async fn cancel_on_signal(stop: CancellationToken) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::error!("signals can't be heard; the shop stops only when it is killed");
        return;
    };
    for asked in 0.. {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if asked > 0 {
            tracing::warn!(
                "stopped at once; what was accepted is safe, what was under way is repeated later"
            );
            std::process::exit(1);
        }
        tracing::info!("stopping: accepted work is finished first; ask again to stop at once");
        stop.cancel();
    }
}
