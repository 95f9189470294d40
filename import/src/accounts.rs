//! The customers that a file's sales name: registered without a password, or found if they're there already. They
//! claim their account later, by email.

use std::collections::HashMap;

use events::ids::AccountId;
use futures::stream;

use crate::client::Client;
use crate::error::ImportError;
use crate::input::Survey;
use crate::job::{Job, JobResult, Outcome};
use crate::options::Dataset;
use crate::records::{Customer, Sale, SaleCustomer};
use crate::sending::{Sending, Work};

/// Why rows can't be sent for something that isn't in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: String,
    pub reason: String,
}

/// The account of every username, or why it has none.
#[derive(Debug, Default)]
pub struct Accounts(HashMap<String, Result<AccountId, Refusal>>);

/// Registers every customer whom the survey found.
pub async fn register(
    dataset: Dataset,
    client: &Client,
    sending: &mut Sending,
    survey: &Survey,
) -> Result<Accounts, ImportError> {
    let mut accounts = Accounts::default();
    let mut unknown = Vec::new();
    let customer = |(username, email): (&String, &Option<String>)| Customer {
        username: username.clone(),
        email: email.clone(),
    };
    let works: Vec<Work> = survey
        .customers
        .iter()
        .map(customer)
        .map(|customer| Work::Send(Job::customer(dataset, &customer)))
        .collect();
    let note = |outcome: &Outcome| {
        let username = outcome.job.label.clone();
        match &outcome.result {
            JobResult::Accepted { id: Some(id) } | JobResult::Unchanged { id: Some(id) } => {
                accounts.0.insert(username, Ok(AccountId(*id)));
            }
            JobResult::Accepted { id: None } | JobResult::Unchanged { id: None } => unknown.push(username),
            JobResult::Refused(problem) => {
                let (code, cause) = problem.cause();
                let refusal = Refusal {
                    code: code.clone(),
                    reason: format!("the customer can't be registered: {cause}"),
                };
                accounts.0.insert(username, Err(refusal));
            }
        }
    };
    let total = works.len() as u64;
    sending
        .send("customers", total, stream::iter(works), note)
        .await?;
    let found = client.find_accounts(unknown.iter().cloned().collect()).await?;
    for username in unknown {
        let account = found.get(&username).copied().ok_or_else(|| {
            unresolved("the username is taken, and the server doesn't show this caller by which account")
        });
        accounts.0.insert(username, account);
    }
    Ok(accounts)
}

fn unresolved(reason: &str) -> Refusal {
    Refusal {
        code: "customer_unresolved".to_owned(),
        reason: reason.to_owned(),
    }
}

impl Accounts {
    /// Whose sale it is; or the username that has no account, and why.
    pub fn of(&self, sale: &Sale) -> Result<Option<AccountId>, (String, Refusal)> {
        let username = match &sale.customer {
            None => return Ok(None),
            Some(SaleCustomer::Account(account)) => return Ok(Some(*account)),
            Some(SaleCustomer::Username(username)) => username,
        };
        match self.0.get(username) {
            Some(Ok(account)) => Ok(Some(*account)),
            Some(Err(refusal)) => Err((username.clone(), refusal.clone())),
            None => Err((username.clone(), unresolved("the file changed while it was read"))),
        }
    }
}
