//! One role of the shop as a process of its own.

use std::path::PathBuf;

use crate::Error;
use crate::daemon::Program;
use crate::port::free_port;
use crate::process::Recipe;
use crate::wire;

/// What a process of the shop can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleKind {
    PaymentSandbox,
    Relay,
    Projectors,
    CommandApi,
    QueryApi,
    Workers,
}

impl RoleKind {
    /// As on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PaymentSandbox => "payment-sandbox",
            Self::Relay => "relay",
            Self::Projectors => "projectors",
            Self::CommandApi => "command-api",
            Self::QueryApi => "query-api",
            Self::Workers => "workers",
        }
    }
}

/// The how-many-th of its kind, and where it answers. It keeps its port over every restart.
#[derive(Debug, Clone)]
pub struct Role {
    pub kind: RoleKind,
    /// From 1.
    pub number: usize,
    pub port: u16,
    executable: PathBuf,
    environment: Vec<(String, String)>,
}

impl Role {
    pub fn new(kind: RoleKind, number: usize, executable: PathBuf) -> Result<Self, Error> {
        Ok(Self {
            kind,
            number,
            port: free_port()?,
            executable,
            environment: vec![],
        })
    }

    /// Its settings, in place of what it had.
    #[must_use]
    pub fn with_environment(self, environment: Vec<(String, String)>) -> Self {
        Self { environment, ..self }
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// What `/metrics` says now.
    pub fn metrics(&self) -> Result<String, Error> {
        let doing = || format!("asking {} for its metrics", self.name());
        match wire::http_get(self.port, "/metrics").map_err(Error::io(doing()))? {
            (200, metrics) => Ok(metrics),
            (status, told) => Err(Error::Failed {
                command: doing(),
                told: format!("{status} {told}"),
            }),
        }
    }
}

impl Program for Role {
    fn name(&self) -> String {
        format!("{}-{}", self.kind.as_str(), self.number)
    }

    fn recipe(&self) -> Recipe {
        let recipe = Recipe::new(&self.executable).args([
            "serve",
            "--role",
            self.kind.as_str(),
            "--listen",
            &self.address(),
        ]);
        Recipe {
            environment: self.environment.clone(),
            ..recipe
        }
    }

    fn is_ready(&self) -> bool {
        matches!(wire::http_get(self.port, "/health/ready"), Ok((200, _)))
    }
}
