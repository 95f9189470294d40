-- Calls between this shop and others: a database of its own, bounded, and not worth a backup. Times are microseconds
-- since 1970 (UTC). No token ever stands here.

CREATE TABLE calls (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    -- Whether we were called, or called.
    direction   TEXT    NOT NULL CHECK (direction IN ('incoming', 'outgoing')),
    -- The other side, as far as it said who it is.
    peer        TEXT,
    method      TEXT    NOT NULL,
    path        TEXT    NOT NULL,
    -- NULL if no answer came.
    status      INTEGER,
    duration_ms INTEGER NOT NULL,
    -- Why it failed, as a code or in words.
    error       TEXT
) STRICT;

CREATE INDEX calls_at ON calls (at);
CREATE INDEX calls_peer ON calls (peer, seq);

-- When each that was let in was last here; outlives the calls.
CREATE TABLE contacts (
    peer    TEXT    PRIMARY KEY,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
