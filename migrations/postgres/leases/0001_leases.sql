-- Who may do what only one process may do at a time, and until when. By this server's clock alone.

CREATE TABLE leases (
    name       text        PRIMARY KEY,
    -- Drawn anew for every run of the work: a process that comes back from the dead doesn't know the current one.
    holder     uuid        NOT NULL,
    held_until timestamptz NOT NULL
) WITH (fillfactor = 10);
