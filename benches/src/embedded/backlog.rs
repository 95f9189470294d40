//! What the shop does in the background after it has answered: settlements, emails, read models.
//!
//! It is watched in its databases, read only, since no client is told of all of it.

use std::time::{Duration, Instant};

use anyhow::Context;
use hyper::{StatusCode, Uri};
use rusqlite::Connection as Database;

use super::order_rows::open_read_only;
use super::shop::Shop;
use crate::connection::{Connection, ConnectionError};
use crate::work;

/// Until a backlog is given up, and told as unsettled.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks: far below what is to be measured.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

// What is due at a time of its own, such as the end of an unpaid order, is no backlog.
const OPEN_INTENTS: &str =
    "SELECT count(*) FROM intents WHERE state IN ('pending', 'leased') AND lane <> 'timers'";

pub struct Backlog<'a> {
    shop: &'a Shop,
    log: Database,
    work: Database,
    any_query: Uri,
}

impl<'a> Backlog<'a> {
    pub fn of(shop: &'a Shop) -> anyhow::Result<Self> {
        let (log, work) = (open_read_only(&shop.log())?, open_read_only(&shop.work())?);
        Ok(Self {
            shop,
            log,
            work,
            any_query: Uri::from_static("/api/products?limit=1"),
        })
    }

    /// The position of the newest event.
    pub fn head(&self) -> anyhow::Result<i64> {
        self.log
            .query_row("SELECT position FROM log_head", [], |row| row.get(0))
            .context("the log has no head")
    }

    /// The orders that were placed after this position.
    pub fn orders_after(&self, position: i64) -> anyhow::Result<usize> {
        let count = "SELECT count(*) FROM events WHERE position > ?1 AND event_type = 'OrderPlaced'";
        let orders: i64 = self.log.query_row(count, [position], |row| row.get(0))?;
        Ok(usize::try_from(orders)?)
    }

    /// Waits until nothing is left to do; how long that took, or none if it takes longer than anybody waits.
    pub async fn settle(&self) -> anyhow::Result<Option<Duration>> {
        let began_at = Instant::now();
        let mut looks = tokio::time::interval(LOOK_INTERVAL);
        while began_at.elapsed() < PATIENCE {
            looks.tick().await;
            let head = self.head()?;
            if self.is_worked_off(head)? && self.is_readable(head).await? && self.head()? == head {
                return Ok(Some(began_at.elapsed()));
            }
        }
        Ok(None)
    }

    /// Whether the workers have seen the log up to this position, and done what follows.
    fn is_worked_off(&self, head: i64) -> anyhow::Result<bool> {
        let open: i64 = self.work.query_row(OPEN_INTENTS, [], |row| row.get(0))?;
        let planned: i64 = self
            .work
            .query_row("SELECT position FROM planner", [], |row| row.get(0))?;
        Ok(open == 0 && planned >= head)
    }

    async fn is_readable(&self, position: i64) -> anyhow::Result<bool> {
        let mut request = work::get(self.any_query.clone());
        request
            .headers_mut()
            .insert("tillstream-min-position", position.into());
        match Connection::open(&self.shop.url)
            .await?
            .send(request, StatusCode::OK)
            .await
        {
            Ok(_) => Ok(true),
            Err(ConnectionError::Status {
                status: StatusCode::SERVICE_UNAVAILABLE,
                ..
            }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
