//! Reads the folder of emails, for a page that shows them. What is sent, and when, is left to `email`.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use mail_parser::{Address, Message, MessageParser};

use crate::email::EXTENSION;

/// Messages on one page, at most.
const PAGE_MAX: usize = 100;
/// An email of ours with the longest order is far below this; what is above is none of ours.
const MESSAGE_MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Why the folder can't be read.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    #[error("the folder of emails can't be read")]
    Io(#[from] std::io::Error),
    #[error("reading the folder of emails broke off")]
    Broken,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSummary {
    /// Names the message in [`Mailbox::read`].
    pub id: String,
    pub to: String,
    pub subject: String,
    pub date: Option<DateTime<Utc>>,
}

/// A message, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub summary: MailSummary,
    /// With its angle brackets.
    pub message_id: String,
    pub text: String,
    pub html: String,
}

/// A page of the list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailPage {
    pub mails: Vec<MailSummary>,
    /// Where the next page begins, for [`Mailbox::list`]; `None` on the last one.
    pub next: Option<String>,
}

/// The folder into which [`crate::email::MailTransport::Folder`] writes.
#[derive(Debug, Clone)]
pub struct Mailbox {
    folder: PathBuf,
}

impl Mailbox {
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Up to `limit` messages (a hundred at most), newest first, those behind the message `after`. A message that is
    /// gone meanwhile begins the list anew.
    pub async fn list(&self, limit: usize, after: Option<&str>) -> Result<MailPage, MailboxError> {
        let (folder, after) = (self.folder.clone(), after.map(str::to_owned));
        let limit = limit.clamp(1, PAGE_MAX);
        tokio::task::spawn_blocking(move || list(&folder, limit, after.as_deref()))
            .await
            .map_err(|_| MailboxError::Broken)?
    }

    /// The message; `None` if there is none of this id.
    pub async fn read(&self, id: &str) -> Result<Option<Mail>, MailboxError> {
        let (folder, id) = (self.folder.clone(), id.to_owned());
        tokio::task::spawn_blocking(move || read(&folder, &id))
            .await
            .map_err(|_| MailboxError::Broken)?
    }
}

fn list(folder: &Path, limit: usize, after: Option<&str>) -> Result<MailPage, MailboxError> {
    let mut files = files(folder)?;
    // Newest first; the id decides between files of one moment.
    files.sort_by(|left, right| right.cmp(left));
    let start = after
        .and_then(|after| files.iter().position(|(_, id)| id == after))
        .map_or(0, |place| place + 1);
    let mut mails = vec![];
    for (_, id) in files.iter().skip(start).take(limit) {
        mails.extend(read(folder, id)?.map(|mail| mail.summary));
    }
    let last = files
        .get(start + limit - 1)
        .filter(|_| files.len() > start + limit);
    Ok(MailPage {
        mails,
        next: last.map(|(_, id)| id.clone()),
    })
}

fn files(folder: &Path) -> Result<Vec<(SystemTime, String)>, MailboxError> {
    let mut files = vec![];
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let id = name
            .to_str()
            .and_then(|name| name.strip_suffix(EXTENSION)?.strip_suffix('.'));
        if let Some(id) = id.filter(|id| is_id(id)) {
            files.push((entry.metadata()?.modified()?, id.to_owned()));
        }
    }
    Ok(files)
}

/// Ids are names of files of ours: nothing that could lead out of the folder.
fn is_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    !id.is_empty() && !id.starts_with('.') && id.len() <= 200 && id.chars().all(plain)
}

fn read(folder: &Path, id: &str) -> Result<Option<Mail>, MailboxError> {
    if !is_id(id) {
        return Ok(None);
    }
    let path = folder.join(format!("{id}.{EXTENSION}"));
    let bytes = match std::fs::metadata(&path) {
        Ok(file) if file.is_file() && file.len() <= MESSAGE_MAX_BYTES => std::fs::read(&path)?,
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(MessageParser::default()
        .parse(&bytes)
        .map(|message| mail(id, &message)))
}

fn mail(id: &str, message: &Message<'_>) -> Mail {
    let date = message
        .date()
        .and_then(|date| DateTime::from_timestamp(date.to_timestamp(), 0));
    Mail {
        summary: MailSummary {
            id: id.to_owned(),
            to: message.to().map(addresses).unwrap_or_default(),
            subject: message.subject().unwrap_or_default().to_owned(),
            date,
        },
        message_id: message
            .message_id()
            .map(|id| format!("<{id}>"))
            .unwrap_or_default(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        html: message.body_html(0).unwrap_or_default().into_owned(),
    }
}

fn addresses(to: &Address<'_>) -> String {
    let one = |address: &mail_parser::Addr<'_>| match (address.name(), address.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (_, Some(address)) => address.to_owned(),
        (name, None) => name.unwrap_or_default().to_owned(),
    };
    to.iter().map(one).collect::<Vec<_>>().join(", ")
}
