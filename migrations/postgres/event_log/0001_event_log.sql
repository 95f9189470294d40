-- The event log: append-only. Times are microseconds since 1970 (UTC).

CREATE TABLE events (
    position       bigint  PRIMARY KEY,
    stream         text    COLLATE "C" NOT NULL,
    version        bigint  NOT NULL,
    -- Not unique: the fence on (stream, version) keeps a repeated append out, at half the cost of another index.
    event_id       uuid    NOT NULL,
    event_type     text    NOT NULL,
    schema_version integer NOT NULL,
    -- JSON, as text: what was hashed or signed must come back byte by byte.
    payload        text    NOT NULL,
    recorded_at    bigint  NOT NULL,
    actor          text    NOT NULL,
    correlation_id uuid    NOT NULL,
    causation_id   uuid,
    trace_parent   text,
    UNIQUE (stream, version)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the event log is append-only: an event is never changed or deleted';
END
$$;

CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One row: the position of the newest event. Whoever writes to the log locks it first. Every batch updates it; the free
-- room in its page lets PostgreSQL do so in place.
CREATE TABLE log_head (
    id       integer PRIMARY KEY CHECK (id = 1),
    position bigint  NOT NULL
) WITH (fillfactor = 10);

INSERT INTO log_head (id, position) VALUES (1, 0);

-- Values that only one owner may have, as UTF-8: a text here couldn't hold a NUL, and a client may send one.
CREATE TABLE claims (
    scope text  COLLATE "C" NOT NULL,
    value bytea NOT NULL,
    owner text  NOT NULL,
    PRIMARY KEY (scope, value)
);

-- What commands with an idempotency key were answered. The key is UTF-8, as a claim's value is.
CREATE TABLE outcomes (
    scope       text   COLLATE "C" NOT NULL,
    key         bytea  NOT NULL,
    fingerprint text   NOT NULL,
    outcome     text   NOT NULL,
    position    bigint NOT NULL,
    recorded_at bigint NOT NULL,
    PRIMARY KEY (scope, key)
);

CREATE INDEX outcomes_by_age ON outcomes (recorded_at);
