//! A NATS server of a test's own, to be stopped, robbed of its storage and started again.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How often to look whether the server has come up.
const LOOK: Duration = Duration::from_millis(20);

/// A `nats-server` with JetStream on a free port of 127.0.0.1. Ends with its owner.
pub struct NatsServer {
    folder: TempDir,
    arguments: Vec<String>,
    port: u16,
    process: Option<Child>,
}

impl NatsServer {
    /// Starts one with these arguments beside its own.
    pub async fn start(arguments: &[&str]) -> Self {
        let mut server = Self {
            folder: TempDir::new().unwrap(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            port: 0,
            process: None,
        };
        server.resume().await;
        server
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// Ends it as `kill -9` does.
    pub fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Starts it again, on the same port and storage, and waits until it listens.
    pub async fn resume(&mut self) {
        let port = match self.port {
            0 => "-1".to_owned(),
            port => port.to_string(),
        };
        let arguments = ["-a", "127.0.0.1", "-p", &port, "-js"];
        let process = Command::new("nats-server")
            .args(arguments)
            .args(&self.arguments)
            .arg("-sd")
            .arg(self.storage())
            .arg("--ports_file_dir")
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server is installed and in the PATH");
        let ports = self
            .folder
            .path()
            .join(format!("nats-server_{}.ports", process.id()));
        self.process = Some(process);
        self.port = loop {
            if let Some(port) = port_in(&ports) {
                break port;
            }
            let ended = self.process.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "nats-server has ended: {ended:?}");
            tokio::time::sleep(LOOK).await;
        };
    }

    /// Where the streams are kept.
    pub fn storage(&self) -> PathBuf {
        self.folder.path().join("storage")
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The server writes `{"nats":["nats://127.0.0.1:port"],…}` when it listens.
fn port_in(ports: &Path) -> Option<u16> {
    let text = std::fs::read_to_string(ports).ok()?;
    let (_, after) = text.split_once("127.0.0.1:")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
