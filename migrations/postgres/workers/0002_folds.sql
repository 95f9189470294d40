-- What somebody makes of the log, kept now and then so that a start needn't read all of it. Losing it loses time.
CREATE TABLE folds (
    name     text   PRIMARY KEY,
    -- Up to here, and the event that stands there: in a log that was restored it may be another.
    position bigint NOT NULL,
    event_id uuid   NOT NULL,
    -- As JSON.
    body     text   NOT NULL
);
