-- What the workers have to do in the outside world, and what became of it.
-- Times are microseconds since 1970 (UTC), as in the SQLite form. No personal data: an email's address is opened from
-- the event log when the email is sent.

CREATE TABLE intents (
    -- The order in which they were planned, which is the log's: whoever inserts holds the planner's row, so a smaller
    -- number never becomes visible after a larger one.
    seq            bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The event that asks for it, and its place in the log.
    event_id       uuid    NOT NULL,
    position       bigint  NOT NULL,
    kind           text    NOT NULL,
    -- At whom or what it is directed: an account, an order, the provider.
    recipient      text    NOT NULL,
    -- Which loop carries it out, and within it what it must not overtake.
    lane           text    NOT NULL,
    stream         text    NOT NULL,
    -- The effect itself, as JSON.
    effect         text    NOT NULL,
    correlation_id uuid    NOT NULL,
    trace_parent   text,
    planned_at     bigint  NOT NULL,
    state          text    NOT NULL CHECK (state IN ('pending', 'leased', 'done', 'parked')),
    -- When it may be taken next: the time of the next try, or the end of the lease.
    due_at         bigint  NOT NULL,
    lease_owner    text,
    -- How often it was ever taken: the fence of a lease, and the sign that it may have been carried out before.
    claims         bigint  NOT NULL DEFAULT 0,
    -- Tries that failed since it was planned or sent again.
    attempts       bigint  NOT NULL DEFAULT 0,
    -- Whether its event is older than this table: an earlier one may have carried it out.
    recovered      boolean NOT NULL DEFAULT false,
    -- What the next try has to know, such as the provider's reference.
    memo           text,
    last_error     text,
    -- What it came to, once it is done.
    outcome        text,
    finished_at    bigint,
    UNIQUE (event_id, kind, recipient)
)
-- Each row changes three times, and then lies still for a month: the indexes of what is due stay small only if the dead
-- versions go early, and not when a fifth of the whole table has changed.
WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE INDEX intents_due ON intents (lane, due_at, seq) WHERE state IN ('pending', 'leased');
CREATE INDEX intents_open ON intents (lane, stream, seq) WHERE state <> 'done';
CREATE INDEX intents_parked ON intents (seq) WHERE state = 'parked';
CREATE INDEX intents_leased ON intents (lease_owner) WHERE state = 'leased';
CREATE INDEX intents_finished ON intents (finished_at) WHERE state = 'done';
CREATE INDEX intents_unsent ON intents (seq) WHERE state = 'done' AND outcome = 'unknown, not sent';

-- Charges that the log calls settled and reconciliation has not yet found in the provider's books.
CREATE TABLE charges_to_confirm (
    provider_reference text   PRIMARY KEY,
    payment_id         uuid   NOT NULL,
    amount_minor       bigint NOT NULL,
    currency           text   NOT NULL,
    settled_at         bigint NOT NULL
);

-- One row: how far the log has been planned, and where it stood when this table was made.
CREATE TABLE planner (
    id       integer PRIMARY KEY CHECK (id = 1),
    position bigint  NOT NULL,
    origin   bigint  NOT NULL
);
