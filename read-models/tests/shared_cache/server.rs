//! A Redis of a test's own, to be flushed, stopped and started.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::shop::eventually;

/// Ends with the test.
pub struct Server {
    folder: TempDir,
    port: u16,
    process: Child,
}

impl Server {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let process = spawn(&folder, port);
        let server = Self {
            folder,
            port,
            process,
        };
        server.answers().await;
        server
    }

    /// Starts one that speaks TLS alone, with certificates of `folder`: `ca.pem`, `server.pem`, `server.key`.
    pub fn start_tls(folder: TempDir) -> Self {
        let port = free_port();
        let process = command(&folder)
            .args(["--port", "0", "--tls-port", &port.to_string()])
            .args(["--tls-ca-cert-file", "ca.pem", "--tls-auth-clients", "no"])
            .args(["--tls-cert-file", "server.pem", "--tls-key-file", "server.key"])
            .spawn()
            .expect("redis-server is installed");
        Self {
            folder,
            port,
            process,
        }
    }

    pub fn tls_url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.port)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it; nothing is saved.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again after [`Self::kill`], empty.
    pub async fn restart(&mut self) {
        self.process = spawn(&self.folder, self.port);
        self.answers().await;
    }

    /// It keeps its connections and says nothing any more.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    pub async fn flush(&self) {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        redis::cmd("FLUSHALL").exec_async(&mut connection).await.unwrap();
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .arg(signal)
            .arg(self.process.id().to_string())
            .status();
        assert!(sent.unwrap().success());
    }

    async fn answers(&self) {
        let client = redis::Client::open(self.url()).unwrap();
        eventually("Redis answers", async || {
            let mut connection = client.get_multiplexed_async_connection().await.ok()?;
            redis::cmd("PING").exec_async(&mut connection).await.ok()
        })
        .await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Also ends a paused one. If it is gone already, that is well, too.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(folder: &TempDir, port: u16) -> Child {
    command(folder)
        .args(["--port", &port.to_string()])
        .spawn()
        .expect("redis-server is installed")
}

fn command(folder: &TempDir) -> Command {
    let mut command = Command::new("redis-server");
    command
        .current_dir(folder.path())
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .stdout(Stdio::null());
    command
}

fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}
