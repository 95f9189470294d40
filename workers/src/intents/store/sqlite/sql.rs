//! The statements of the intents in `SQLite`. The state stands literally in each: a partial index serves only a query
//! that names its state.

/// Takes a JSON list of rows.
pub(super) const INSERT: &str = "INSERT INTO intents
    (event_id, position, kind, recipient, lane, stream, effect, correlation_id, trace_parent, planned_at,
     state, due_at, recovered, outcome, finished_at, last_error)
    SELECT value ->> 'event_id', value ->> 'position', value ->> 'kind', value ->> 'recipient', value ->> 'lane',
        value ->> 'stream', value ->> 'effect', value ->> 'correlation_id', value ->> 'trace_parent',
        value ->> 'planned_at', value ->> 'state', value ->> 'due_at', value ->> 'recovered', value ->> 'outcome',
        value ->> 'finished_at', value ->> 'last_error'
    FROM json_each($1) WHERE true
    ON CONFLICT (event_id, kind, recipient) DO NOTHING";

/// Takes a JSON list of rows.
pub(super) const NOTE_SETTLED: &str = "INSERT INTO charges_to_confirm
    (provider_reference, payment_id, amount_minor, currency, settled_at)
    SELECT value ->> 'provider_reference', value ->> 'payment_id', value ->> 'amount_minor', value ->> 'currency',
        value ->> 'settled_at'
    FROM json_each($1) WHERE true
    ON CONFLICT (provider_reference) DO NOTHING";

/// An effect waits while an earlier one of its lane and stream isn't done, also if that one is parked; and, if it was
/// sent again after later ones, while one of those is under way.
pub(super) const CLAIM: &str = "UPDATE intents
    SET state = 'leased', lease_owner = $1, due_at = $2, claims = claims + 1, attempts = attempts + 1
    WHERE seq IN (
        SELECT due.seq FROM intents AS due
        WHERE due.lane = $3 AND due.state IN ('pending', 'leased') AND due.due_at <= $4
          AND NOT EXISTS (
            SELECT 1 FROM intents AS other
            WHERE other.lane = due.lane AND other.stream = due.stream AND other.state <> 'done'
              AND (other.seq < due.seq OR (other.seq > due.seq AND other.state = 'leased' AND other.due_at > $4)))
        ORDER BY due.due_at, due.seq LIMIT $5)
    RETURNING seq, event_id, effect, correlation_id, trace_parent, planned_at, due_at, claims, attempts, recovered,
        memo";

/// Takes a JSON list of ends; of leases that still are those which `claims` counts.
pub(super) const FINISH: &str = "UPDATE intents
    SET state = ends.state, due_at = coalesce(ends.due_at, intents.due_at),
        attempts = max(intents.attempts + ends.attempts, 0), memo = coalesce(ends.memo, intents.memo),
        last_error = coalesce(ends.last_error, intents.last_error), outcome = ends.outcome,
        finished_at = ends.finished_at, lease_owner = NULL
    FROM (SELECT value ->> 'seq' AS seq, value ->> 'claims' AS claims, value ->> 'state' AS state,
            value ->> 'due_at' AS due_at, value ->> 'attempts' AS attempts, value ->> 'memo' AS memo,
            value ->> 'last_error' AS last_error, value ->> 'outcome' AS outcome,
            value ->> 'finished_at' AS finished_at
          FROM json_each($1)) AS ends
    WHERE intents.seq = ends.seq AND intents.state = 'leased' AND intents.lease_owner = $2
      AND intents.claims = ends.claims
    RETURNING seq, claims";

/// Takes a JSON list of pairs: intent and claims.
pub(super) const RENEW: &str = "UPDATE intents SET due_at = $1
    FROM (SELECT value ->> 0 AS seq, value ->> 1 AS claims FROM json_each($2)) AS held
    WHERE intents.seq = held.seq AND intents.state = 'leased' AND intents.lease_owner = $3
      AND intents.claims = held.claims";

pub(super) const PARK: &str = "UPDATE intents
    SET state = 'parked', last_error = $1, finished_at = $2, lease_owner = NULL WHERE seq = $3";

pub(super) const RELEASE: &str = "UPDATE intents SET state = 'pending', due_at = $1, lease_owner = NULL
    WHERE state = 'leased' AND lease_owner = $2";

pub(super) const RELEASE_ALL: &str = "UPDATE intents SET state = 'pending', due_at = $1, lease_owner = NULL
    WHERE state = 'leased'";

pub(super) const NEXT_DUE: &str = "SELECT min(due_at) FROM intents
    WHERE lane = $1 AND state IN ('pending', 'leased') AND due_at > $2";

pub(super) const PARKED: &str =
    "SELECT parked.seq, parked.kind, parked.stream, parked.event_id, parked.position,
        parked.attempts, parked.last_error, parked.finished_at,
        (SELECT count(*) FROM intents AS later
         WHERE later.lane = parked.lane AND later.stream = parked.stream AND later.seq > parked.seq
           AND later.state <> 'done') AS waiting
    FROM intents AS parked WHERE parked.state = 'parked' AND parked.seq > $1 ORDER BY parked.seq LIMIT $2";

pub(super) const UNSENT: &str = "SELECT seq, kind, stream, position FROM intents
    WHERE seq > $1 AND state = 'done' AND outcome = 'unknown, not sent' ORDER BY seq LIMIT $2";

pub(super) const RESEND: &str = "UPDATE intents
    SET state = 'pending', due_at = $1, attempts = 0, outcome = NULL, finished_at = NULL
    WHERE seq = $2 AND (state = 'parked' OR (state = 'done' AND outcome = 'unknown, not sent'))";

pub(super) const BACKLOG: &str = "SELECT lane, state, count(*) AS count FROM intents
    WHERE state <> 'done' GROUP BY lane, state";

pub(super) const TALLY: &str = "SELECT lane, state, count(*) AS count FROM intents
    GROUP BY lane, state ORDER BY lane, state";

pub(super) const FORGET: &str = "DELETE FROM intents WHERE seq IN
    (SELECT seq FROM intents WHERE state = 'done' AND finished_at < $1 AND outcome <> 'unknown, not sent' LIMIT $2)";

pub(super) const CHARGES_TO_CONFIRM: &str =
    "SELECT provider_reference, payment_id, amount_minor, currency, settled_at
    FROM charges_to_confirm WHERE settled_at <= $1 ORDER BY settled_at, provider_reference LIMIT $2";

/// Takes a JSON list of references.
pub(super) const CONFIRM_CHARGES: &str = "DELETE FROM charges_to_confirm
    WHERE provider_reference IN (SELECT value FROM json_each($1))";

/// The shop isn't running, so what was leased is nobody's.
pub(super) const MARK_RESTORED: &str = "UPDATE intents SET recovered = 1 WHERE lane = ?1 AND state <> 'done'";
