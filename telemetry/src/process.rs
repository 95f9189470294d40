//! What the system tells of this process: processor time, memory, open files. Read from `/proc`; where there is
//! none, or it doesn't tell, a line is missing and nothing else.

use std::fmt::Write;
use std::fs;

use crate::names::{self, Kind};

/// Linux tells processes' times in hundredths of a second, whatever its own clock does.
const TICKS_PER_SECOND: f64 = 100.0;
const BYTES_PER_KIB: f64 = 1024.0;

/// Appends the metrics of the process to a page in Prometheus' text format.
pub(crate) fn write(page: &mut String) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    for metric in names::PROCESS {
        let value = match metric.name {
            "process_cpu_seconds_total" => cpu_seconds(&stat),
            "process_resident_memory_bytes" => kib(&status, "VmRSS:"),
            "process_virtual_memory_bytes" => kib(&status, "VmSize:"),
            "process_threads" => field(&status, "Threads:"),
            "process_open_fds" => open_files(),
            "process_max_fds" => max_files(),
            "process_start_time_seconds" => start_time(&stat),
            _ => None,
        };
        let Some(value) = value else { continue };
        let kind = if metric.kind == Kind::Counter {
            "counter"
        } else {
            "gauge"
        };
        let (name, help) = (metric.name, metric.help);
        // Writing to a String never fails.
        let _ = write!(
            page,
            "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n\n"
        );
    }
}

/// The numbers of `/proc/self/stat` after the program's name, which may hold blanks and brackets itself. The first
/// is field 3 of proc(5).
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(number - 3)?.parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    let (user, system) = (stat_field(stat, 14)?, stat_field(stat, 15)?);
    Some((user + system) / TICKS_PER_SECOND)
}

fn start_time(stat: &str) -> Option<f64> {
    let after_boot = stat_field(stat, 22)? / TICKS_PER_SECOND;
    let boot = field(&fs::read_to_string("/proc/stat").ok()?, "btime ")?;
    Some(boot + after_boot)
}

/// The first number after a label at a line's start.
fn field(text: &str, label: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(label))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn kib(status: &str, label: &str) -> Option<f64> {
    field(status, label).map(|kib| kib * BYTES_PER_KIB)
}

#[expect(clippy::cast_precision_loss, reason = "no process has 2^53 open files")]
fn open_files() -> Option<f64> {
    // One of them is the folder that is being read.
    let open = fs::read_dir("/proc/self/fd").ok()?.count().checked_sub(1)?;
    Some(open as f64)
}

fn max_files() -> Option<f64> {
    field(&fs::read_to_string("/proc/self/limits").ok()?, "Max open files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_shifts_no_field() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 1 0 900 1 1";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(stat_field(stat, 22), Some(900.0));
        assert_eq!(cpu_seconds(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_told_of_in_full() {
        let mut page = String::new();
        write(&mut page);
        for metric in names::PROCESS {
            let value = field(&page, &format!("{} ", metric.name)).unwrap_or_else(|| panic!("{page}"));
            assert!(value >= 0.0, "{}", metric.name);
        }
        assert!(field(&page, "process_open_fds ").unwrap() >= 3.0);
        assert!(field(&page, "process_resident_memory_bytes ").unwrap() > BYTES_PER_KIB);
    }
}
