//! The statements of the intents in `PostgreSQL`. The state stands literally in each: a partial index serves only a
//! query that names its state.

pub(super) const NOTE_ORIGIN: &str = "INSERT INTO workers.planner (id, position, origin) VALUES (1, 0, $1)
    ON CONFLICT (id) DO NOTHING";

/// Takes a JSON list of rows, which get their numbers in its order.
pub(super) const INSERT: &str = "INSERT INTO workers.intents
    (event_id, position, kind, recipient, lane, stream, effect, correlation_id, trace_parent, planned_at,
     state, due_at, recovered, outcome, finished_at, last_error)
    SELECT * FROM json_to_recordset($1::json) AS new
    (event_id uuid, position bigint, kind text, recipient text, lane text, stream text, effect text,
     correlation_id uuid, trace_parent text, planned_at bigint, state text, due_at bigint, recovered boolean,
     outcome text, finished_at bigint, last_error text)
    ON CONFLICT (event_id, kind, recipient) DO NOTHING";

/// Takes a JSON list of rows.
pub(super) const NOTE_SETTLED: &str = "INSERT INTO workers.charges_to_confirm
    (provider_reference, payment_id, amount_minor, currency, settled_at)
    SELECT * FROM json_to_recordset($1::json) AS settled
    (provider_reference text, payment_id uuid, amount_minor bigint, currency text, settled_at bigint)
    ON CONFLICT (provider_reference) DO NOTHING";

/// An effect waits while an earlier one of its lane and stream isn't done, also if that one is parked; and, if it was
/// sent again after later ones, while one of those is under way. What another process is just taking or ending is passed
/// over rather than waited for.
pub(super) const CLAIM: &str = "WITH due AS MATERIALIZED (
        SELECT due.seq FROM workers.intents AS due
        WHERE due.lane = $3 AND due.state IN ('pending', 'leased') AND due.due_at <= $4
          AND NOT EXISTS (
            SELECT 1 FROM workers.intents AS other
            WHERE other.lane = due.lane AND other.stream = due.stream AND other.state <> 'done'
              AND (other.seq < due.seq OR (other.seq > due.seq AND other.state = 'leased' AND other.due_at > $4)))
        ORDER BY due.due_at, due.seq LIMIT $5
        FOR UPDATE OF due SKIP LOCKED)
    UPDATE workers.intents
    SET state = 'leased', lease_owner = $1, due_at = $2, claims = claims + 1, attempts = attempts + 1
    FROM due WHERE intents.seq = due.seq
    RETURNING intents.seq, event_id::text AS event_id, effect, correlation_id::text AS correlation_id, trace_parent,
        planned_at, due_at, claims, attempts, recovered, memo";

/// Takes a JSON list of ends; of leases that still are those which `claims` counts. The rows are locked in their order, so
/// that two statements over many rows can't wait for each other.
pub(super) const FINISH: &str = "WITH ends AS MATERIALIZED (
        SELECT * FROM json_to_recordset($1::json) AS ends
        (seq bigint, claims bigint, state text, due_at bigint, attempts bigint, memo text, last_error text,
         outcome text, finished_at bigint)),
    held AS MATERIALIZED (
        SELECT intents.seq FROM workers.intents JOIN ends ON ends.seq = intents.seq AND ends.claims = intents.claims
        WHERE intents.state = 'leased' AND intents.lease_owner = $2
        ORDER BY intents.seq FOR UPDATE OF intents)
    UPDATE workers.intents
    SET state = ends.state, due_at = coalesce(ends.due_at, intents.due_at),
        attempts = greatest(intents.attempts + ends.attempts, 0), memo = coalesce(ends.memo, intents.memo),
        last_error = coalesce(ends.last_error, intents.last_error), outcome = ends.outcome,
        finished_at = ends.finished_at, lease_owner = NULL
    FROM ends JOIN held ON held.seq = ends.seq
    WHERE intents.seq = ends.seq AND intents.claims = ends.claims
    RETURNING intents.seq, intents.claims";

/// Locks the rows in their order, as [`FINISH`] does.
pub(super) const RENEW: &str = "WITH held AS MATERIALIZED (
        SELECT intents.seq FROM workers.intents
        JOIN unnest($2::bigint[], $3::bigint[]) AS held (seq, claims)
          ON held.seq = intents.seq AND held.claims = intents.claims
        WHERE intents.state = 'leased' AND intents.lease_owner = $4
        ORDER BY intents.seq FOR UPDATE OF intents)
    UPDATE workers.intents SET due_at = $1 FROM held WHERE intents.seq = held.seq";

pub(super) const PARK: &str = "UPDATE workers.intents
    SET state = 'parked', last_error = $1, finished_at = $2, lease_owner = NULL WHERE seq = $3";

/// Locks the rows in their order, as [`FINISH`] does.
pub(super) const RELEASE: &str = "WITH held AS MATERIALIZED (
        SELECT seq FROM workers.intents WHERE state = 'leased' AND lease_owner = $2 ORDER BY seq FOR UPDATE)
    UPDATE workers.intents SET state = 'pending', due_at = $1, lease_owner = NULL
    FROM held WHERE intents.seq = held.seq";

pub(super) const NEXT_DUE: &str = "SELECT min(due_at) FROM workers.intents
    WHERE lane = $1 AND state IN ('pending', 'leased') AND due_at > $2";

pub(super) const PARKED: &str = "SELECT parked.seq, parked.kind, parked.stream, parked.event_id::text AS event_id,
        parked.position, parked.attempts, parked.last_error, parked.finished_at,
        (SELECT count(*) FROM workers.intents AS later
         WHERE later.lane = parked.lane AND later.stream = parked.stream AND later.seq > parked.seq
           AND later.state <> 'done') AS waiting
    FROM workers.intents AS parked WHERE parked.state = 'parked' AND parked.seq > $1 ORDER BY parked.seq LIMIT $2";

pub(super) const UNSENT: &str = "SELECT seq, kind, stream, position FROM workers.intents
    WHERE seq > $1 AND state = 'done' AND outcome = 'unknown, not sent' ORDER BY seq LIMIT $2";

pub(super) const RESEND: &str = "UPDATE workers.intents
    SET state = 'pending', due_at = $1, attempts = 0, outcome = NULL, finished_at = NULL
    WHERE seq = $2 AND (state = 'parked' OR (state = 'done' AND outcome = 'unknown, not sent'))";

pub(super) const BACKLOG: &str = "SELECT lane, state, count(*) AS count FROM workers.intents
    WHERE state <> 'done' GROUP BY lane, state";

pub(super) const TALLY: &str = "SELECT lane, state, count(*) AS count FROM workers.intents
    GROUP BY lane, state ORDER BY lane, state";

pub(super) const FORGET: &str = "DELETE FROM workers.intents WHERE seq IN
    (SELECT seq FROM workers.intents
     WHERE state = 'done' AND finished_at < $1 AND outcome <> 'unknown, not sent' LIMIT $2)";

pub(super) const CHARGES_TO_CONFIRM: &str =
    "SELECT provider_reference, payment_id::text AS payment_id, amount_minor,
        currency, settled_at
    FROM workers.charges_to_confirm WHERE settled_at <= $1 ORDER BY settled_at, provider_reference LIMIT $2";

pub(super) const CONFIRM_CHARGES: &str =
    "DELETE FROM workers.charges_to_confirm WHERE provider_reference = ANY ($1)";
