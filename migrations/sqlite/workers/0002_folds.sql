-- What somebody makes of the log, kept now and then so that a start needn't read all of it. Losing it loses time.
CREATE TABLE folds (
    name     TEXT    PRIMARY KEY,
    -- Up to here, and the event that stands there: in a log that was restored it may be another.
    position INTEGER NOT NULL,
    event_id TEXT    NOT NULL,
    -- As JSON.
    body     TEXT    NOT NULL
) STRICT;
