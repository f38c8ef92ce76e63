-- Environments beside production, and what somebody let pass although a check
-- blocks it.

-- +goose Up

CREATE TABLE environment (
    name       TEXT    PRIMARY KEY,
    by         TEXT    NOT NULL,
    created_us INTEGER NOT NULL,
    used_us    INTEGER NOT NULL,
    expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE acceptance (
    id         INTEGER PRIMARY KEY,
    dataset_id INTEGER NOT NULL,
    check_name TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    by         TEXT    NOT NULL,
    at_us      INTEGER NOT NULL,
    until_us   INTEGER NOT NULL,
    ended_us   INTEGER NOT NULL
) STRICT;

CREATE INDEX acceptance_dataset ON acceptance (dataset_id);
