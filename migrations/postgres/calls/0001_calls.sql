-- Calls between this shop and others: bounded, and not worth a backup. Times are microseconds since 1970 (UTC), as in
-- the SQLite form. No token ever stands here.

CREATE TABLE calls (
    seq         bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          bigint  NOT NULL,
    -- Whether we were called, or called.
    direction   text    NOT NULL CHECK (direction IN ('incoming', 'outgoing')),
    -- The other side, as far as it said who it is.
    peer        text,
    method      text    NOT NULL,
    path        text    NOT NULL,
    -- NULL if no answer came.
    status      bigint,
    duration_ms bigint  NOT NULL,
    -- Why it failed, as a code or in words.
    error       text
);

CREATE INDEX calls_at ON calls (at);
CREATE INDEX calls_peer ON calls (peer, seq);

-- When each that was let in was last here; outlives the calls.
CREATE TABLE contacts (
    peer    text   PRIMARY KEY,
    last_at bigint NOT NULL
);
