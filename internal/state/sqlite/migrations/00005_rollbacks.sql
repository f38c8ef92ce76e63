-- Earlier versions that were published again, and what they hold.

-- +goose Up

ALTER TABLE entry ADD COLUMN restores INTEGER NOT NULL DEFAULT 0;

CREATE TABLE rollback (
    id           INTEGER PRIMARY KEY,
    dataset_id   INTEGER NOT NULL,
    run          TEXT    NOT NULL,
    to_version   INTEGER NOT NULL,
    to_run       TEXT    NOT NULL,
    from_version INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    by           TEXT    NOT NULL,
    at_us        INTEGER NOT NULL,
    ended_us     INTEGER NOT NULL,
    UNIQUE (dataset_id, run)
) STRICT;
