-- Personal keys. Erasing one here erases the person from the log. Times are microseconds since 1970 (UTC), a wrapped key
-- is encrypted with the master key.

-- Vacuumed whenever something is dead in it: a dead row holds an erased key.
CREATE TABLE subject_keys (
    subject    uuid   PRIMARY KEY,
    -- NULL once the key was erased; the row stays, so that an erased subject never gets a new key.
    wrapped    bytea,
    created_at bigint NOT NULL,
    erased_at  bigint,
    CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);

-- One row: a known text under the master key, to tell a wrong master key at once.
CREATE TABLE master_key_check (
    id     integer PRIMARY KEY CHECK (id = 1),
    sealed bytea   NOT NULL
);
