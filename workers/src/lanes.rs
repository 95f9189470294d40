//! The loops that carry effects out: one per lane, each with a bound on how many run at once.
//!
//! A lane takes what is due under a lease, runs it, and says in the table what became of it. It knows nothing of money
//! or emails; what an effect is, `effects` tells.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::effects::{Effects, Verdict};
use crate::intents::{Claimed, Finish, HeldLease, Intents, IntentsError, LEASE, Lane, RetryPolicy};
use crate::metrics;

/// How a lane runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneSettings {
    pub lane: Lane,
    /// Effects at the same time.
    pub concurrency: usize,
    /// After this an effect is dropped, and whether it worked is unknown.
    pub effect_timeout: Duration,
    pub retry: RetryPolicy,
}

/// Two provider calls of 30 s each (ask, then act), with the commands around them, and as much again in reserve.
const SETTLEMENT_TIMEOUT: Duration = Duration::from_mins(2);
/// An SMTP server may take minutes by RFC 5321; one that takes longer than this is tried again.
const EMAIL_TIMEOUT: Duration = Duration::from_mins(1);
/// An upload fetched, decoded and put in three sizes, behind another one that is being decoded.
const IMAGE_TIMEOUT: Duration = Duration::from_mins(5);
/// One command against the log, or a few blobs that are deleted.
const TIMER_TIMEOUT: Duration = Duration::from_secs(30);
/// One call of 20 s at the most, with the commands around it, and as much again in reserve.
const CHAIN_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a shutdown waits for effects in flight; a supervisor's own patience is 10 s or more. What is cut off here
/// is asked about at the next start.
const DRAIN: Duration = Duration::from_secs(8);
/// How often a lane looks although nobody woke it: for other processes at the same intents.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How long a lane waits for more effects to end after one has: what ends together makes room for one claim together, and
/// so costs one commit. Far below what an effect takes on a network.
const GATHER: Duration = Duration::from_millis(5);
/// The wait after the database failed: it is busy or full, and asking faster won't help.
const TROUBLE_PAUSE: Duration = Duration::from_secs(1);
/// The rhythm of asking about what the provider has accepted and not finished: soon, since most take seconds, and then
/// ever more seldom.
const WAITING: RetryPolicy = RetryPolicy {
    first: Duration::from_secs(1),
    longest: Duration::from_hours(1),
    attempts_max: u32::MAX,
};
/// How long something may stay pending at the provider. Bank debits take up to two weeks.
const PENDING_MAX: TimeDelta = TimeDelta::days(21);

pub(crate) const LANES: [LaneSettings; 5] = [
    LaneSettings {
        lane: Lane::Settlement,
        // Enough to hide the provider's latency, below its rate limit (Stripe: 100 a second).
        concurrency: 16,
        effect_timeout: SETTLEMENT_TIMEOUT,
        // Some eight hours: a provider's worst outage. Money isn't given up early.
        retry: RetryPolicy {
            first: Duration::from_secs(1),
            longest: Duration::from_mins(10),
            attempts_max: 60,
        },
    },
    LaneSettings {
        lane: Lane::Email,
        // What small SMTP servers allow from one client.
        concurrency: 4,
        effect_timeout: EMAIL_TIMEOUT,
        // Some ten hours: greylisting takes minutes, a broken server is mended within a day's work.
        retry: RetryPolicy {
            first: Duration::from_secs(5),
            longest: Duration::from_hours(1),
            attempts_max: 20,
        },
    },
    LaneSettings {
        lane: Lane::Images,
        // One is fetched or put while the other is decoded, of which there is one at a time.
        concurrency: 2,
        effect_timeout: IMAGE_TIMEOUT,
        // Some four hours: only the log and the blob store can fail here.
        retry: RetryPolicy {
            first: Duration::from_secs(1),
            longest: Duration::from_mins(5),
            attempts_max: 60,
        },
    },
    LaneSettings {
        lane: Lane::Timers,
        // As many as fill one batch of the log's writer without crowding out the customers' commands.
        concurrency: 16,
        effect_timeout: TIMER_TIMEOUT,
        // Only the log can fail here; some eight hours.
        retry: RetryPolicy {
            first: Duration::from_secs(1),
            longest: Duration::from_mins(5),
            attempts_max: 100,
        },
    },
    LaneSettings {
        lane: Lane::Chain,
        // The days of a long outage one after the other, without a rush on headquarters.
        concurrency: 2,
        effect_timeout: CHAIN_TIMEOUT,
        // For ever: a day that isn't told is missing. Five minutes after the line is back, all are.
        retry: RetryPolicy {
            first: Duration::from_secs(1),
            longest: Duration::from_mins(5),
            attempts_max: u32::MAX,
        },
    },
];

/// Runs a lane until shutdown, and then until its effects in flight have ended or were cut off.
pub(crate) async fn run(
    settings: LaneSettings,
    intents: Intents,
    effects: Arc<Effects>,
    shutdown: CancellationToken,
) {
    let mut running = JoinSet::new();
    while !shutdown.is_cancelled() {
        let free = settings.concurrency - running.len();
        // Taken before the claim: what becomes due from here on is either claimed or waited for.
        let looked_at = intents.clock().now();
        let taken = match take(&settings, &intents, free).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::error!(lane = settings.lane.as_str(), %error, "no effect can be taken");
                pause(&shutdown).await;
                continue;
            }
        };
        let full = taken.len() == free;
        for claimed in taken {
            let lease = intents.hold(&claimed);
            let effect = carry_out(settings, intents.clone(), Arc::clone(&effects), claimed, lease);
            running.spawn(effect);
        }
        let looked_at = (!full).then_some(looked_at);
        wait(&settings, &intents, &mut running, looked_at, &shutdown).await;
    }
    drain(settings.lane, running).await;
}

async fn take(settings: &LaneSettings, intents: &Intents, free: usize) -> Result<Vec<Claimed>, IntentsError> {
    if free == 0 {
        return Ok(vec![]);
    }
    intents
        .claim(settings.lane, u32::try_from(free).unwrap_or(u32::MAX), LEASE)
        .await
}

/// Until there may be something to take, and room for it. `looked_at` is when everything due was taken; none if there was
/// no room for all of it.
async fn wait(
    settings: &LaneSettings,
    intents: &Intents,
    running: &mut JoinSet<()>,
    looked_at: Option<DateTime<Utc>>,
    shutdown: &CancellationToken,
) {
    let wake = async {
        let Some(looked_at) = looked_at else {
            return std::future::pending().await;
        };
        let next = intents.next_due(settings.lane, looked_at).await.ok().flatten();
        let due = async {
            match next {
                Some(at) => intents.clock().sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = intents.woken(settings.lane) => {}
            () = due => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        Some(ended) = running.join_next() => {
            report_panic(settings.lane, ended);
            // Everything that ended meanwhile makes room for one claim together.
            let gathered = timeout(GATHER, async {
                while let Some(ended) = running.join_next().await {
                    report_panic(settings.lane, ended);
                }
            });
            // Running out is the usual end: the others take longer.
            let _ = gathered.await;
        }
        () = wake => {}
    }
}

async fn drain(lane: Lane, mut running: JoinSet<()>) {
    let ended = timeout(DRAIN, async {
        while let Some(ended) = running.join_next().await {
            report_panic(lane, ended);
        }
    });
    if ended.await.is_err() {
        tracing::warn!(
            lane = lane.as_str(),
            effects = running.len(),
            "effects are cut off by the shutdown"
        );
        running.shutdown().await;
    }
}

fn report_panic(lane: Lane, ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(lane = lane.as_str(), %error, "an effect broke off; it is tried again when its lease ends");
    }
}

async fn pause(shutdown: &CancellationToken) {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = tokio::time::sleep(TROUBLE_PAUSE) => {}
    }
}

async fn carry_out(
    settings: LaneSettings,
    intents: Intents,
    effects: Arc<Effects>,
    claimed: Claimed,
    lease: HeldLease,
) {
    let span = tracing::info_span!(
        "effect",
        otel.name = claimed.effect.kind(),
        kind = claimed.effect.kind(),
        stream = %claimed.effect.stream(),
        intent = %claimed.id,
        correlation_id = %claimed.correlation_id,
        trace_parent = claimed.trace_parent.as_deref(),
    );
    if let Some(trace_parent) = &claimed.trace_parent {
        telemetry::continue_trace(&span, trace_parent);
    }
    async {
        if intents.clock().now() >= claimed.lease_until {
            tracing::warn!("an effect's lease ran out before it was begun");
            return;
        }
        #[cfg(feature = "planted-bugs")]
        platform::planted::lag().await;
        let begun = Instant::now();
        let verdict = if claimed.attempts > settings.retry.attempts_max {
            Verdict::Fail {
                reason: "it was tried too often without coming to an end".to_owned(),
            }
        } else {
            match timeout(settings.effect_timeout, effects.carry_out(&claimed)).await {
                Ok(verdict) => verdict,
                Err(_) => Verdict::Retry {
                    reason: format!("it took longer than {} s", settings.effect_timeout.as_secs()),
                },
            }
        };
        conclude(&settings, &intents, &claimed, verdict, begun.elapsed()).await;
    }
    .instrument(span)
    .await;
    // Until here it was renewed.
    drop(lease);
}

async fn conclude(
    settings: &LaneSettings,
    intents: &Intents,
    claimed: &Claimed,
    verdict: Verdict,
    took: Duration,
) {
    let finish = decide(settings, intents, claimed, verdict);
    let result = match &finish {
        Finish::Done { outcome } => {
            tracing::debug!(outcome, "an effect is done");
            "done"
        }
        Finish::Wait { due_at, .. } => {
            tracing::debug!(%due_at, "an effect isn't over yet");
            "wait"
        }
        Finish::Retry { due_at, reason } => {
            tracing::warn!(reason, attempts = claimed.attempts, %due_at, "an effect failed and is tried again");
            "retry"
        }
        Finish::Park { reason } => {
            tracing::error!(
                reason,
                attempts = claimed.attempts,
                "an effect is parked until it is sent again"
            );
            "parked"
        }
    };
    metrics::effect(settings.lane, result, took);
    match intents.finish(claimed, finish).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!("the effect's lease had run out, and another worker has it"),
        Err(error) => {
            tracing::error!(%error, "what became of an effect can't be kept; its lease will run out");
        }
    }
}

fn decide(settings: &LaneSettings, intents: &Intents, claimed: &Claimed, verdict: Verdict) -> Finish {
    let now = intents.clock().now();
    match verdict {
        Verdict::Done { outcome } => Finish::Done { outcome },
        Verdict::Wait { .. } if now - claimed.planned_at > PENDING_MAX => Finish::Park {
            reason: format!(
                "it has been pending for more than {} days",
                PENDING_MAX.num_days()
            ),
        },
        Verdict::Wait { memo } => Finish::Wait {
            due_at: now + WAITING.wait(claimed.claims),
            memo,
        },
        Verdict::Retry { reason } if claimed.attempts >= settings.retry.attempts_max => {
            Finish::Park { reason }
        }
        Verdict::Retry { reason } => Finish::Retry {
            due_at: now + settings.retry.wait(claimed.attempts),
            reason,
        },
        Verdict::Fail { reason } => Finish::Park { reason },
    }
}
