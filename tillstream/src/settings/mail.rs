//! How emails go out: into a folder, or over SMTP.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use super::Secret;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTransport {
    /// Into `mailbox` below the data directory, shown at `/mailbox`.
    Folder,
    Smtp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// Only towards a server on this machine.
    None,
    StartTls,
    Tls,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    pub transport: MailTransport,
    /// The address that emails come from; its domain is the one of every `Message-ID`.
    pub sender: String,
    pub smtp: SmtpSettings,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub username: Option<String>,
    pub password: Option<Secret>,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            transport: MailTransport::Folder,
            sender: "shop@tillstream.example".to_owned(),
            smtp: SmtpSettings {
                host: "localhost".to_owned(),
                port: 25,
                tls: SmtpTls::None,
                username: None,
                password: None,
            },
        }
    }
}

impl MailSettings {
    pub fn check(&self) -> anyhow::Result<()> {
        let smtp = &self.smtp;
        if self.transport == MailTransport::Folder {
            return Ok(());
        }
        ensure!(
            !smtp.host.trim().is_empty(),
            "mail.smtp.host is empty, and mail.transport is smtp"
        );
        ensure!(smtp.port != 0, "mail.smtp.port is 0");
        ensure!(
            smtp.username.is_some() == smtp.password.is_some(),
            "mail.smtp.username and mail.smtp.password go together"
        );
        let is_local = matches!(smtp.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        ensure!(
            smtp.tls != SmtpTls::None || is_local,
            "mail.smtp.tls is none, and mail.smtp.host is not on this machine: use start_tls or tls"
        );
        Ok(())
    }
}
