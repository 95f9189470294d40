//! The gateway against the running payment sandbox, over real HTTP: every outcome, and what a look-up makes of it.

mod broken_providers;
mod charges;
mod payouts;
mod refunds;
mod webhooks;

use std::path::PathBuf;
use std::time::Duration;

use events::money::{Currency, Money};
use payment_sandbox::{Sandbox, SandboxSettings, start};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::gateway::{
    ChargeOutcome, ChargeRequest, Lookup, Outcome, PaymentGateway, StripeGateway, StripeSettings,
};

const SECRET_KEY: &str = "sk_test_gateway";
/// Nothing in a test takes this long unless it never comes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A sandbox with its own file, and a gateway that pays there.
struct Provider {
    gateway: PaymentGateway,
    sandbox: Sandbox,
    shutdown: CancellationToken,
    directory: TempDir,
}

async fn provider() -> Provider {
    provider_with(|_| {}).await
}

async fn provider_with(change: impl FnOnce(&mut SandboxSettings)) -> Provider {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = SandboxSettings {
        database: database(&directory),
        listen: "127.0.0.1:0".parse().unwrap(),
        secret_key: SECRET_KEY.to_owned(),
        webhook: None,
        // An hour: what hangs is never answered within a test.
        hang: Duration::from_hours(1),
        processing_delay: Duration::from_millis(50),
    };
    change(&mut settings);
    let shutdown = CancellationToken::new();
    let sandbox = start(settings, shutdown.clone()).await.unwrap();
    let gateway = gateway(&sandbox.base_url, PATIENCE);
    Provider {
        gateway,
        sandbox,
        shutdown,
        directory,
    }
}

fn database(directory: &TempDir) -> PathBuf {
    directory.path().join("sandbox.sqlite")
}

fn gateway(base_url: &str, request_timeout: Duration) -> PaymentGateway {
    gateway_with_key(base_url, SECRET_KEY, request_timeout)
}

fn gateway_with_key(base_url: &str, secret_key: &str, request_timeout: Duration) -> PaymentGateway {
    let settings = StripeSettings {
        base_url: base_url.to_owned(),
        secret_key: secret_key.to_owned(),
        request_timeout,
    };
    PaymentGateway::Stripe(StripeGateway::new(settings).unwrap())
}

impl Provider {
    /// A gateway to the same provider that gives up early, though not before a busy machine has booked the request.
    fn impatient(&self) -> PaymentGateway {
        gateway(&self.sandbox.base_url, Duration::from_secs(2))
    }

    async fn look_up(&self, request: &ChargeRequest) -> Lookup {
        self.gateway
            .look_up_charge(request.attempt_id, request.payment_id, None)
            .await
    }

    async fn charges(&self) -> usize {
        self.sandbox.charges().await.unwrap().len()
    }

    /// Stops the sandbox; `charges` is how many there should be in its closed books.
    async fn stop_with_charges(self, charges: usize) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.sandbox.join())
            .await
            .expect("the sandbox stops")
            .unwrap();
        let books = payment_sandbox::audit(&database(&self.directory)).await.unwrap();
        assert_eq!(books.len(), charges);
        assert!(
            payment_sandbox::charges_per_attempt(&books)
                .values()
                .all(|&count| count == 1)
        );
    }
}

fn pounds(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::GBP)
}

fn charge(method: &str) -> ChargeRequest {
    ChargeRequest {
        attempt_id: Uuid::now_v7(),
        payment_id: Uuid::now_v7(),
        amount: pounds(1250),
        method: method.to_owned(),
        description: "Order 1".to_owned(),
    }
}

#[track_caller]
fn reference(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Settled { provider_reference } | Outcome::Pending { provider_reference } => {
            provider_reference
        }
        other => panic!("no reference in {other:?}"),
    }
}

#[track_caller]
fn assert_unknown(outcome: &ChargeOutcome, reason_part: &str) {
    assert!(
        matches!(outcome, Outcome::Unknown { reason } if reason.contains(reason_part)),
        "{outcome:?}"
    );
}

#[track_caller]
fn assert_refused(outcome: &ChargeOutcome, expected: &str) {
    assert!(
        matches!(outcome, Outcome::Refused { code, .. } if code == expected),
        "{outcome:?}"
    );
}

#[track_caller]
fn assert_declined(outcome: &ChargeOutcome, expected: &str) {
    assert!(
        matches!(outcome, Outcome::Declined { code, .. } if code == expected),
        "{outcome:?}"
    );
}

fn settled(outcome: &Outcome) -> Lookup {
    Lookup::Settled {
        provider_reference: reference(outcome).to_owned(),
    }
}

/// Asks until the answer is no longer `Pending`.
async fn once_settled<F: Future<Output = Lookup>>(ask: impl Fn() -> F) -> Lookup {
    let asking = async {
        loop {
            match ask().await {
                Lookup::Pending { .. } => {}
                answer => return answer,
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("it settles")
}
