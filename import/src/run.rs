//! One import from beginning to end: survey the file, then send categories, products, customers and sales,
//! in this order, because each names the ones before.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use events::ids::CategoryId;
use futures::{Stream, stream};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::accounts::{self, Accounts, Refusal};
use crate::categories::{self, Categories};
use crate::client::Client;
use crate::error::ImportError;
use crate::input::{Input, Item, Survey};
use crate::job::{Job, JobResult};
use crate::kind::Kind;
use crate::options::{Dataset, Format, IN_FLIGHT_MAX, ImportOptions};
use crate::progress::Progress;
use crate::records::CategoryPath;
use crate::report::ImportReport;
use crate::sending::{Sending, Work};
use crate::state::State;
use bulk::Rejection;
use bulk::Source;

/// Enough read ahead to keep every request slot busy, and no more in memory.
const READ_AHEAD: usize = 256;

/// Brings a file into the shop.
///
/// Rows that are wrong, or that the server refuses, are counted and listed in the report; an error is what keeps
/// the import from going on at all. What the server has confirmed until then stays, and the next run goes on there.
pub async fn run(options: &ImportOptions, progress: Progress) -> Result<ImportReport, ImportError> {
    let started = Instant::now();
    let in_flight = options.in_flight;
    if !(1..=IN_FLIGHT_MAX).contains(&in_flight) {
        let max = IN_FLIGHT_MAX;
        return Err(ImportError::InFlight { in_flight, max });
    }
    let client = Arc::new(Client::new(&options.target, in_flight)?);
    let input = Arc::new(open(options.dataset, options.format, &options.file, options.currency).await?);
    let surveyed = Arc::clone(&input);
    let survey = Arc::new(spawn_blocking(move || surveyed.survey()).await??);
    let state_path = options.state.resolve(&options.file);
    let state = State::open(state_path.as_deref(), options.dataset, client.server())?;
    check_witness(&client, &state).await?;
    let mut import = Import {
        dataset: options.dataset,
        sending: Sending::new(
            Arc::clone(&client),
            in_flight,
            state,
            options.rejected.as_deref(),
            progress,
        )?,
        client: Arc::clone(&client),
    };
    let sent = import.send_all(input, survey).await;
    // What was confirmed is kept, also if the run has to end here.
    let done = import.sending.finish().await;
    sent?;
    let (rows, records, rejected_by_code) = done?;
    Ok(ImportReport {
        rows,
        records,
        rejected_by_code,
        traffic: client.traffic(),
        elapsed: started.elapsed(),
    })
}

/// Opens a file off the async threads: the standard input may take its time.
pub async fn open(
    dataset: Dataset,
    format: Option<Format>,
    file: &std::path::Path,
    currency: events::money::Currency,
) -> Result<Input, ImportError> {
    let format = format.map_or_else(|| Format::of(file), Ok)?;
    let file = file.to_owned();
    let source = spawn_blocking(move || Source::open(&file)).await??;
    Ok(Input {
        source,
        dataset,
        format,
        currency,
    })
}

/// A state of a shop that has since been emptied would skip everything, so the server is asked for one
/// record that it's said to have.
async fn check_witness(client: &Client, state: &State) -> Result<(), ImportError> {
    let Some((kind, id)) = state.witness() else {
        return Ok(());
    };
    if client.exists(&format!("{}/{id}", kind.path())).await? {
        return Ok(());
    }
    Err(ImportError::StateMismatch {
        file: state.name(),
        reason: format!(
            "it says that the server has the {} {id}, and the server doesn't",
            kind.name()
        ),
    })
}

struct Import {
    dataset: Dataset,
    sending: Sending,
    client: Arc<Client>,
}

impl Import {
    async fn send_all(&mut self, input: Arc<Input>, survey: Arc<Survey>) -> Result<(), ImportError> {
        let categories = self.categories(&survey.categories).await?;
        self.products(&survey).await?;
        let accounts = accounts::register(self.dataset, &self.client, &mut self.sending, &survey).await?;
        self.rows(input, survey, categories, accounts).await
    }

    /// Finds every path of categories, and makes what is missing, from the top down.
    async fn categories(
        &mut self,
        paths: &BTreeSet<CategoryPath>,
    ) -> Result<HashMap<String, CategoryId>, ImportError> {
        let mut found = HashMap::new();
        if paths.is_empty() {
            return Ok(found);
        }
        let mut known = Categories::load(&self.client).await?;
        for path in categories::needed(paths) {
            let parent = path.parent().and_then(|parent| found.get(&parent.key()).copied());
            if path.parent().is_some() && parent.is_none() {
                continue; // the parent was refused, and its products will tell
            }
            let id = match known.find(&path) {
                Some(id) => Some(id),
                None => self.create_category(&mut known, &path, parent).await?,
            };
            found.extend(id.map(|id| (path.key(), id)));
        }
        Ok(found)
    }

    /// By its own slug, or by the whole path's if another branch has that.
    async fn create_category(
        &mut self,
        known: &mut Categories,
        path: &CategoryPath,
        parent: Option<CategoryId>,
    ) -> Result<Option<CategoryId>, ImportError> {
        for slug in [path.slug(), path.long_slug()] {
            let body = categories::body(path, &slug, parent);
            let job = Job::new(self.dataset, Kind::Category, &path.key(), Vec::new(), &body);
            let outcome = job.run(&self.client, &self.sending.confirmed()).await?;
            let id = match outcome.result {
                JobResult::Accepted { id } | JobResult::Unchanged { id } => id.map(CategoryId),
                JobResult::Refused(_) => None,
            };
            let elsewhere = id.is_some_and(|id| !known.may_be_at(id, parent));
            if elsewhere {
                continue;
            }
            self.sending.settle(&outcome).await?;
            if let Some(id) = id {
                known.add(parent, &slug, id);
            }
            return Ok(id);
        }
        Ok(None)
    }

    /// What the sales need and no file lists.
    async fn products(&mut self, survey: &Survey) -> Result<(), ImportError> {
        let dataset = self.dataset;
        let works = survey
            .products
            .iter()
            .map(|product| Work::Send(Job::product(dataset, product, &product.body(None))));
        let works: Vec<Work> = works.collect();
        self.sending
            .send("products", works.len() as u64, stream::iter(works), |_| {})
            .await
    }

    /// Reads the file once more, on a thread of its own, and sends what its rows are.
    async fn rows(
        &mut self,
        input: Arc<Input>,
        survey: Arc<Survey>,
        categories: HashMap<String, CategoryId>,
        accounts: Accounts,
    ) -> Result<(), ImportError> {
        let total = survey.rows;
        let (sender, receiver) = mpsc::channel(READ_AHEAD);
        let reader = spawn_blocking(move || {
            let mut sink = |item: Item| match sender.blocking_send(item) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            input.read(&survey, &mut sink)
        });
        let dataset = self.dataset;
        let works = received(receiver);
        let works = futures::StreamExt::map(works, move |item| work(dataset, item, &categories, &accounts));
        self.sending.send("rows", total, works, |_| {}).await?;
        reader.await?
    }
}

fn received(mut receiver: mpsc::Receiver<Item>) -> impl Stream<Item = Item> {
    stream::poll_fn(move |context| receiver.poll_recv(context))
}

fn work(dataset: Dataset, item: Item, categories: &HashMap<String, CategoryId>, accounts: &Accounts) -> Work {
    match item {
        Item::Rejected(rejection) => Work::Reject(vec![rejection]),
        Item::Product(product) => {
            let category = match &product.category {
                None => None,
                Some(path) => match categories.get(&path.key()) {
                    Some(id) => Some(*id),
                    None => return reject_category(&product.rows, &path.key()),
                },
            };
            Work::Send(Job::product(dataset, &product, &product.body(category)))
        }
        Item::Sale(sale) => match accounts.of(&sale) {
            Ok(customer) => Work::Send(Job::sale(dataset, &sale, customer)),
            Err((username, refusal)) => {
                let rows = sale.lines.iter().map(|line| line.row);
                Work::Reject(rejections(rows, "customer", &username, &refusal))
            }
        },
    }
}

fn reject_category(rows: &[u64], path: &str) -> Work {
    let refusal = Refusal {
        code: "category_refused".to_owned(),
        reason: "the category isn't there and can't be made".to_owned(),
    };
    Work::Reject(rejections(rows.iter().copied(), "category", path, &refusal))
}

fn rejections(
    rows: impl Iterator<Item = u64>,
    field: &str,
    value: &str,
    refusal: &Refusal,
) -> Vec<Rejection> {
    rows.map(|row| Rejection::new(row, field, value, refusal.code.clone(), &refusal.reason))
        .collect()
}
