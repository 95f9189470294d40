-- What the workers have to do in the outside world, and what became of it: a database of its own.
-- Times are microseconds since 1970 (UTC), ids are UUIDs as text. No personal data: an email's address is
-- opened from the event log when the email is sent.

CREATE TABLE intents (
    -- The order in which they were planned, which is the log's.
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The event that asks for it, and its place in the log.
    event_id       TEXT    NOT NULL,
    position       INTEGER NOT NULL,
    kind           TEXT    NOT NULL,
    -- At whom or what it is directed: an account, an order, the provider.
    recipient      TEXT    NOT NULL,
    -- Which loop carries it out, and within it what it must not overtake.
    lane           TEXT    NOT NULL,
    stream         TEXT    NOT NULL,
    -- The effect itself, as JSON.
    effect         TEXT    NOT NULL,
    correlation_id TEXT    NOT NULL,
    trace_parent   TEXT,
    planned_at     INTEGER NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('pending', 'leased', 'done', 'parked')),
    -- When it may be taken next: the time of the next try, or the end of the lease.
    due_at         INTEGER NOT NULL,
    lease_owner    TEXT,
    -- How often it was ever taken: the fence of a lease, and the sign that it may have been carried out before.
    claims         INTEGER NOT NULL DEFAULT 0,
    -- Tries that failed since it was planned or sent again.
    attempts       INTEGER NOT NULL DEFAULT 0,
    -- 1 if its event is older than this file: an earlier file may have carried it out.
    recovered      INTEGER NOT NULL DEFAULT 0,
    -- What the next try has to know, such as the provider's reference.
    memo           TEXT,
    last_error     TEXT,
    -- What it came to, once it is done.
    outcome        TEXT,
    finished_at    INTEGER,
    UNIQUE (event_id, kind, recipient)
) STRICT;

CREATE INDEX intents_due ON intents (lane, due_at, seq) WHERE state IN ('pending', 'leased');
CREATE INDEX intents_open ON intents (lane, stream, seq) WHERE state <> 'done';
CREATE INDEX intents_parked ON intents (seq) WHERE state = 'parked';
CREATE INDEX intents_leased ON intents (lease_owner) WHERE state = 'leased';
CREATE INDEX intents_finished ON intents (finished_at) WHERE state = 'done';

-- Charges that the log calls settled and reconciliation has not yet found in the provider's books.
CREATE TABLE charges_to_confirm (
    provider_reference TEXT    PRIMARY KEY,
    payment_id         TEXT    NOT NULL,
    amount_minor       INTEGER NOT NULL,
    currency           TEXT    NOT NULL,
    settled_at         INTEGER NOT NULL
) STRICT;

-- One row: how far the log has been planned, and where it stood when this file was made.
CREATE TABLE planner (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL,
    origin   INTEGER NOT NULL
) STRICT;
