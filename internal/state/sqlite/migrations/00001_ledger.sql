-- What was built from what. Times are microseconds since 1970 in UTC; the year
-- 1 (Go's zero time) stands for "none".

-- +goose Up

-- "LARD": tells this file from another program's.
PRAGMA application_id = 1279349316;

-- The datasets of each environment, with the newest numbers handed out.
CREATE TABLE dataset (
    id      INTEGER PRIMARY KEY,
    env     TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    version INTEGER NOT NULL DEFAULT 0,
    fence   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (env, name)
) STRICT;

-- Long texts, each kept once: models, rules, queries, columns (as JSON).
CREATE TABLE content (
    id   INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE, -- SHA-256 of body
    body TEXT NOT NULL
) STRICT;

CREATE TABLE entry (
    dataset_id    INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    fence         INTEGER NOT NULL,
    from_us       INTEGER NOT NULL,
    to_us         INTEGER NOT NULL,
    run           TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    at_us         INTEGER NOT NULL,
    data_version  TEXT    NOT NULL,
    check_version TEXT    NOT NULL,
    engine        TEXT    NOT NULL,
    model_id      INTEGER NOT NULL, -- content; 0 is the empty text
    upstream_id   INTEGER NOT NULL, -- content: columns by dataset
    columns_id    INTEGER NOT NULL, -- content: columns
    inputs        TEXT    NOT NULL, -- JSON
    row_count     INTEGER NOT NULL,
    took_ns       INTEGER NOT NULL,
    note          TEXT    NOT NULL,
    PRIMARY KEY (dataset_id, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX entry_intended ON entry (dataset_id) WHERE state = 'intended';

-- The newest published entry of each dataset and interval.
CREATE TABLE head (
    dataset_id INTEGER NOT NULL,
    from_us    INTEGER NOT NULL,
    to_us      INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    PRIMARY KEY (dataset_id, from_us, to_us)
) STRICT, WITHOUT ROWID;
