//! Where requests are sent: one process, or several that answer the same.

use std::time::Duration;

use crate::process::cpu_time;

#[derive(Debug, Clone)]
pub struct Endpoint {
    pub servers: Vec<Server>,
}

/// A process, and where it answers.
#[derive(Debug, Clone)]
pub struct Server {
    pub url: String,
    /// The process's id.
    pub id: u32,
}

impl Endpoint {
    pub fn of(url: &str, id: u32) -> Self {
        let url = url.to_owned();
        Self {
            servers: vec![Server { url, id }],
        }
    }

    /// What the processes have used of the CPUs so far, all together.
    pub fn cpu_time(&self) -> Option<Duration> {
        self.servers.iter().map(|server| cpu_time(server.id)).sum()
    }

    /// The server of the how-many-th client: they take turns. Empty only if there is none.
    pub fn url_of(&self, client: usize) -> &str {
        let turn = client.checked_rem(self.servers.len());
        turn.map_or("", |turn| &self.servers[turn].url)
    }
}
