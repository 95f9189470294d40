//! The name of every metric, in one place: code counts under these, and the alerts and dashboards in
//! `deploy/monitoring` may ask for nothing else.

/// What a metric is, as Prometheus sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    /// Asked for by its name with `_bucket`, `_sum` or `_count` behind it.
    Histogram,
}

/// A metric and what it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident: $kind:ident $name:literal, $help:literal;)+) => {
        $(#[doc = $help] pub const $constant: &str = $name;)+

        /// All of ours.
        pub const ALL: &[Metric] = &[$(Metric { name: $name, kind: Kind::$kind, help: $help },)+];
    };
}

metrics! {
    BUILD_INFO: Gauge "tillstream_build_info", "1, with the version and the role as labels";

    HTTP_REQUESTS: Counter "tillstream_http_requests_total", "Requests answered, by method, route and status";
    HTTP_REQUEST_SECONDS: Histogram "tillstream_http_request_seconds", "Seconds until the answer's head, by method and route";
    HTTP_REQUESTS_IN_FLIGHT: Gauge "tillstream_http_requests_in_flight", "Requests that are being answered";

    COMMANDS: Counter "tillstream_commands_total", "Commands, by what they came to";
    COMMAND_CONFLICTS: Counter "tillstream_command_conflicts_total", "Decisions that others overtook and that were made anew";
    COMMAND_SECONDS: Histogram "tillstream_command_seconds", "Seconds from a command to its result, retries included";

    LOG_HEAD: Gauge "tillstream_log_head", "The position of the last event that this process knows of";
    LOG_BATCHES: Counter "tillstream_log_batches_total", "Transactions of the log's writer";
    LOG_APPENDS: Counter "tillstream_log_appends_total", "Appends that succeeded";
    LOG_EVENTS: Counter "tillstream_log_events_total", "Events written to the log";
    LOG_CONFLICTS: Counter "tillstream_log_conflicts_total", "Appends refused since a stream had moved on";
    LOG_BATCH_APPENDS: Histogram "tillstream_log_batch_appends", "Appends in one transaction of the log's writer";
    LOG_BATCH_EVENTS: Histogram "tillstream_log_batch_events", "Events in one transaction of the log's writer";

    RELAY_POSITION: Gauge "tillstream_relay_position", "The last position on the bus";
    RELAY_LAG_EVENTS: Gauge "tillstream_relay_lag_events", "Events in the log that aren't on the bus yet";
    LEADER: Gauge "tillstream_leader", "1 while this process acts where only one may, by role";

    VIEW_POSITION: Gauge "tillstream_view_position", "The position that a view reflects";
    VIEW_LAG_EVENTS: Gauge "tillstream_view_lag_events", "Events in the log that a view doesn't reflect yet";
    VIEW_LAG_SECONDS: Gauge "tillstream_view_lag_seconds", "Age in seconds of the oldest event that a view doesn't reflect yet; 0 if there is none";
    PROJECTOR_EVENTS: Counter "tillstream_projector_events_total", "Events projected";
    CACHE_REQUESTS: Counter "tillstream_cache_requests_total", "Documents asked of the cache, by kind and result";
    CACHE_REFILLS: Counter "tillstream_cache_refills_total", "Times that a lost cache was filled anew";
    CACHE_WRITE_FAILURES: Counter "tillstream_cache_write_failures_total", "Changes that the cache couldn't be told of";

    EFFECTS: Counter "tillstream_effects_total", "Effects carried out, by lane and result";
    EFFECT_SECONDS: Histogram "tillstream_effect_seconds", "Seconds that an effect took, by lane";
    INTENTS: Gauge "tillstream_intents", "Intents, by lane and state; parked ones wait for a person";
    WORKER_LAG_SECONDS: Gauge "tillstream_worker_lag_seconds", "Age in seconds of the oldest event that the workers haven't planned for yet; 0 if there is none";
    WORKER_LAG_EVENTS: Gauge "tillstream_worker_lag_events", "Events in the log that the workers haven't planned for yet";
    SETTLEMENT_OUTCOMES: Counter "tillstream_settlement_outcomes_total", "What the payment provider answered, by kind and outcome";
    RECONCILIATION_FINDINGS: Counter "tillstream_reconciliation_findings_total", "Differences between our books and the provider's, by kind";

    CHAIN_REPORT_AGE_SECONDS: Gauge "tillstream_chain_report_age_seconds", "Seconds since headquarters last took a report of this branch";
    CHAIN_CALLS: Counter "tillstream_chain_calls_total", "Calls of this branch at headquarters, by what for and result";
    CHAIN_PRODUCTS_REFUSED: Counter "tillstream_chain_products_refused_total", "Products of headquarters' that this branch can't take over";
    CHAIN_ROWS_REFUSED: Gauge "tillstream_chain_rows_refused", "Rows of headquarters' catalogue that this branch doesn't have as they are there, and tries again";
    CHAIN_CLOCK_SKEW_SECONDS: Gauge "tillstream_chain_clock_skew_seconds", "Seconds by which this branch's clock is ahead of headquarters'";
    CHAIN_LATE_DAYS: Gauge "tillstream_chain_late_days", "Days of the last three months that branches owe this headquarters";
    CHAIN_SILENT_BRANCHES: Gauge "tillstream_chain_silent_branches", "Branches with a token that haven't called this headquarters for an hour";
    BACKUP_AGE_SECONDS: Gauge "tillstream_backup_age_seconds", "Seconds since everything was in a backup";
    BACKUP_SECONDS: Histogram "tillstream_backup_seconds", "Seconds that a backup took";
    BACKUP_BYTES: Counter "tillstream_backup_written_bytes_total", "Bytes written for backups";
    BACKUP_FAILURES: Counter "tillstream_backup_failures_total", "Backups that failed";
    RESTORING: Gauge "tillstream_restoring", "1 while a restored shop takes no commands since the payment provider has yet to be asked";

    TRACE_SPANS_LOST: Counter "tillstream_trace_spans_lost_total", "Spans that the collector couldn't be given";
}

/// What the system tells of the process, under the names that Prometheus' clients share.
pub const PROCESS: &[Metric] = &[
    Metric {
        name: "process_cpu_seconds_total",
        kind: Kind::Counter,
        help: "Seconds of processor time, user's and system's",
    },
    Metric {
        name: "process_resident_memory_bytes",
        kind: Kind::Gauge,
        help: "Memory in use",
    },
    Metric {
        name: "process_virtual_memory_bytes",
        kind: Kind::Gauge,
        help: "Memory addressed",
    },
    Metric {
        name: "process_open_fds",
        kind: Kind::Gauge,
        help: "Open files and sockets",
    },
    Metric {
        name: "process_max_fds",
        kind: Kind::Gauge,
        help: "Files and sockets that may be open",
    },
    Metric {
        name: "process_threads",
        kind: Kind::Gauge,
        help: "Threads",
    },
    Metric {
        name: "process_start_time_seconds",
        kind: Kind::Gauge,
        help: "When the process started, in seconds since 1970",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_the_conventions_and_are_unique() {
        let mut seen = BTreeSet::new();
        for Metric { name, kind, help } in ALL.iter().chain(PROCESS) {
            assert!(seen.insert(name), "{name} is there twice");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(!help.is_empty() && !help.ends_with('.'), "{name}");
        }
        assert!(ALL.iter().all(|metric| metric.name.starts_with("tillstream_")));
    }
}
