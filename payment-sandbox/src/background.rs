//! What happens without a request: late settlements and the delivery of events, each in a loop that sleeps until the
//! next one is due or the books change. The state is in the books, so that a restart goes on where the last run ended.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::error::{SandboxError, StoreError};
use crate::operations::settle_due;
use crate::server::Server;
use crate::settings::WebhookTarget;
use crate::store::objects;
use crate::store::outbox::{self, Pending};
use crate::webhooks::signature;

/// An endpoint that takes longer has failed to take the event.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);
/// Events sent between two looks at the target and the shutdown.
const DELIVERY_BATCH: i64 = 32;
/// The pause after the first failed delivery; each further one doubles it.
const FIRST_RETRY: Duration = Duration::from_millis(200);
/// The pauses grow no further than this.
const LAST_RETRY: Duration = Duration::from_mins(10);
/// With the pauses above, an endpoint may be down for some eight hours before an event is given up.
const MAX_ATTEMPTS: i64 = 60;
/// With nothing to do: only a change of the books can bring work, this is the net beneath it.
const IDLE: Duration = Duration::from_mins(1);
/// After an error of the database.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(1);

/// The client that posts events: straight to the target, following no redirect.
pub(crate) fn client() -> Result<reqwest::Client, SandboxError> {
    reqwest::Client::builder()
        .timeout(DELIVERY_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(SandboxError::Client)
}

/// Settles payments and payouts when their time has come, until the shutdown.
pub(crate) async fn settle_late(server: Arc<Server>) {
    let mut changed = server.wake.subscribe();
    while !server.shutdown.is_cancelled() {
        changed.mark_unchanged();
        let pause = settle_all_due(&server)
            .await
            .unwrap_or_else(|error| log_store_error(&error));
        wait(&server, &mut changed, pause).await;
    }
}

/// Settles all that is due and returns how long the next one takes.
async fn settle_all_due(server: &Server) -> Result<Duration, StoreError> {
    loop {
        let now = Utc::now();
        let mut reader = server.store.readers().acquire().await?;
        let Some(due_ms) = objects::earliest_due_ms(&mut reader).await? else {
            return Ok(IDLE);
        };
        if due_ms > now.timestamp_millis() {
            return Ok(until(due_ms, now));
        }
        drop(reader);
        let mut books = server.store.begin().await?;
        let settled = settle_due(&mut books, now).await?;
        books.commit().await?;
        if !settled {
            // Due, but of a type that never settles: the books are wrong, and looking again at once won't help.
            tracing::error!("the payment sandbox holds an object that is due but cannot settle");
            return Ok(IDLE);
        }
        server.wake.send_replace(());
    }
}

/// Posts events to the target until the shutdown.
pub(crate) async fn deliver_events(server: Arc<Server>, client: reqwest::Client) {
    let mut changed = server.wake.subscribe();
    while !server.shutdown.is_cancelled() {
        changed.mark_unchanged();
        let target = server.webhook.borrow().clone();
        let pause = match target {
            None => IDLE,
            Some(target) => deliver_batch(&server, &client, &target)
                .await
                .unwrap_or_else(|error| log_store_error(&error)),
        };
        wait(&server, &mut changed, pause).await;
    }
}

/// Sends what is due, one after the other, and returns how long the next one takes.
async fn deliver_batch(
    server: &Server,
    client: &reqwest::Client,
    target: &WebhookTarget,
) -> Result<Duration, StoreError> {
    let now = Utc::now();
    let mut reader = server.store.readers().acquire().await?;
    let batch = outbox::due(&mut reader, now, DELIVERY_BATCH).await?;
    drop(reader);
    let mut results = Vec::with_capacity(batch.len());
    for event in batch {
        tokio::select! {
            delivered = deliver(client, target, &event) => results.push((event, delivered)),
            () = server.shutdown.cancelled() => break,
        }
    }
    if !results.is_empty() {
        note(server, &results).await?;
    }
    let mut reader = server.store.readers().acquire().await?;
    let next = outbox::earliest_due_ms(&mut reader).await?;
    Ok(next.map_or(IDLE, |due_ms| until(due_ms, Utc::now())))
}

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error("the endpoint could not be reached")]
    Unreachable(#[from] reqwest::Error),
    #[error("the endpoint answered {0}")]
    Refused(u16),
}

async fn deliver(
    client: &reqwest::Client,
    target: &WebhookTarget,
    event: &Pending,
) -> Result<(), DeliveryError> {
    let response = client
        .post(&target.url)
        .header("Content-Type", "application/json; charset=utf-8")
        .header(
            "Stripe-Signature",
            signature(&event.payload, &target.secret, Utc::now()),
        )
        .body(event.payload.clone())
        .send()
        .await?;
    if response.status().is_success() {
        Ok(())
    } else {
        Err(DeliveryError::Refused(response.status().as_u16()))
    }
}

/// Writes down, in one transaction, how the deliveries went.
async fn note(server: &Server, results: &[(Pending, Result<(), DeliveryError>)]) -> Result<(), StoreError> {
    let mut books = server.store.begin().await?;
    for (event, result) in results {
        let attempts = event.attempts + 1;
        match result {
            Ok(()) => outbox::mark_delivered(&mut books, &event.id).await?,
            Err(error) if attempts >= MAX_ATTEMPTS => {
                tracing::warn!(event.id, event.kind, attempts, %error, "webhook event given up");
                outbox::give_up(&mut books, &event.id).await?;
            }
            Err(error) => {
                tracing::debug!(event.id, event.kind, attempts, %error, "webhook event not taken, trying again");
                outbox::retry_at(&mut books, &event.id, Utc::now() + backoff(attempts)).await?;
            }
        }
    }
    books.commit().await?;
    Ok(())
}

/// The pause after this many failed attempts.
fn backoff(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    FIRST_RETRY.saturating_mul(1 << doublings).min(LAST_RETRY)
}

fn until(due_ms: i64, now: DateTime<Utc>) -> Duration {
    let left = due_ms.saturating_sub(now.timestamp_millis());
    Duration::from_millis(u64::try_from(left).unwrap_or(0))
}

fn log_store_error(error: &StoreError) -> Duration {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "the payment sandbox cannot use its books"
    );
    PAUSE_AFTER_ERROR
}

async fn wait(server: &Server, changed: &mut watch::Receiver<()>, pause: Duration) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        _ = changed.changed() => {}
        () = server.shutdown.cancelled() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound() {
        assert_eq!(backoff(1), Duration::from_millis(200));
        assert_eq!(backoff(2), Duration::from_millis(400));
        assert_eq!(backoff(12), Duration::from_millis(409_600));
        assert_eq!(backoff(MAX_ATTEMPTS), LAST_RETRY);
    }
}
