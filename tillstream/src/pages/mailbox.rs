//! The mailbox folder as a page, for a shop that sends no real email. Emails hold links that set
//! passwords, so the page opens only with the key that is printed at start.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use tower_http::set_header::SetResponseHeaderLayer;
use workers::mailbox::{Mail, MailPage, MailSummary, Mailbox, MailboxError};

use super::{PAGE_POLICY, STYLE, escape};

/// Emails on a page.
const PAGE: usize = 50;
/// Emails of the plain-text form, which shows them whole.
const TEXT_PAGE: usize = 5;

#[derive(Clone)]
pub struct MailboxPage {
    mailbox: Mailbox,
    key: Arc<str>,
}

#[derive(Deserialize)]
struct Parameters {
    key: Option<String>,
    /// One email.
    id: Option<String>,
    /// The last email of the page before.
    after: Option<String>,
    /// `text` shows the newest emails whole, for a terminal.
    format: Option<String>,
}

impl MailboxPage {
    pub fn new(mailbox: Mailbox, key: String) -> Self {
        Self {
            mailbox,
            key: key.into(),
        }
    }

    pub fn url(&self, origin: &str) -> String {
        format!("{origin}/mailbox?key={}", self.key)
    }

    pub fn routes(self) -> Router {
        Router::new().route("/mailbox", get(show)).with_state(self).layer(
            SetResponseHeaderLayer::if_not_present(PAGE_POLICY.0, PAGE_POLICY.1),
        )
    }

    async fn text(&self) -> Result<Response, MailboxError> {
        let page = self.mailbox.list(TEXT_PAGE, None).await?;
        let mut emails = vec![];
        for summary in page.mails {
            let mail = self.mailbox.read(&summary.id).await?;
            emails.extend(mail.map(|Mail { summary, text, .. }| {
                format!("To: {}\nSubject: {}\n\n{text}\n", summary.to, summary.subject)
            }));
        }
        Ok(emails
            .join("----------------------------------------\n")
            .into_response())
    }

    fn list(&self, page: &MailPage) -> String {
        let rows: Vec<_> = page.mails.iter().map(|mail| self.row(mail)).collect();
        let empty = if rows.is_empty() {
            "<p>No email has been sent yet."
        } else {
            ""
        };
        let older = page.next.as_deref().map(escape).map(|after| {
            format!(
                "<p><a href=\"/mailbox?key={}&amp;after={after}\">older</a>",
                self.key
            )
        });
        document(&format!(
            "<h1>Mailbox</h1><table><tr><th>sent (UTC)<th>to<th>subject{}</table>{empty}{}",
            rows.concat(),
            older.unwrap_or_default()
        ))
    }

    fn row(&self, mail: &MailSummary) -> String {
        let sent = mail
            .date
            .map(|date| date.format("%Y-%m-%d %H:%M:%S").to_string())
            .unwrap_or_default();
        let (key, id) = (&self.key, escape(&mail.id));
        let (to, subject) = (escape(&mail.to), escape(&mail.subject));
        format!("<tr><td>{sent}<td>{to}<td><a href=\"/mailbox?key={key}&amp;id={id}\">{subject}</a>")
    }

    fn one(&self, mail: &Mail) -> String {
        let (to, subject) = (escape(&mail.summary.to), escape(&mail.summary.subject));
        document(&format!(
            "<p><a href=\"/mailbox?key={}\">all emails</a><h1>{subject}</h1><p>to {to}<pre>{}</pre>",
            self.key,
            escape(&mail.text)
        ))
    }
}

async fn show(State(page): State<MailboxPage>, Query(parameters): Query<Parameters>) -> Response {
    let given = parameters.key.as_deref().unwrap_or_default();
    if given != &*page.key {
        return (
            StatusCode::NOT_FOUND,
            "The mailbox opens with the address that is printed at start.\n",
        )
            .into_response();
    }
    match answer(&page, &parameters).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(error = %error, "the mailbox can't be shown");
            (StatusCode::INTERNAL_SERVER_ERROR, "The mailbox can't be read.\n").into_response()
        }
    }
}

async fn answer(page: &MailboxPage, parameters: &Parameters) -> Result<Response, MailboxError> {
    if parameters.format.as_deref() == Some("text") {
        return page.text().await;
    }
    let Some(id) = &parameters.id else {
        let list = page.mailbox.list(PAGE, parameters.after.as_deref()).await?;
        return Ok(Html(page.list(&list)).into_response());
    };
    Ok(match page.mailbox.read(id).await? {
        Some(mail) => Html(page.one(&mail)).into_response(),
        None => (StatusCode::NOT_FOUND, "There is no such email.\n").into_response(),
    })
}

fn document(body: &str) -> String {
    format!("<!doctype html><html lang=en><meta charset=utf-8><title>Mailbox</title>{STYLE}{body}</html>")
}
