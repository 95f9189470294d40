//! A program that runs until it's told to stop: a server, a role, a proxy. Started until it answers, and hurt on purpose.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::Error;
use crate::process::{LOOK_EVERY, Process, Recipe};

/// Longer than any start or stop on the slowest machine; what runs into it has failed.
const PATIENCE: Duration = Duration::from_mins(1);
/// What is told of a log when something has failed.
const LOG_TAIL_BYTES: usize = 4_000;

/// What a [`Daemon`] runs.
pub trait Program {
    /// Unique in its run: the log's name, too.
    fn name(&self) -> String;

    fn recipe(&self) -> Recipe;

    /// Whether it can be used now; asked again and again.
    fn is_ready(&self) -> bool;

    /// Asks for a graceful end.
    fn stop_signal(&self) -> Signal {
        Signal::TERM
    }

    /// Whether a start that ended early, with this in its log, will succeed a little later.
    fn may_try_again(&self, _told: &str) -> bool {
        false
    }
}

/// A program and its process, if it runs. It keeps its address over every restart.
#[derive(Debug)]
pub struct Daemon<P> {
    pub program: P,
    log: PathBuf,
    process: Option<Process>,
    /// Asked to stop, once: to some programs, twice means at once.
    is_stopping: bool,
}

impl<P: Program> Daemon<P> {
    /// Not yet started. Logs go to `<logs>/<name>.log`.
    pub fn new(program: P, logs: &Path) -> Self {
        let log = logs.join(program.name()).with_extension("log");
        Self {
            program,
            log,
            process: None,
            is_stopping: false,
        }
    }

    /// Started, and ready.
    pub fn started(program: P, logs: &Path) -> Result<Self, Error> {
        let mut daemon = Self::new(program, logs);
        daemon.start()?;
        Ok(daemon)
    }

    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The process's id, while there is one.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// Whether the process lives; one that is suspended does.
    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| !process.has_ended())
    }

    /// Starts it, and waits until it's ready. Nothing happens if it runs.
    pub fn start(&mut self) -> Result<(), Error> {
        self.launch()?;
        self.wait_until_ready()
    }

    /// Starts it, and doesn't wait: several come up at once.
    pub fn launch(&mut self) -> Result<(), Error> {
        if !self.is_running() {
            self.is_stopping = false;
            self.process = Some(Process::start(&self.program.recipe(), &self.log)?);
        }
        Ok(())
    }

    /// Waits until it can be used; fails if it ends before that.
    pub fn wait_until_ready(&mut self) -> Result<(), Error> {
        let asked_at = Instant::now();
        while !self.program.is_ready() {
            if !self.is_running() {
                self.start_again_if_it_may()?;
            }
            if asked_at.elapsed() > PATIENCE {
                return Err(Error::NotReady {
                    name: self.program.name(),
                    patience: PATIENCE,
                    log: self.log.clone(),
                    told: self.told(),
                });
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    fn start_again_if_it_may(&mut self) -> Result<(), Error> {
        let told = self.told();
        if !self.program.may_try_again(&told) {
            return Err(Error::Ended {
                name: self.program.name(),
                log: self.log.clone(),
                told,
            });
        }
        thread::sleep(LOOK_EVERY);
        self.launch()
    }

    /// Asks it to stop, and doesn't wait: several stop at once.
    pub fn ask_to_stop(&mut self) -> Result<(), Error> {
        if !self.is_running() || self.is_stopping {
            return Ok(());
        }
        self.is_stopping = true;
        // A suspended process hears nothing else.
        self.signal(Signal::CONT)?;
        self.signal(self.program.stop_signal())
    }

    /// Asks it to stop, and waits for that; kills it, and says so, if it won't.
    pub fn stop(&mut self) -> Result<(), Error> {
        self.ask_to_stop()?;
        self.is_stopping = false;
        let Some(mut process) = self.process.take() else {
            return Ok(());
        };
        if process.wait(PATIENCE)?.is_some() {
            return Ok(());
        }
        Err(Error::DoesNotStop {
            name: self.program.name(),
            patience: PATIENCE,
        })
    }

    /// Asks it to stop, and starts it again where it was.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.stop()?;
        self.start()
    }

    /// `kill -9`: gone at once, whatever it was doing.
    pub fn kill_9(&mut self) -> Result<(), Error> {
        let process = self.process.take().ok_or_else(|| self.not_running())?;
        process.kill()
    }

    /// Hangs it: it keeps its connections and says nothing until [`sigcont`](Self::sigcont).
    pub fn sigstop(&self) -> Result<(), Error> {
        self.signal(Signal::STOP)
    }

    pub fn sigcont(&self) -> Result<(), Error> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<(), Error> {
        let process = self.process.as_ref().ok_or_else(|| self.not_running())?;
        process.signal(signal)
    }

    fn not_running(&self) -> Error {
        Error::NotRunning {
            name: self.program.name(),
        }
    }

    /// The end of its log.
    pub fn told(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let tail = &log[log.len().saturating_sub(LOG_TAIL_BYTES)..];
        String::from_utf8_lossy(tail).into_owned()
    }
}
