//! Reads the log and writes down what it asks of the outside world.
//!
//! The checkpoint is the planner's own and moves together with the intents, so a restart plans nothing twice, and no
//! rebuild of a view comes near it. An event that can't be read is parked as an intent of its own: it holds up the later
//! effects of its stream, and everything else goes on.
//!
//! What an event asks for, `plan` decides; carrying it out is the lanes'.

mod images;
mod plan;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use cqrs_es::Aggregate;
use domain::order::Order;
use events::Event;
use events::envelope::{Position, RecordedEvent, StreamId};
use events::ids::OrderId;
use events::order::OrderEvent;
use platform::event_log::{EventLog, ReadError};
use platform::feed::Feed;
use tokio_util::sync::CancellationToken;

use crate::effects::{Shop, Verdict};
use crate::intents::{Effect, Intents, IntentsError, NewIntent, SettledCharge};

use plan::plan;

/// Events per step: enough to share a commit among many, few enough that it stays short.
const BATCH: usize = 500;
/// The wait after a step that took all there was. Under load the next one then takes what came meanwhile, in one commit,
/// where the steps would otherwise be as small as the log's own batches.
const STEP_PAUSE: Duration = Duration::from_millis(10);
/// The wait after a failure of the log or of the intents.
const TROUBLE_PAUSE: Duration = Duration::from_secs(1);

/// Why a step of the planner failed.
#[derive(Debug, thiserror::Error)]
enum PlannerError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Intents(#[from] IntentsError),
    #[error("the feed skips from position {after} to {found}")]
    Hole { after: Position, found: Position },
}

/// Plans until shutdown.
pub(crate) async fn run(feed: Feed, log: EventLog, intents: Intents, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match follow(&feed, &log, &intents, &shutdown).await {
            Ok(()) => return,
            Err(PlannerError::Intents(IntentsError::Moved { expected })) => {
                tracing::debug!(expected, "another planner was faster");
            }
            Err(error) => {
                tracing::error!(%error, "the planner can't go on and tries again");
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = tokio::time::sleep(TROUBLE_PAUSE) => {}
                }
            }
        }
    }
}

async fn follow(
    feed: &Feed,
    log: &EventLog,
    intents: &Intents,
    shutdown: &CancellationToken,
) -> Result<(), PlannerError> {
    let mut position = intents.checkpoint().await?;
    while let Some(batch) = feed.next_batch(position, BATCH, shutdown).await? {
        let mut to = position;
        for event in &batch {
            if event.position != to + 1 {
                return Err(PlannerError::Hole {
                    after: to,
                    found: event.position,
                });
            }
            to = event.position;
        }
        let (new, settled) = plan_batch(log, &batch).await?;
        intents.plan((position, to), &new, &settled).await?;
        position = to;
        if batch.len() < BATCH {
            tokio::time::sleep(STEP_PAUSE).await;
        }
    }
    Ok(())
}

async fn plan_batch(
    log: &EventLog,
    batch: &[RecordedEvent],
) -> Result<(Vec<NewIntent>, Vec<SettledCharge>), ReadError> {
    let decoded: Vec<_> = batch
        .iter()
        .filter(|event| plan::concerns_us(&event.event_type))
        .map(|event| (event, Event::decode(event)))
        .collect();
    let historical =
        historical_orders(log, decoded.iter().filter_map(|(_, event)| event.as_ref().ok())).await?;
    let (mut new, mut settled) = (vec![], vec![]);
    for (recorded, event) in &decoded {
        match event {
            Ok(event) => {
                let planned = plan(event, recorded, &historical);
                new.extend(planned.intents);
                settled.extend(planned.settled);
            }
            Err(error) => new.push(unreadable(recorded, error)),
        }
    }
    Ok((new, settled))
}

/// Which of the orders that these events are about are sales of the past. Nearly all stand in the batch themselves; the
/// others are read from the log.
async fn historical_orders(
    log: &EventLog,
    events: impl Iterator<Item = &Event>,
) -> Result<HashSet<OrderId>, ReadError> {
    let mut known = HashMap::new();
    let mut unknown = HashSet::new();
    for event in events {
        match event {
            Event::Order(OrderEvent::OrderPlaced(placed)) => {
                known.insert(placed.order_id, placed.historical);
            }
            Event::Order(OrderEvent::OrderShipped(shipped)) => {
                unknown.insert(shipped.order_id);
            }
            Event::Order(OrderEvent::OrderCancelled(cancelled)) => {
                unknown.insert(cancelled.order_id);
            }
            _ => {}
        }
    }
    let streams: Vec<_> = unknown
        .into_iter()
        .filter(|order_id| !known.contains_key(order_id))
        .map(|order_id| StreamId::new(Order::TYPE, order_id))
        .collect();
    if !streams.is_empty() {
        for recorded in log.read_streams(&streams).await? {
            // One that can't be read is parked as itself, and its email finds that out.
            if let Ok(Event::Order(OrderEvent::OrderPlaced(placed))) = Event::decode(&recorded) {
                known.insert(placed.order_id, placed.historical);
            }
        }
    }
    Ok(known
        .into_iter()
        .filter(|(_, historical)| *historical)
        .map(|(order_id, _)| order_id)
        .collect())
}

fn unreadable(recorded: &RecordedEvent, error: &events::DecodeError) -> NewIntent {
    tracing::error!(position = recorded.position, %error, "an event can't be planned and is parked");
    NewIntent {
        effect: Effect::Unreadable {
            lane: plan::lane_of(&recorded.event_type),
            stream: recorded.stream.clone(),
            position: recorded.position,
        },
        event_id: recorded.meta.event_id,
        position: recorded.position,
        correlation_id: recorded.meta.correlation_id,
        trace_parent: recorded.meta.trace_parent.clone(),
        due_at: None,
        parked: Some(error.to_string()),
    }
}

/// Plans an event that couldn't be read before; somebody has sent it again, perhaps with a newer program.
pub(crate) async fn plan_again(
    shop: &Shop,
    intents: &Intents,
    position: Position,
) -> Result<Verdict, Verdict> {
    let log = shop.executor.log();
    let batch = log.read(position - 1, 1).await?;
    let (new, settled) = plan_batch(log, &batch).await?;
    if let Some(parked) = new.iter().find_map(|intent| intent.parked.clone()) {
        return Err(Verdict::Fail { reason: parked });
    }
    intents
        .add(&new, &settled)
        .await
        .map_err(|error| Verdict::Retry {
            reason: error.to_string(),
        })?;
    Ok(Verdict::done(format!(
        "it can be read now, and asks for {} effects",
        new.len()
    )))
}
