-- What Rollbook must never lose: links, ownership, decisions, runs, journal.
-- Times are seconds since 1970, UTC.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE people_links (
    entra_id   TEXT PRIMARY KEY,
    account_id TEXT NOT NULL UNIQUE,
    how        TEXT NOT NULL,
    email      TEXT NOT NULL,
    name       TEXT NOT NULL,
    since      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE group_links (
    entra_id  TEXT PRIMARY KEY,
    group_id  TEXT NOT NULL,
    ownership TEXT NOT NULL CHECK (ownership IN ('confirmed', 'owned', 'owned-with-access')),
    since     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    operation_id TEXT PRIMARY KEY,
    verdict      TEXT NOT NULL CHECK (verdict IN ('rejected', 'ignored')),
    reason       TEXT NOT NULL,
    at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE kept_apart (
    entra_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (entra_id, group_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE unwritable_groups (
    group_id TEXT PRIMARY KEY,
    message  TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- People whom Jira refused to create, under this address.
CREATE TABLE refused_people (
    address TEXT PRIMARY KEY,
    message TEXT NOT NULL,
    -- Digest of the settings under which it was refused: others may help.
    settings TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE measures (
    at          INTEGER NOT NULL,
    users       INTEGER NOT NULL,
    groups      INTEGER NOT NULL,
    memberships INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
    number      INTEGER PRIMARY KEY,
    run_id      TEXT NOT NULL UNIQUE,
    kind        TEXT NOT NULL CHECK (kind IN ('attended', 'unattended', 'undo', 'adopt', 'person')),
    plan_id     TEXT NOT NULL,
    host        TEXT NOT NULL,
    person      TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    outcome     TEXT,
    done        INTEGER NOT NULL DEFAULT 0,
    already     INTEGER NOT NULL DEFAULT 0,
    failed      INTEGER NOT NULL DEFAULT 0,
    skipped     INTEGER NOT NULL DEFAULT 0,
    held        INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE allowances (
    run   INTEGER NOT NULL REFERENCES runs (number),
    guard TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (run, guard)
) STRICT, WITHOUT ROWID;

-- What guards held in a run.
CREATE TABLE held (
    run   INTEGER NOT NULL REFERENCES runs (number),
    guard TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (run, guard)
) STRICT, WITHOUT ROWID;

-- One row an operation: written with its intent before the call, completed after it.
CREATE TABLE journal (
    run          INTEGER NOT NULL REFERENCES runs (number),
    operation_id TEXT NOT NULL,
    kind         TEXT NOT NULL,
    entra_id     TEXT,
    account_id   TEXT,
    email        TEXT,
    name         TEXT,
    group_entra  TEXT,
    group_id     TEXT,
    group_name   TEXT,
    reason       TEXT NOT NULL,
    intent_at    INTEGER NOT NULL,
    outcome_at   INTEGER,
    outcome      TEXT CHECK (outcome IN ('done', 'already', 'failed', 'not-made')),
    proven_new   INTEGER NOT NULL DEFAULT 0,
    status       INTEGER,
    code         TEXT,
    message      TEXT,
    advice       TEXT,
    request_id   TEXT,
    PRIMARY KEY (run, operation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_by_time ON journal (intent_at);
