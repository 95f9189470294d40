//! The shop that is measured: the release executable on a folder of its own, everything in one process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::endpoint::Endpoint;
use crate::process::Process;

/// In the last line of the shop's welcome.
const READY_MARK: &str = "Ctrl-C";

pub struct Shop {
    process: Process,
    pub url: String,
    data_dir: PathBuf,
}

impl Shop {
    /// Starts the executable on a folder inside this one, with the settings that a newcomer gets.
    pub async fn start(executable: &Path, folder: &Path) -> anyhow::Result<Self> {
        Self::start_with(executable, folder, &[]).await
    }

    /// The same with settings in the environment.
    pub async fn start_with(
        executable: &Path,
        folder: &Path,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let data_dir = folder.join("shop");
        let told_in = folder.join("shop.stderr");
        let mut command = Command::new(executable);
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TILLSTREAM_"))
        {
            command.env_remove(name);
        }
        command
            .current_dir(folder)
            .arg("--data-dir")
            .arg(&data_dir)
            .envs(environment.iter().copied())
            .args(["--no-demo", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::from(fs::File::create(&told_in)?));
        let mut process = Process::start(command, false)?;
        let welcome = match process.read_until(READY_MARK).await {
            Ok(welcome) => welcome,
            Err(error) => bail!(
                "the shop doesn't start: {error:#}\n{}",
                fs::read_to_string(told_in)?
            ),
        };
        let url = welcome
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .with_context(|| format!("the shop's welcome names no address: {welcome}"))?
            .to_owned();
        Ok(Self {
            process,
            url,
            data_dir,
        })
    }

    /// The event log's database.
    pub fn log(&self) -> PathBuf {
        self.data_dir.join("log.db")
    }

    /// The workers' database.
    pub fn work(&self) -> PathBuf {
        self.data_dir.join("work.db")
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::of(&self.url, self.process.id())
    }

    /// Where everything is kept, the admin's login included.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }
}
