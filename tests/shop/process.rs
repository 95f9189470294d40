//! A running shop: started, asked for its address, stopped, killed. One process, unless a story is played on the
//! distributed form ([`forms`](crate::forms)).

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use test_servers::forget_settings;

use crate::client::Seen;
use crate::forms::{self, Stage};
use crate::memory;

/// Longer than any start or stop on the slowest machine; what runs into it has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// The executable under test, without settings of whoever runs the tests.
pub fn tillstream(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tillstream"));
    forget_settings(&mut command);
    command
        .current_dir(data_dir.parent().unwrap())
        .arg("--data-dir")
        .arg(data_dir);
    command
}

/// A shop that runs on a folder; killed, not left over, when the test ends.
pub struct Shop {
    running: Running,
    pub data_dir: PathBuf,
    /// What it printed until it was ready; nothing on the distributed form.
    pub welcome: String,
    /// Without a slash at the end.
    pub url: String,
    /// From the start of the process until it was ready.
    pub start_time: Duration,
    /// By its clients.
    pub seen: Seen,
}

/// What a shop runs as.
enum Running {
    OneProcess(Child),
    Roles(Arc<Stage>),
}

/// The login that was made at the first start.
#[derive(Deserialize)]
pub struct Login {
    pub username: String,
    pub password: String,
}

/// The admin's of the shop in this folder.
pub fn login_made_in(data_dir: &Path) -> Login {
    #[derive(Deserialize)]
    struct Credentials {
        admin: Login,
    }
    let text = fs::read(data_dir.join("credentials.json")).unwrap();
    serde_json::from_slice::<Credentials>(&text).unwrap().admin
}

/// One of the secrets of the shop in this folder.
pub fn secret(data_dir: &Path, name: &str) -> String {
    let secrets = fs::read(data_dir.join("secrets.json")).unwrap();
    let secrets: serde_json::Value = serde_json::from_slice(&secrets).unwrap();
    secrets[name].as_str().unwrap().to_owned()
}

/// The path of the mailbox of the shop in this folder, as text.
pub fn mailbox(data_dir: &Path) -> String {
    format!("/mailbox?key={}&format=text", secret(data_dir, "mailbox"))
}

impl Shop {
    pub fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, &[])
    }

    pub fn start_with(data_dir: &Path, environment: &[(&str, &str)]) -> Self {
        let started_at = Instant::now();
        let Some(stage) = forms::stage() else {
            return Self::start_as_one_process(data_dir, environment);
        };
        Self {
            url: stage.start(data_dir, environment),
            running: Running::Roles(stage),
            data_dir: data_dir.to_owned(),
            welcome: String::new(),
            start_time: started_at.elapsed(),
            seen: Seen::default(),
        }
    }

    /// Whatever form the story is played on.
    pub fn start_as_one_process(data_dir: &Path, environment: &[(&str, &str)]) -> Self {
        let started_at = Instant::now();
        let mut child = tillstream(data_dir)
            .args(["--listen", "127.0.0.1:0"])
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(
                fs::File::create(data_dir.with_extension("stderr")).unwrap(),
            ))
            .spawn()
            .unwrap();
        let mut welcome = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        while !welcome.contains("Ctrl-C") {
            if lines.read_line(&mut welcome).unwrap() == 0 {
                let told = fs::read_to_string(data_dir.with_extension("stderr")).unwrap();
                panic!(
                    "the shop ended before it was ready: {:?}\n{welcome}\n{told}",
                    child.wait()
                );
            }
        }
        let start_time = started_at.elapsed();
        // The rest of its output goes nowhere, but the pipe stays open until it ends.
        std::thread::spawn(move || lines.read_to_string(&mut String::new()));
        let url = welcome
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .unwrap_or_else(|| panic!("no address in {welcome}"))
            .to_owned();
        Self {
            running: Running::OneProcess(child),
            data_dir: data_dir.to_owned(),
            welcome,
            url,
            start_time,
            seen: Seen::default(),
        }
    }

    pub fn admin(&self) -> Login {
        login_made_in(&self.data_dir)
    }

    /// SIGKILL.
    pub fn kill(self) {
        drop(self);
    }

    /// SIGTERM, and waits until it is gone.
    pub fn stop(mut self) -> ExitStatus {
        let child = match &mut self.running {
            Running::OneProcess(child) => child,
            Running::Roles(stage) => {
                stage.stop(&self.data_dir);
                return ExitStatus::default();
            }
        };
        let id = child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        let asked_at = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            assert!(asked_at.elapsed() < PATIENCE, "the shop doesn't stop");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The most memory that its processes have had, in MiB, together.
    pub fn peak_memory_mib(&self) -> u64 {
        self.processes().into_iter().map(memory::peak_mib).sum()
    }

    /// The ids of its processes.
    pub fn processes(&self) -> Vec<u32> {
        match &self.running {
            Running::OneProcess(child) => vec![child.id()],
            Running::Roles(stage) => stage.processes(&self.data_dir),
        }
    }

    /// Where its APIs answer by themselves, each without the other; nowhere if the shop is one process.
    pub fn doors(&self) -> Vec<String> {
        match &self.running {
            Running::OneProcess(_) => vec![],
            Running::Roles(stage) => stage.doors(&self.data_dir),
        }
    }

    /// Everything that it has logged.
    pub fn log(&self) -> String {
        match &self.running {
            Running::OneProcess(_) => fs::read_to_string(self.data_dir.with_extension("stderr")).unwrap(),
            Running::Roles(stage) => stage.log(&self.data_dir),
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        match &mut self.running {
            Running::OneProcess(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            Running::Roles(stage) => stage.kill(&self.data_dir),
        }
    }
}

/// Runs `tillstream` with these arguments to its end, and gives back what it printed if it succeeded.
pub fn run(data_dir: &Path, arguments: &[&str]) -> String {
    if let Some(printed) = forms::stage().and_then(|stage| stage.run(data_dir, arguments)) {
        return printed;
    }
    let output = tillstream(data_dir).args(arguments).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "tillstream {arguments:?} failed:\n{printed}\n{told}"
    );
    printed
}
