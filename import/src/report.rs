//! What a run came to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::client::Traffic;
use crate::kind::Kind;
use crate::rejection::CodeSummary;

/// How many of something came in, were there already, or were rejected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub accepted: u64,
    pub unchanged: u64,
    pub rejected: u64,
}

impl Tally {
    pub fn total(&self) -> u64 {
        self.accepted + self.unchanged + self.rejected
    }
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// The file's rows.
    pub rows: Tally,
    /// What the server was sent, or would have been if it hadn't confirmed it before.
    pub records: BTreeMap<Kind, Tally>,
    pub rejected_by_code: BTreeMap<String, CodeSummary>,
    pub traffic: Traffic,
    pub elapsed: Duration,
}

impl ImportReport {
    /// Whether the server failed at anything: then rows may be missing that a second run would bring.
    pub fn has_server_errors(&self) -> bool {
        self.traffic.server_errors() > 0
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<14}{:>10}{:>10}{:>10}{:>10}",
            "", "total", "accepted", "unchanged", "rejected"
        )?;
        write_tally(f, "rows", &self.rows)?;
        for (kind, tally) in &self.records {
            write_tally(f, kind.plural(), tally)?;
        }
        for (code, summary) in &self.rejected_by_code {
            let first = &summary.first;
            writeln!(
                f,
                "rejected {} × {code}: first row {}, {} = {:?}: {}",
                summary.rows, first.row, first.field, first.value, first.reason
            )?;
        }
        write!(f, "requests by status:")?;
        for (status, count) in &self.traffic.answers {
            write!(f, " {status} × {count}")?;
        }
        let Traffic { retries, lost, .. } = self.traffic;
        writeln!(f, "; {lost} without an answer, {retries} sent again")?;
        match self.traffic.server_errors() {
            0 => writeln!(f, "no 5xx")?,
            failed => writeln!(
                f,
                "THE SERVER FAILED {failed} TIMES (5xx): look into its log, then run again"
            )?,
        }
        write!(f, "{:.1} s", self.elapsed.as_secs_f64())
    }
}

fn write_tally(f: &mut fmt::Formatter<'_>, name: &str, tally: &Tally) -> fmt::Result {
    let Tally {
        accepted,
        unchanged,
        rejected,
    } = tally;
    writeln!(
        f,
        "{name:<14}{:>10}{accepted:>10}{unchanged:>10}{rejected:>10}",
        tally.total()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_the_server_can_t_be_overlooked() {
        let mut report = ImportReport::default();
        report.traffic.answers.insert(201, 4);
        assert!(report.to_string().contains("no 5xx"));
        report.traffic.answers.insert(500, 1);
        assert!(report.has_server_errors());
        let shown = report.to_string();
        assert!(
            shown.contains("201 × 4 500 × 1") && shown.contains("FAILED 1 TIMES"),
            "{shown}"
        );
    }
}
