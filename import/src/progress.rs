//! How far a run is: a bar on a terminal, a line every few seconds anywhere else.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Often enough to see that it goes on, seldom enough for a log file.
const LINE_EVERY: Duration = Duration::from_secs(5);
const BAR: &str = "{prefix:>12} [{bar:40}] {human_pos}/{human_len} {per_sec} eta {eta}";
/// For a phase whose end nobody knows.
const COUNTER: &str = "{prefix:>12} {spinner} {human_pos} {per_sec}";

/// Where progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Bar,
    Lines,
    Hidden,
}

impl Progress {
    /// A bar if standard error is a terminal.
    pub fn detect() -> Self {
        if std::io::stderr().is_terminal() {
            Self::Bar
        } else {
            Self::Lines
        }
    }

    /// Begins a phase of so many steps, 0 if nobody knows, which `name` counts, such as "rows".
    pub(crate) fn phase(self, name: &'static str, total: u64) -> Phase {
        let bar = (self == Self::Bar).then(|| bar(name, total));
        Phase {
            shown: self,
            bar,
            name,
            total,
            done: 0,
            started: Instant::now(),
            last_line: Instant::now(),
        }
    }
}

fn bar(name: &'static str, total: u64) -> ProgressBar {
    let (bar, template) = match total {
        0 => (ProgressBar::no_length(), COUNTER),
        _ => (ProgressBar::new(total), BAR),
    };
    // The templates are constants that a test parses; the default bar would do as well.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style).with_prefix(name)
}

/// One phase under way.
pub(crate) struct Phase {
    shown: Progress,
    bar: Option<ProgressBar>,
    name: &'static str,
    total: u64,
    done: u64,
    started: Instant,
    last_line: Instant,
}

impl Phase {
    pub fn advance(&mut self, steps: u64) {
        self.done += steps;
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
        }
        if self.shown == Progress::Lines && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            print(&line(self.name, self.done, self.total, self.started.elapsed()));
        }
    }

    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
        if self.shown == Progress::Lines {
            print(&line(self.name, self.done, self.total, self.started.elapsed()));
        }
    }
}

fn print(line: &str) {
    // Nobody may be listening any more, and that's no reason to stop.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// `rows: 1200 of 240007 (0 %), 400/s, 9m57s left`, or without a known end `orders: 1200, 400/s`.
fn line(name: &str, done: u64, total: u64, elapsed: Duration) -> String {
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = done.saturating_mul(1_000) / elapsed_ms;
    let Some(percent) = (done * 100).checked_div(total) else {
        return format!("{name}: {done}, {per_second}/s");
    };
    let left = total.saturating_sub(done).checked_div(per_second);
    let left = left.map_or_else(
        || "?".to_owned(),
        |seconds| format!("{}m{:02}s", seconds / 60, seconds % 60),
    );
    format!("{name}: {done} of {total} ({percent} %), {per_second}/s, {left} left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_pace_and_rest() {
        let told = line("rows", 1_000, 4_000, Duration::from_secs(10));
        assert_eq!(told, "rows: 1000 of 4000 (25 %), 100/s, 0m30s left");
        assert_eq!(
            line("rows", 0, 9, Duration::ZERO),
            "rows: 0 of 9 (0 %), 0/s, ? left"
        );
        assert_eq!(line("orders", 50, 0, Duration::from_secs(5)), "orders: 50, 10/s");
    }

    #[test]
    fn the_bars_templates_are_right() {
        assert!(ProgressStyle::with_template(BAR).is_ok() && ProgressStyle::with_template(COUNTER).is_ok());
    }
}
