-- Runs and what each did to each dataset.

-- +goose Up

CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    env         TEXT    NOT NULL,
    command     TEXT    NOT NULL,
    as_of_us    INTEGER NOT NULL,
    started_us  INTEGER NOT NULL,
    finished_us INTEGER NOT NULL,
    outcome     TEXT    NOT NULL,
    error       TEXT    NOT NULL,
    process     TEXT    NOT NULL,
    larder      TEXT    NOT NULL
) STRICT;

CREATE INDEX run_env ON run (env, name);
CREATE INDEX run_running ON run (env) WHERE outcome = 'running';

CREATE TABLE step (
    id          INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL,
    dataset_id  INTEGER NOT NULL,
    action      TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    began       INTEGER NOT NULL, -- counts the run's steps as they start; 0 while one waits
    started_us  INTEGER NOT NULL,
    finished_us INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    row_count   INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    error       TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    hint        TEXT    NOT NULL,
    detail      TEXT    NOT NULL, -- JSON, or empty
    UNIQUE (run_id, dataset_id, action)
) STRICT;

CREATE INDEX step_dataset ON step (dataset_id, id) WHERE action <> 'check';
