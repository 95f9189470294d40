//! Starting other programs, and hearing Ctrl-C.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use signal_hook::consts::{SIGINT, SIGTERM};

/// Between two looks at whether a signal has come: nobody notices it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The cargo that runs this.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Builds the shop's executable in release mode, and says where it is.
pub fn release_build() -> anyhow::Result<PathBuf> {
    let status = cargo()
        .args([
            "build",
            "--release",
            "--locked",
            "--package",
            "tillstream",
            "--bin",
            "tillstream",
        ])
        .status()
        .context("cargo can't be started")?;
    ensure!(status.success(), "tillstream can't be built");
    Ok(target().join("release/tillstream"))
}

/// Where cargo puts what it makes.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// The project's top folder.
pub fn workspace() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// Whether Ctrl-C or SIGTERM has come. While this is there they don't end the process by themselves, so that it can
/// stop what it has started.
#[derive(Clone)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on. The second signal ends the process at once.
    pub fn listen() -> anyhow::Result<Self> {
        let heard = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&heard))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&heard)))
                .context("signals can't be heard")?;
        }
        Ok(Self(heard))
    }

    pub fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub fn wait(&self) {
        while !self.came() {
            thread::sleep(LOOK_EVERY);
        }
    }
}
