//! Settings of the servers that the distributed form stands on. Without a PostgreSQL URL none of them matters.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use telemetry::{SecretHeaders, TraceSettings};

use super::Secret;

/// The event log, the personal keys, the workers' intents and the SQL views.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:5432/database?sslmode=verify-full&sslrootcert=…`
    pub url: Option<Secret>,
    /// The same database, or a streaming replica of it, as a user that can only SELECT: for the query API.
    /// From `url` if missing.
    pub read_url: Option<Secret>,
    /// That user's name: `tillstream migrate` lets it read the views and the personal keys, and nothing else.
    pub reader_role: Option<String>,
    /// Reading connections to the log per process.
    pub log_readers: u32,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            url: None,
            read_url: None,
            reader_role: None,
            log_readers: 4,
        }
    }
}

impl PostgresSettings {
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(
            (1..=64).contains(&self.log_readers),
            "postgres.log_readers is between 1 and 64, this is {}",
            self.log_readers
        );
        ensure!(
            self.read_url.is_none() || self.url.is_some(),
            "postgres.read_url needs postgres.url beside it"
        );
        for (name, url) in [("postgres.url", &self.url), ("postgres.read_url", &self.read_url)] {
            let is_postgres = url.as_ref().is_none_or(|url| {
                url.reveal().starts_with("postgres://") || url.reveal().starts_with("postgresql://")
            });
            ensure!(is_postgres, "{name} begins with postgres://");
        }
        Ok(())
    }
}

/// The fan-out. Without a URL, readers tail the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsSettings {
    /// `nats://host:4222`, or several with commas between them; `tls://` asks for TLS.
    pub url: Option<Secret>,
    /// Begins the names of the stream and of every subject, so that shops can share a server.
    pub prefix: String,
    /// Copies of the stream: 1, or 3 in a cluster.
    pub replicas: u8,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub credentials_file: Option<PathBuf>,
    /// PEM file of the authorities that are trusted, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// What this process shows of itself to the server, and its key.
    pub certificate_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
}

impl Default for NatsSettings {
    fn default() -> Self {
        Self {
            url: None,
            prefix: "tillstream".to_owned(),
            replicas: 1,
            username: None,
            password: None,
            credentials_file: None,
            ca_file: None,
            certificate_file: None,
            key_file: None,
        }
    }
}

impl NatsSettings {
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(
            is_name(&self.prefix),
            "nats.prefix is letters, digits, - and _, this is {:?}",
            self.prefix
        );
        ensure!(
            [1, 3, 5].contains(&self.replicas),
            "nats.replicas is 1, 3 or 5, this is {}",
            self.replicas
        );
        ensure!(
            self.username.is_some() == self.password.is_some(),
            "nats.username and nats.password go together"
        );
        ensure!(
            self.certificate_file.is_some() == self.key_file.is_some(),
            "nats.certificate_file and nats.key_file go together"
        );
        Ok(())
    }
}

/// The cached documents. Without a URL, queries are answered from SQL.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSettings {
    /// `redis://user:password@host:6379/0`; `rediss://` asks for TLS.
    pub url: Option<Secret>,
    /// Begins every key, so that shops can share a server.
    pub prefix: String,
    /// PEM file of the authorities that are trusted, instead of the system's.
    pub ca_file: Option<PathBuf>,
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self {
            url: None,
            prefix: "tillstream".to_owned(),
            ca_file: None,
        }
    }
}

impl RedisSettings {
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(
            is_name(&self.prefix),
            "redis.prefix is letters, digits, - and _, this is {:?}",
            self.prefix
        );
        Ok(())
    }
}

/// Traces. Metrics are always at `/metrics`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    /// Where spans go by OTLP over HTTP, such as `http://localhost:4318`; nowhere if missing.
    pub otlp_endpoint: Option<String>,
    /// `name=value` pairs with commas between them, sent along with the spans: a collector's key.
    pub otlp_headers: Option<Secret>,
    /// The part of all traces that is kept, from 0 to 1. A trace that a client has begun is kept if the client says so.
    pub sample_ratio: f64,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            otlp_headers: None,
            sample_ratio: 1.0,
        }
    }
}

impl TelemetrySettings {
    /// Where spans go, if anywhere.
    pub fn traces(&self) -> anyhow::Result<Option<TraceSettings>> {
        let Some(endpoint) = &self.otlp_endpoint else {
            return Ok(None);
        };
        let headers = self.otlp_headers.as_ref().map_or("", Secret::reveal);
        let headers = SecretHeaders::parse(headers).context("telemetry.otlp_headers is wrong")?;
        Ok(Some(TraceSettings {
            sampling_ratio: self.sample_ratio,
            headers,
            ..TraceSettings::new(endpoint)
        }))
    }

    pub fn check(&self) -> anyhow::Result<()> {
        self.traces()?;
        super::check_http("telemetry.otlp_endpoint", self.otlp_endpoint.as_deref())?;
        ensure!(
            (0.0..=1.0).contains(&self.sample_ratio),
            "telemetry.sample_ratio is between 0 and 1, this is {}",
            self.sample_ratio
        );
        Ok(())
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !text.is_empty() && text.chars().all(allowed)
}
