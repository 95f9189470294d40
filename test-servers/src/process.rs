//! One process: started, signalled, waited for, and never left over.
//!
//! It dies with us, also when we are killed: `setpriv --pdeathsig` (util-linux) asks the kernel for that. The kernel means the
//! *thread* that started it, so all are started by one thread that lives as long as we do. Elsewhere than on Linux only
//! the ordinary ends are covered: a drop, a panic.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use rustix::process::{Pid, Signal, kill_process};

use crate::Error;
use crate::programs::installed;

/// Between two looks at whether something has happened.
pub const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long read models and workers are to lag while tests run (`cargo xtask test --lag-ms`): for every process of the
/// shop that a test starts, and for the tests themselves.
pub const LAG_VARIABLE: &str = "TILLSTREAM_TEST_LAG_MS";

/// Takes away the settings of whoever runs the tests.
pub fn forget_settings(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("TILLSTREAM_") && name != LAG_VARIABLE {
            command.env_remove(name);
        }
    }
}

/// How a process is started, as often as wanted.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(String, String)>,
    /// Another user to run as; only root can ask for that.
    pub user: Option<&'static str>,
    /// Sent by the kernel if we die first: `KILL`, or whatever lets a server tidy up at once.
    pub death_signal: &'static str,
}

impl Recipe {
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: vec![],
            environment: vec![],
            user: None,
            death_signal: "KILL",
        }
    }

    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The command, without settings of whoever runs the tests.
    pub fn command(&self) -> Result<Command, Error> {
        let mut command = match installed("setpriv") {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", self.death_signal]);
                if let Some(user) = self.user {
                    command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
                }
                command.arg("--").arg(&self.program);
                command
            }
            None if self.user.is_none() => Command::new(&self.program),
            None => {
                return Err(Error::NotInstalled {
                    program: "setpriv",
                    package: "util-linux",
                });
            }
        };
        forget_settings(&mut command);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().cloned());
        Ok(command)
    }

    /// Runs it to its end, and gives back what it printed, if it succeeded.
    pub fn run(&self) -> Result<String, Error> {
        let name = self.program.display().to_string();
        let output = self
            .command()?
            .stdin(Stdio::null())
            .output()
            .map_err(Error::io(format!("starting {name}")))?;
        if !output.status.success() {
            return Err(Error::Failed {
                command: name,
                told: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// A process under way; killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts it; whatever it prints is added to the log.
    pub fn start(recipe: &Recipe, log: &Path) -> Result<Self, Error> {
        let doing = || format!("starting {}", recipe.program.display());
        let printed = File::options()
            .create(true)
            .append(true)
            .open(log)
            .map_err(Error::io(format!("opening {}", log.display())))?;
        let told = printed.try_clone().map_err(Error::io(doing()))?;
        let mut command = recipe.command()?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::from(printed))
            .stderr(Stdio::from(told))
            // Ctrl-C reaches a whole group: in one of its own, it is for us to say who stops when.
            .process_group(0);
        let child = spawn(command).map_err(Error::io(doing()))?;
        Ok(Self { child })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// SIGKILL, and waits until it's gone.
    pub fn kill(mut self) -> Result<(), Error> {
        self.child.kill().map_err(Error::io("killing a process"))?;
        self.child
            .wait()
            .map_err(Error::io("waiting for a killed process"))?;
        Ok(())
    }

    pub fn signal(&self, signal: Signal) -> Result<(), Error> {
        signal_id(self.id(), signal)
    }

    /// Waits for its end; `None` after that long.
    pub fn wait(&mut self, patience: Duration) -> Result<Option<ExitStatus>, Error> {
        let asked_at = Instant::now();
        while asked_at.elapsed() < patience {
            let ended = self
                .child
                .try_wait()
                .map_err(Error::io("waiting for a process"))?;
            if ended.is_some() {
                return Ok(ended);
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(None)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Signals any process by its id.
pub fn signal_id(id: u32, signal: Signal) -> Result<(), Error> {
    let failed = Error::io(format!("sending {signal:?} to the process {id}"));
    let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) else {
        return Err(failed(io::ErrorKind::InvalidInput.into()));
    };
    kill_process(pid, signal).map_err(|error| failed(error.into()))
}

type Spawn = (Command, Sender<io::Result<Child>>);

/// Starts a process from the one thread that lives as long as we do.
fn spawn(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Sender<Spawn>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (commands, asked) = mpsc::channel::<Spawn>();
        thread::spawn(move || {
            for (mut command, answer) in asked {
                // Whoever asked waits for the answer, so it arrives.
                let _ = answer.send(command.spawn());
            }
        });
        commands
    });
    let gone = || io::Error::other("the thread that starts processes is gone");
    let (answer, answered) = mpsc::channel();
    spawner.send((command, answer)).map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?
}
