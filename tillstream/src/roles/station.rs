//! What every role's process has: an address with `/health` and `/metrics` beside the role's own routes, and the way it
//! starts and stops.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use web::layers;

use crate::arguments::Role;
use crate::pages::{self, Health};
use crate::serve::{limits, listen};
use crate::settings::Settings;

/// How long requests that are under way may take after the order to stop.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Between telling the proxy that no more is taken and taking no more: longer than its checks are apart.
const NOTICE: Duration = Duration::from_secs(2);

/// A role's place: its address is taken, nothing is answered yet.
pub struct Station {
    pub role: Role,
    listener: TcpListener,
    address: SocketAddr,
    /// Asked to stop.
    pub stop: CancellationToken,
    limits: layers::Limits,
}

/// A station that answers.
pub struct Open {
    serving: JoinHandle<std::io::Result<()>>,
    /// Ends the server.
    close: CancellationToken,
    /// Whether it is behind a proxy that has to notice.
    behind_proxy: bool,
}

impl Station {
    pub async fn listen(settings: &Settings, role: Role, stop: CancellationToken) -> anyhow::Result<Self> {
        let listener = listen(settings.listen).await?;
        let address = listener
            .local_addr()
            .context("the address that is listened on can't be told")?;
        Ok(Self {
            role,
            listener,
            address,
            stop,
            limits: limits(settings),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers `routes` behind the usual layers, `bare` ones without them, health and metrics; and says that the role is
    /// ready.
    pub fn open(self, routes: Router, bare: Router, health: Health) -> Open {
        let behind_proxy = matches!(self.role, Role::CommandApi | Role::QueryApi);
        let routes = routes
            .merge(health.stopping_with(self.stop.clone()).routes())
            .merge(pages::metrics());
        let app = bare.fallback_service(layers::wrap(routes, self.limits));
        let close = CancellationToken::new();
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(self.listener, app).with_graceful_shutdown(close.clone().cancelled_owned());
        let serving = tokio::spawn(server.into_future());
        say!("{} is ready on http://{}", self.role.as_str(), self.address);
        tracing::info!(role = self.role.as_str(), address = %self.address, "ready");
        Open {
            serving,
            close,
            behind_proxy,
        }
    }
}

impl Open {
    /// Takes no more requests, and waits for those that are under way.
    pub async fn drain(mut self) -> anyhow::Result<()> {
        if self.behind_proxy {
            // Not ready since the order to stop; until the proxy has seen it, what it sends is still answered.
            tokio::time::sleep(NOTICE).await;
        }
        self.close.cancel();
        if let Ok(ended) = tokio::time::timeout(DRAIN_MAX, &mut self.serving).await {
            return ended?.context("the server has ended badly");
        }
        tracing::warn!("some requests took too long and were cut off");
        self.serving.abort();
        Ok(())
    }
}
