//! The report: a table to read, and the same as JSON.

use std::fmt::Write;

use serde::Serialize;

use crate::measurement::{Measurement, Summary};
use crate::plan::Plan;
use crate::statistics::Spread;

#[derive(Serialize)]
pub struct Report {
    pub clients: usize,
    pub rounds: usize,
    pub round_ms: u128,
    pub cpus: usize,
    /// Before anything was started; above a fraction of a CPU, somebody else is measured, too.
    pub load_average_before: Option<f64>,
    pub measurements: Vec<Measurement>,
}

impl Report {
    pub fn new(plan: &Plan, load_average_before: Option<f64>, measurements: Vec<Measurement>) -> Self {
        Self {
            clients: plan.clients,
            rounds: plan.rounds,
            round_ms: plan.round.as_millis(),
            cpus: std::thread::available_parallelism().map_or(0, usize::from),
            load_average_before,
            measurements,
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
        for measurement in &self.measurements {
            add_measurement(&mut text, measurement);
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

fn add_measurement(text: &mut String, measurement: &Measurement) {
    let _ = writeln!(
        text,
        "\n{:<24} {:>28} {:>9} {:>9} {:>9} {:>9}  shop/limit",
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
        "  {:<22} {rate:>28} {:>9} {:>9} {:>9} {:>9}  {ratio}",
        side.name,
        number(side.p50_us.map(|time| time / 1e3), 2),
        number(side.p99_us.map(|time| time / 1e3), 2),
        number(side.server_cpu_us, 1),
        number(side.client_cpu_us, 1),
    );
    let _ = writeln!(text, "{}", line.trim_end());
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
