-- Personal keys, in a database of their own: it is never copied with the log, and erasing here erases the person.
-- Times are microseconds since 1970 (UTC), ids are 16 bytes, a wrapped key is encrypted with the master key.

CREATE TABLE subject_keys (
    subject    BLOB    PRIMARY KEY,
    -- NULL once the key was erased; the row stays, so that an erased subject never gets a new key.
    wrapped    BLOB,
    created_at INTEGER NOT NULL,
    erased_at  INTEGER,
    CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- One row: a known text under the master key, to tell a wrong master key at once.
CREATE TABLE master_key_check (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    sealed BLOB    NOT NULL
) STRICT;
