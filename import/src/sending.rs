//! Sends records, several at a time, and keeps the books on what came of each: the tallies, the rejected
//! rows, and the state that the next run goes on from.

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use futures::{Stream, StreamExt};

use crate::client::Client;
use crate::error::ImportError;
use crate::job::{Job, JobResult, Outcome};
use crate::kind::Kind;
use crate::progress::Progress;
use crate::rejection::{CodeSummary, Rejections};
use crate::report::Tally;
use crate::state::{Confirmed, State};
use bulk::Rejection;

/// What to do with one part of the file.
#[derive(Debug)]
pub enum Work {
    Send(Job),
    /// Rows that can't be sent.
    Reject(Vec<Rejection>),
}

enum Done {
    Sent(Outcome),
    Rejected(Vec<Rejection>),
}

/// The books when all is sent: the file's rows, the records of each kind, and the rejections.
pub type Books = (Tally, BTreeMap<Kind, Tally>, BTreeMap<String, CodeSummary>);

/// See the module.
pub struct Sending {
    client: Arc<Client>,
    in_flight: usize,
    state: State,
    rejections: Rejections,
    progress: Progress,
    rows: Tally,
    records: BTreeMap<Kind, Tally>,
}

impl Sending {
    pub fn new(
        client: Arc<Client>,
        in_flight: usize,
        state: State,
        rejected: Option<&Path>,
        progress: Progress,
    ) -> Result<Self, ImportError> {
        Ok(Self {
            client,
            in_flight,
            state,
            rejections: Rejections::open(rejected)?,
            progress,
            rows: Tally::default(),
            records: BTreeMap::new(),
        })
    }

    /// What the server had confirmed before this run.
    pub fn confirmed(&self) -> Confirmed {
        self.state.confirmed()
    }

    /// One phase: sends all of it, and tells each outcome.
    pub async fn send(
        &mut self,
        name: &'static str,
        total: u64,
        works: impl Stream<Item = Work>,
        mut tell: impl FnMut(&Outcome),
    ) -> Result<(), ImportError> {
        if total == 0 {
            return Ok(());
        }
        let mut phase = self.progress.phase(name, total);
        let (client, confirmed) = (Arc::clone(&self.client), self.confirmed());
        let running = works
            .map(|work| done(work, &client, &confirmed))
            .buffer_unordered(self.in_flight);
        let mut running = pin!(running);
        while let Some(done) = running.next().await {
            let steps = match done? {
                Done::Sent(outcome) => {
                    self.settle(&outcome).await?;
                    tell(&outcome);
                    outcome.job.rows.len().max(1)
                }
                Done::Rejected(rejections) => {
                    let rows = rejections.len();
                    self.reject(rejections)?;
                    rows
                }
            };
            phase.advance(steps as u64);
        }
        phase.finish();
        Ok(())
    }

    /// Enters one outcome in the books.
    pub async fn settle(&mut self, outcome: &Outcome) -> Result<(), ImportError> {
        let Outcome { job, result } = outcome;
        let rows = job.rows.len() as u64;
        let tally = self.records.entry(job.kind).or_default();
        let id = match result {
            JobResult::Accepted { id } => {
                tally.accepted += 1;
                self.rows.accepted += rows;
                *id
            }
            JobResult::Unchanged { id } => {
                tally.unchanged += 1;
                self.rows.unchanged += rows;
                *id
            }
            JobResult::Refused(problem) => {
                tally.rejected += 1;
                return self.reject(job.refused(problem));
            }
        };
        // Without its id a customer would have to be asked for again.
        let is_new = !self.state.confirmed().contains_key(&job.key());
        if is_new && (id.is_some() || job.kind != Kind::Customer) {
            self.state.confirm(job.key(), job.kind, id).await?;
        }
        Ok(())
    }

    fn reject(&mut self, rejections: Vec<Rejection>) -> Result<(), ImportError> {
        // Row 0 is no row of the file: something that was drawn from many.
        let rows = rejections.iter().filter(|rejection| rejection.row > 0).count();
        self.rows.rejected += rows as u64;
        rejections
            .into_iter()
            .try_for_each(|rejection| self.rejections.add(rejection))
    }

    /// Writes out the state and the rejected rows.
    pub async fn finish(self) -> Result<Books, ImportError> {
        self.state.finish().await?;
        Ok((self.rows, self.records, self.rejections.finish()?))
    }
}

async fn done(work: Work, client: &Client, confirmed: &Confirmed) -> Result<Done, ImportError> {
    match work {
        Work::Send(job) => job.run(client, confirmed).await.map(Done::Sent),
        Work::Reject(rejections) => Ok(Done::Rejected(rejections)),
    }
}
