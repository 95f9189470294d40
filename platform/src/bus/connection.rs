//! The connection to NATS: made in the background, kept alive, and told about in the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, ConnectOptions, Event};
use tokio::sync::watch;

use super::{BusCredentials, BusError, BusSettings, tls};

/// How long one attempt to connect may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an answer of JetStream's may take before it counts as lost: above the pauses of a cluster that elects.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Pause between attempts to connect: doubles from the first to the last, so that a restart is noticed at once and a
/// long absence costs nothing.
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(2);

/// How often we ask NATS whether it is still there: a network that swallows packets is noticed within two of these.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// NATS, and our names on it. Cheap to clone; the clones share one connection.
#[derive(Debug, Clone)]
pub struct Bus {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) jet_stream: jetstream::Context,
    pub(super) settings: BusSettings,
    connected: watch::Receiver<bool>,
}

impl Bus {
    /// Prepares a connection and returns without waiting for it: NATS may come up later, and go and come again. Must be
    /// called within a Tokio runtime.
    ///
    /// Fails on settings that can't work: a wrong URL, a missing or empty file.
    pub async fn connect(settings: BusSettings) -> Result<Self, BusError> {
        settings.check()?;
        let (addresses, in_url) = settings.addresses()?;
        let credentials = match &settings.credentials {
            BusCredentials::None => in_url.unwrap_or_default(),
            given => given.clone(),
        };
        let (told, connected) = watch::channel(false);
        let options = with_credentials(ConnectOptions::new(), credentials)
            .await?
            .tls_client_config(tls::client_config(settings.tls.as_ref())?)
            .require_tls(settings.tls.is_some())
            .name(&settings.name)
            .connection_timeout(CONNECT_TIMEOUT)
            .ping_interval(PING_INTERVAL)
            .reconnect_delay_callback(retry_delay)
            .event_callback(log_events(told))
            .retry_on_initial_connect();
        let client = options
            .connect(addresses)
            .await
            .map_err(|error| BusError::unavailable("be connected to", &error))?;
        let jet_stream = ContextBuilder::new()
            .timeout(ANSWER_TIMEOUT)
            .ack_timeout(ANSWER_TIMEOUT)
            .build(client.clone());
        Ok(Self {
            shared: Arc::new(Shared {
                client,
                jet_stream,
                settings,
                connected,
            }),
        })
    }

    /// Whether there is a connection at the moment.
    pub fn is_connected(&self) -> bool {
        *self.shared.connected.borrow()
    }

    /// Resolves when there is a connection; at once, if there is.
    pub async fn connected(&self) {
        self.becomes(true).await;
    }

    /// Resolves when there is no connection; at once, if there is none.
    pub async fn disconnected(&self) {
        self.becomes(false).await;
    }

    async fn becomes(&self, wanted: bool) {
        let mut connected = self.shared.connected.clone();
        if connected.wait_for(|now| *now == wanted).await.is_err() && wanted {
            // The client has ended for good, as happens only when it is dropped: there will be no connection.
            std::future::pending::<()>().await;
        }
    }
}

async fn with_credentials(
    options: ConnectOptions,
    credentials: BusCredentials,
) -> Result<ConnectOptions, BusError> {
    Ok(match credentials {
        BusCredentials::None => options,
        BusCredentials::Password { user, password } => options.user_and_password(user, password),
        BusCredentials::Token(token) => options.token(token),
        BusCredentials::File(path) => {
            let text = tokio::fs::read_to_string(&path)
                .await
                .map_err(|error| BusError::file(&path, &error))?;
            options
                .credentials(&text)
                // The driver's reason may quote the file.
                .map_err(|_| BusError::file(&path, &"it isn't a NATS credentials file"))?
        }
    })
}

fn retry_delay(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_RETRY
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(LAST_RETRY)
}

/// Says in the log how the connection fares. A server that stays away is told about once, not at every attempt.
fn log_events(connected: watch::Sender<bool>) -> impl Fn(Event) -> std::future::Ready<()> + Send + Sync {
    let complained = AtomicBool::new(false);
    move |event| {
        match event {
            Event::Connected => {
                complained.store(false, Ordering::Relaxed);
                connected.send_replace(true);
                tracing::info!("connected to NATS");
            }
            Event::Disconnected | Event::Closed => {
                connected.send_replace(false);
                tracing::warn!(%event, "the connection to NATS is lost; trying again");
            }
            Event::ClientError(error) if complained.swap(true, Ordering::Relaxed) => {
                tracing::debug!(%error, "still no connection to NATS");
            }
            Event::ClientError(error) => tracing::warn!(%error, "NATS can't be reached; trying again"),
            Event::ServerError(error) => tracing::error!(%error, "NATS refuses something"),
            Event::SlowConsumer(_) => {
                tracing::warn!("messages of NATS were dropped, as nobody took them; readers go to the log");
            }
            Event::LameDuckMode | Event::Draining => tracing::info!(%event, "a NATS server is going down"),
        }
        std::future::ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_slow_down_to_a_bound() {
        let delays: Vec<_> = [0, 1, 2, 3, 100, usize::MAX].map(retry_delay).into();
        assert_eq!(delays[..4], [50, 50, 100, 200].map(Duration::from_millis));
        assert_eq!(delays[4..], [LAST_RETRY; 2]);
    }
}
