//! What lies where in the data folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// The folder that holds a shop.
pub struct DataDir(PathBuf);

impl DataDir {
    /// Makes the folder, for its owner only, if it isn't there.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let told = || format!("data_dir {} can't be made", path.display());
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(told)?;
        let path = path.canonicalize().with_context(told)?;
        Ok(Self(path))
    }

    /// The folder of a shop that has been started before.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let told = || format!("data_dir {} holds no shop; start one there first", path.display());
        let path = path.canonicalize().with_context(told)?;
        let dir = Self(path);
        anyhow::ensure!(dir.log().is_file(), told());
        Ok(dir)
    }

    /// A folder that must be there; nothing is made in it. For roles, which may only read it.
    pub fn existing(path: &Path) -> anyhow::Result<Self> {
        let path = path.canonicalize().with_context(|| {
            format!(
                "data_dir {} isn't there; `tillstream init` makes it",
                path.display()
            )
        })?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The event log: the one file that can't be made anew.
    pub fn log(&self) -> PathBuf {
        self.0.join("log.db")
    }

    /// Read models; derived.
    pub fn views(&self) -> PathBuf {
        self.0.join("views.db")
    }

    /// Personal keys.
    pub fn vault(&self) -> PathBuf {
        self.0.join("vault.db")
    }

    /// What the workers have done and have yet to do.
    pub fn work(&self) -> PathBuf {
        self.0.join("work.db")
    }

    /// Calls between this shop and others of its chain.
    pub fn calls(&self) -> PathBuf {
        self.0.join("calls.db")
    }

    /// The payment sandbox's books.
    pub fn sandbox(&self) -> PathBuf {
        self.0.join("sandbox.db")
    }

    pub fn mailbox(&self) -> PathBuf {
        self.0.join("mailbox")
    }

    pub fn secrets(&self) -> PathBuf {
        self.0.join("secrets.json")
    }

    /// The logins that were made at the first start.
    pub fn credentials(&self) -> PathBuf {
        self.0.join("credentials.json")
    }

    /// Where this shop came from, if from a backup.
    pub fn restored(&self) -> PathBuf {
        self.0.join("restored.json")
    }

    /// Held by the process that runs on this folder.
    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }
}

/// Says that a process runs on the folder; released when it ends, however it ends.
pub struct Lock(#[expect(dead_code, reason = "held, not read: the lock is the open file's")] fs::File);

impl Lock {
    /// Waits until nobody else makes a backup of the folder's shop.
    pub async fn of_backups(dir: &DataDir) -> anyhow::Result<Self> {
        let path = dir.path().join("backup.lock");
        let locked = tokio::task::spawn_blocking(move || {
            let file = fs::File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)?;
            file.lock()?;
            std::io::Result::Ok(file)
        });
        Ok(Self(
            locked.await?.context("the lock of the backups can't be had")?,
        ))
    }

    pub fn take(dir: &DataDir) -> anyhow::Result<Self> {
        let path = dir.lock();
        let file = fs::File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let file = file.with_context(|| format!("{} can't be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(fs::TryLockError::WouldBlock) => {
                anyhow::bail!("another tillstream runs on {}", dir.path().display())
            }
            Err(fs::TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} can't be locked", path.display()))
            }
        }
    }
}
