//! The limit of a query: a bare axum handler that answers bytes which it has ready, in a process of its own.
//!
//! An answer has the body of the shop's and a head of the same size. Nothing is looked up, checked, logged or
//! guarded; there is not even a middleware.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use clap::Args;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE};
use hyper::http::{HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::connection::{Answer, Connection};
use crate::endpoint::Endpoint;
use crate::process::{Process, end_with_starter};
use crate::work;

/// Stands for all headers of the shop's that a bare handler doesn't have.
const PADDING: HeaderName = HeaderName::from_static("x-padding");

/// Of a header line beside its name and value: the colon, the space and the end of the line.
const HEADER_LINE_BYTES: usize = 4;

#[derive(Args)]
pub struct LimitHttp {
    /// What to answer: a JSON object of routes and their answers.
    #[arg(long)]
    answers: PathBuf,
}

/// An answer that is always the same.
#[derive(Serialize, Deserialize)]
pub struct FixedAnswer {
    content_type: String,
    /// Bytes of a header's value that make the head as large as the shop's; none if there is nothing to fill.
    padding: Option<usize>,
    body: String,
}

impl FixedAnswer {
    /// The same bytes as the shop's answer, as far as a client has to read them.
    pub fn like(answer: &Answer) -> anyhow::Result<Self> {
        let content_type = answer
            .headers
            .get(CONTENT_TYPE)
            .context("an answer without a content type")?;
        // axum and hyper write these themselves, and the handler the content type.
        let mut others = answer.headers.clone();
        for name in [CONTENT_TYPE, CONTENT_LENGTH, DATE] {
            others.remove(name);
        }
        Ok(Self {
            content_type: content_type.to_str()?.to_owned(),
            padding: head_bytes(&others).checked_sub(PADDING.as_str().len() + HEADER_LINE_BYTES),
            body: String::from_utf8(answer.body.to_vec())?,
        })
    }

    fn into_response(self) -> anyhow::Result<impl Fn() -> Response + Clone> {
        let content_type = HeaderValue::from_str(&self.content_type)?;
        let padding = self
            .padding
            .map(|length| HeaderValue::from_str(&"x".repeat(length)))
            .transpose()?;
        let body = Bytes::from(self.body);
        Ok(move || {
            let mut response = Response::new(Body::from(body.clone()));
            response.headers_mut().insert(CONTENT_TYPE, content_type.clone());
            if let Some(padding) = &padding {
                response.headers_mut().insert(PADDING, padding.clone());
            }
            response
        })
    }
}

/// What the headers take on the wire.
fn head_bytes(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + HEADER_LINE_BYTES)
        .sum()
}

impl LimitHttp {
    /// Serves until its starter goes away.
    pub async fn run(self) -> anyhow::Result<()> {
        end_with_starter();
        let answers = fs::read(&self.answers).with_context(|| format!("no {}", self.answers.display()))?;
        let answers: HashMap<String, FixedAnswer> = serde_json::from_slice(&answers)?;
        let mut routes = Router::new();
        for (route, answer) in answers {
            let respond = answer.into_response()?;
            routes = routes.route(&route, get(async move || respond()));
        }
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        Ok(axum::serve(listener, routes).await?)
    }
}

/// The limit, running.
pub struct Limit {
    process: Process,
    url: String,
}

impl Limit {
    /// Starts it to answer these routes so.
    pub async fn start(answers: HashMap<&str, FixedAnswer>, folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join("answers.json");
        fs::write(&file, serde_json::to_vec(&answers)?)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("limit-http").arg("--answers").arg(file);
        let mut process = Process::start(command, true)?;
        let url = process.read_until("http://").await?.trim().to_owned();
        Ok(Self { process, url })
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::of(&self.url, self.process.id())
    }

    /// Fails unless it answers as many bytes as the shop did.
    pub async fn check(&self, path: &Uri, shop: &Answer) -> anyhow::Result<()> {
        let ours = Connection::open(&self.url)
            .await?
            .send(work::get(path.clone()), StatusCode::OK)
            .await?;
        ensure!(
            ours.body == shop.body,
            "the limit answers {path} with another body than the shop"
        );
        let (limit, shop) = (head_bytes(&ours.headers), head_bytes(&shop.headers));
        ensure!(
            limit == shop,
            "the limit answers {path} with a head of {limit} bytes, the shop with {shop}"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_answer_has_a_head_of_the_same_size() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("etag", HeaderValue::from_static("\"0123456789\""));
        headers.insert("x-request-id", HeaderValue::from_static("0123"));
        let shop = Answer {
            headers,
            body: Bytes::from_static(b"{}"),
        };
        let response = FixedAnswer::like(&shop).unwrap().into_response().unwrap()();
        assert_eq!(response.headers().len(), 2);
        assert_eq!(head_bytes(response.headers()), head_bytes(&shop.headers));
    }
}
