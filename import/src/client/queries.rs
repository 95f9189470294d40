//! Asking the query API.

use std::collections::{HashMap, HashSet};

use events::ids::AccountId;
use reqwest::Method;
use serde_json::Value;

use super::{Answer, Client};
use crate::error::ImportError;

/// The largest page that the API gives.
pub const PAGE_LIMIT: u32 = 100;

const MIN_POSITION: &str = "tillstream-min-position";

impl Client {
    /// Asks a query; anything but success ends the run.
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, ImportError> {
        match self.query(path, query).await? {
            Answer::Done { body, .. } => Ok(body),
            Answer::Refused(problem) => Err(problem.into_error(format!("GET {path}"))),
        }
    }

    /// Whether there's something at a path.
    pub async fn exists(&self, path: &str) -> Result<bool, ImportError> {
        match self.query(path, &[]).await? {
            Answer::Done { .. } => Ok(true),
            Answer::Refused(problem) if problem.status == 404 => Ok(false),
            Answer::Refused(problem) => Err(problem.into_error(format!("GET {path}"))),
        }
    }

    /// The accounts of these usernames, if the server shows this caller who is registered.
    pub async fn find_accounts(
        &self,
        mut usernames: HashSet<String>,
    ) -> Result<HashMap<String, AccountId>, ImportError> {
        let mut found = HashMap::new();
        let mut cursor: Option<String> = None;
        while !usernames.is_empty() {
            let mut query = vec![("limit", PAGE_LIMIT.to_string())];
            query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
            let page = match self.query("/api/users", &query).await {
                Ok(Answer::Done { body, .. }) => body,
                Ok(Answer::Refused(_)) | Err(ImportError::Refused { status: 403, .. }) => break,
                Err(error) => return Err(error),
            };
            for user in page["items"].as_array().into_iter().flatten() {
                let username = user["username"].as_str().and_then(|name| usernames.take(name));
                let id = user["id"].as_str().and_then(|id| id.parse().ok());
                found.extend(username.zip(id));
            }
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// What is answered reflects everything that this client was answered before, its login (and so whatever was in the
    /// log by then) included.
    async fn query(&self, path: &str, query: &[(&str, String)]) -> Result<Answer, ImportError> {
        let request = |token: &str| {
            self.request(Method::GET, path)
                .bearer_auth(token)
                .header(MIN_POSITION, self.position())
                .query(query)
        };
        self.authorized(&format!("GET {path}"), request).await
    }
}
