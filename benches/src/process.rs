//! A server that runs as a process of its own, until it is dropped, and what it uses of the CPUs.
//!
//! What it serves is left to others.

use std::fs;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::ChildStdout;

/// Longer than any start on the slowest machine; what runs into it has failed.
const START_PATIENCE: Duration = Duration::from_mins(1);

/// The unit of `/proc/<id>/stat`, which Linux fixes at a hundredth of a second for programs.
const CPU_TICK: Duration = Duration::from_millis(10);

/// A process of ours. Dropping it kills it by its id and waits until it is gone.
pub struct Process {
    child: Child,
    /// Ends a limit's process when this one goes away, however it goes.
    _stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts it with its standard output, and where `listens_to_stdin` its input, connected to this process.
    pub fn start(mut command: Command, listens_to_stdin: bool) -> anyhow::Result<Self> {
        let stdin = if listens_to_stdin {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        let mut child = command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} can't be started", command.get_program().display()))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take();
        // Wrapped before anything can fail, so that it doesn't outlive a failure.
        let stdout = stdout
            .context("a process without output")
            .and_then(|stdout| Ok(ChildStdout::from_std(stdout)?));
        match stdout {
            Ok(stdout) => Ok(Self {
                child,
                _stdin: stdin,
                lines: BufReader::new(stdout).lines(),
            }),
            Err(error) => {
                end(&mut child);
                Err(error)
            }
        }
    }

    /// What it prints up to and with the first line that has `mark` in it.
    pub async fn read_until(&mut self, mark: &str) -> anyhow::Result<String> {
        tokio::time::timeout(START_PATIENCE, self.read_lines(mark))
            .await
            .with_context(|| format!("a process took longer than {START_PATIENCE:?} to get ready"))?
    }

    async fn read_lines(&mut self, mark: &str) -> anyhow::Result<String> {
        let mut text = String::new();
        while let Some(line) = self.lines.next_line().await? {
            text.push_str(&line);
            text.push('\n');
            if line.contains(mark) {
                return Ok(text);
            }
        }
        bail!(
            "a process ended before it was ready ({}); it printed {text:?}",
            self.child.wait()?
        )
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // Both fail only if it is gone already.
    let _ = child.kill();
    let _ = child.wait();
}

/// Ends this process when the one that started it goes away, which keeps the other end of the standard input open.
pub fn end_with_starter() {
    std::thread::spawn(|| {
        // An error is an end, too.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(1);
    });
}

/// What the process has used of the CPUs so far, in itself and the kernel. None where there is no `/proc`.
pub fn cpu_time(id: u32) -> Option<Duration> {
    cpu_time_of_stat(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// The same with all of its children, those that have ended included.
pub fn cpu_time_with_children(id: u32) -> Option<Duration> {
    let own = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut total = cpu_time_of_stat(&own)? + times_of_stat(&own, ENDED_CHILDREN)?;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        // Not every entry is a process, and one may end meanwhile.
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if parent_of_stat(&stat) == Some(id) {
            total += cpu_time_of_stat(&stat).unwrap_or_default();
        }
    }
    Some(total)
}

/// Where `/proc/<id>/stat` has the user and system time behind the program's name, counted from 0.
const OWN: usize = 11;
const ENDED_CHILDREN: usize = 13;
/// Where it has the parent's id.
const PARENT: usize = 1;

fn cpu_time_of_stat(stat: &str) -> Option<Duration> {
    times_of_stat(stat, OWN)
}

fn times_of_stat(stat: &str, first: usize) -> Option<Duration> {
    let mut times = fields(stat)?.skip(first).map(str::parse::<u32>);
    let (user, system) = (times.next()?.ok()?, times.next()?.ok()?);
    Some(CPU_TICK * (user + system))
}

fn parent_of_stat(stat: &str) -> Option<u32> {
    fields(stat)?.nth(PARENT)?.parse().ok()
}

/// What stands behind the program's name, which is in parentheses and may hold anything.
fn fields(stat: &str) -> Option<impl Iterator<Item = &str>> {
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.split_whitespace())
}

/// The number of runnable tasks of the machine over the last minute, its CPUs being fully used at their number.
pub fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg")
        .ok()?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_any_name() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194560 500 0 0 0 120 30 7 8 20 0 4 0 100 0 0";
        assert_eq!(cpu_time_of_stat(stat), Some(Duration::from_millis(1500)));
        assert_eq!(
            times_of_stat(stat, ENDED_CHILDREN),
            Some(Duration::from_millis(150))
        );
        assert_eq!(parent_of_stat(stat), Some(1));
        assert_eq!(cpu_time_of_stat("42 (x) S 1"), None);
    }

    #[tokio::test]
    async fn a_dropped_process_is_gone() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo ready; exec cat"]);
        let mut process = Process::start(command, true).unwrap();
        assert_eq!(process.read_until("ready").await.unwrap(), "ready\n");
        let id = process.id();
        assert!(cpu_time(id).is_some());
        drop(process);
        assert_eq!(cpu_time(id), None);
    }

    #[tokio::test]
    async fn a_process_that_ends_too_early_is_told_with_its_output() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such port; exit 3"]);
        let mut process = Process::start(command, false).unwrap();
        let error = process.read_until("ready").await.unwrap_err().to_string();
        assert!(error.contains("no such port") && error.contains('3'), "{error}");
    }
}
