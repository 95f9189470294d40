//! What the roles behind the answers have left to do: settlements, emails, read models. Seen in the database, since no
//! client is told of all of it.

use std::time::{Duration, Instant};

use anyhow::Context;

use super::shop::Shop;

/// Until a backlog is given up, and told as unsettled.
const PATIENCE: Duration = Duration::from_mins(3);

/// Between two looks, each of which is a process and a connection: rare enough not to be the load.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

// In one statement, which is one picture. What is due at a time of its own, such as the end of an unpaid order, is no
// backlog.
const REST: &str = "SELECT head.position <= planner.position AND head.position <= (
        SELECT min(position) FROM views.checkpoints JOIN views.views ON name = view AND views.generation = checkpoints.generation
    ) AND NOT EXISTS (
        SELECT FROM workers.intents WHERE state IN ('pending', 'leased') AND lane <> 'timers'
    ) FROM event_log.log_head AS head, workers.planner AS planner";

/// The position of the newest event.
pub fn head(shop: &Shop) -> anyhow::Result<i64> {
    number(shop, "SELECT position FROM event_log.log_head")
}

/// The orders that were placed after this position.
pub fn orders_after(shop: &Shop, position: i64) -> anyhow::Result<usize> {
    let count = "SELECT count(*) FROM event_log.events WHERE event_type = 'OrderPlaced' AND position";
    Ok(usize::try_from(number(shop, &format!("{count} > {position}"))?)?)
}

/// One whole number.
pub fn number(shop: &Shop, sql: &str) -> anyhow::Result<i64> {
    let answer = shop.sql(sql)?;
    let parsed = answer.trim().parse();
    parsed.with_context(|| format!("PostgreSQL answered {answer:?} to {sql}"))
}

/// Waits until nothing is left to do; how long that took, or none if it takes longer than anybody waits.
pub async fn settle(shop: &Shop) -> anyhow::Result<Option<Duration>> {
    let began_at = Instant::now();
    let mut looks = tokio::time::interval(LOOK_INTERVAL);
    while began_at.elapsed() < PATIENCE {
        looks.tick().await;
        if shop.sql(REST)?.trim() == "t" {
            return Ok(Some(began_at.elapsed()));
        }
    }
    Ok(None)
}
