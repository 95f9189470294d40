//! The report: tables to read, and the same as JSON.

use std::fmt::Write;

use serde::Serialize;

use crate::distributed::LagSummary;
use crate::measurement::{Measurement, Summary};
use crate::plan::Plan;
use crate::rebuild::RebuildSummary;
use crate::statistics::Spread;

#[derive(Serialize)]
pub struct Report {
    /// At once, where a measurement doesn't say its own.
    pub clients: usize,
    pub rounds: usize,
    pub round_ms: u128,
    pub cpus: usize,
    /// Before anything was started; above a fraction of a CPU, somebody else is measured, too.
    pub load_average_before: Option<f64>,
    pub sections: Vec<Section>,
}

/// What was measured of one form of the shop.
#[derive(Serialize)]
pub struct Section {
    pub form: &'static str,
    /// What ran.
    pub setup: String,
    pub measurements: Vec<Measurement>,
    /// Of a form in which what is read comes later than what is answered.
    pub lag: Option<LagSummary>,
    pub rebuilds: Option<RebuildSummary>,
}

impl Report {
    pub fn new(plan: &Plan, load_average_before: Option<f64>, sections: Vec<Section>) -> Self {
        Self {
            clients: plan.clients,
            rounds: plan.rounds,
            round_ms: plan.round.as_millis(),
            cpus: std::thread::available_parallelism().map_or(0, usize::from),
            load_average_before,
            sections,
        }
    }

    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{} clients in a closed loop on loopback, {} interleaved rounds of {} ms for each side, {} CPUs",
            self.clients, self.rounds, self.round_ms, self.cpus
        );
        if let Some(load) = self.load_average_before {
            // Writing to a String never fails.
            let _ = write!(text, ", load average before: {load:.2}");
        }
        text.push('\n');
        for section in &self.sections {
            add_section(&mut text, section);
        }
        text.push_str(FOOT);
        text
    }
}

const FOOT: &str = "
rate: median of the rounds (lowest to highest); p50, p99: over all rounds.
shop/limit: the shop's rate by the limit's, round by round: median (lowest to highest).
CPU: microseconds of processor time for each request, of the server and of the load generator. The load
generator and the servers share the CPUs: without it both sides would be faster, the limit more so.
";

fn add_section(text: &mut String, section: &Section) {
    let _ = writeln!(text, "\n== {}: {}", section.form, section.setup);
    for measurement in &section.measurements {
        add_measurement(text, measurement);
    }
    if let Some(lag) = &section.lag {
        add_lag(text, lag);
    }
    if let Some(rebuilds) = &section.rebuilds {
        add_rebuilds(text, rebuilds);
    }
}

fn add_measurement(text: &mut String, measurement: &Measurement) {
    let _ = writeln!(
        text,
        "\n{:<32} {:>28} {:>9} {:>9} {:>9} {:>9}  shop/limit",
        measurement.name, "rate /s", "p50 ms", "p99 ms", "CPU µs", "load µs"
    );
    for side in &measurement.sides {
        add_side(text, side);
    }
    if let Some(shop) = measurement.sides.first().filter(|shop| shop.body_bytes > 0) {
        let _ = writeln!(text, "  - an answer's body has {} bytes", shop.body_bytes);
    }
    for note in &measurement.notes {
        let _ = writeln!(text, "  - {note}");
    }
}

fn add_side(text: &mut String, side: &Summary) {
    let rate = side.per_second.map_or_else(missing, |rate| spread(rate, 0));
    let ratio = side
        .shop_to_this
        .map_or_else(String::new, |ratio| spread(ratio, 2));
    let line = format!(
        "  {:<30} {rate:>28} {:>9} {:>9} {:>9} {:>9}  {ratio}",
        side.name,
        number(side.p50_us.map(|time| time / 1e3), 2),
        number(side.p99_us.map(|time| time / 1e3), 2),
        number(side.server_cpu_us, 1),
        number(side.client_cpu_us, 1),
    );
    let _ = writeln!(text, "{}", line.trim_end());
}

fn add_lag(text: &mut String, lag: &LagSummary) {
    let _ = writeln!(
        text,
        "\n{:<32} {:>9} {:>9} {:>9}",
        "from the answer to the read", "p50 ms", "p99 ms", "max ms"
    );
    for (name, times) in [
        ("the order can be read", &lag.visible_ms),
        ("the same read once more", &lag.again_ms),
    ] {
        let _ = writeln!(
            text,
            "  {name:<30} {:>9} {:>9} {:>9}",
            number(Some(times.p50), 2),
            number(Some(times.p99), 2),
            number(Some(times.max), 2)
        );
    }
    for note in lag.notes() {
        let _ = writeln!(text, "  - {note}");
    }
}

fn add_rebuilds(text: &mut String, rebuilds: &RebuildSummary) {
    let _ = writeln!(text, "\n{:<32} {:>28} {:>24}", "rebuild", "events /s", "seconds");
    let _ = writeln!(
        text,
        "  {:<30} {:>28} {:>24}",
        rebuilds.store,
        spread(rebuilds.events_per_second, 0),
        spread(rebuilds.seconds, 2)
    );
    let _ = writeln!(
        text,
        "  - all read models out of a log of {} events, by a process of its own beside those that run and are at rest",
        rebuilds.events
    );
}

fn spread(spread: Spread, decimals: usize) -> String {
    let Spread { median, min, max } = spread;
    format!("{median:.decimals$} ({min:.decimals$} to {max:.decimals$})")
}

fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(missing, |value| format!("{value:.decimals$}"))
}

fn missing() -> String {
    "-".to_owned()
}
