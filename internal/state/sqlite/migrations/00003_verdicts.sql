-- Check results, and apart from them what was measured: a baseline reads two
-- years of one check's values without touching the results.

-- +goose Up

CREATE TABLE check_name (
    id         INTEGER PRIMARY KEY,
    dataset_id INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    latest     INTEGER NOT NULL DEFAULT 0, -- the result recorded last
    UNIQUE (dataset_id, name)
) STRICT;

CREATE TABLE result (
    id        INTEGER PRIMARY KEY,
    check_id  INTEGER NOT NULL,
    run       TEXT    NOT NULL,
    at_us     INTEGER NOT NULL,
    rule_id   INTEGER NOT NULL, -- content
    status    TEXT    NOT NULL,
    value     TEXT    NOT NULL,
    expected  TEXT    NOT NULL,
    message   TEXT    NOT NULL,
    samples   TEXT    NOT NULL, -- JSON, or empty
    failing   INTEGER NOT NULL,
    query_id  INTEGER NOT NULL, -- content
    took_ns   INTEGER NOT NULL,
    published INTEGER NOT NULL,
    UNIQUE (run, check_id, at_us)
) STRICT;

CREATE TABLE measure (
    check_id  INTEGER NOT NULL,
    at_us     INTEGER NOT NULL,
    result_id INTEGER NOT NULL,
    position  INTEGER NOT NULL, -- 0: the value of the whole; from 1: segments in order
    segment   TEXT    NOT NULL,
    number    REAL,             -- NULL: not a number
    value     TEXT    NOT NULL,
    expected  TEXT    NOT NULL,
    status    TEXT    NOT NULL,
    PRIMARY KEY (check_id, at_us, result_id, position)
) STRICT, WITHOUT ROWID;
