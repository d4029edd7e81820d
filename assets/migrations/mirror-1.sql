-- A cache: rebuilt when damaged. Times are seconds since 1970, UTC.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE look_ups (
    address  TEXT PRIMARY KEY,
    accounts TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows are numbered as in the snapshot; a group's members are its sorted row numbers, four bytes
-- each, little-endian.
CREATE TABLE entra_people (
    row   INTEGER PRIMARY KEY,
    id    TEXT NOT NULL,
    name  TEXT NOT NULL,
    mail  TEXT NOT NULL,
    upn   TEXT NOT NULL,
    flags INTEGER NOT NULL
) STRICT;

CREATE TABLE entra_groups (
    row    INTEGER PRIMARY KEY,
    id     TEXT NOT NULL,
    name   TEXT NOT NULL,
    kind   INTEGER NOT NULL,
    hidden INTEGER NOT NULL,
    people BLOB NOT NULL,
    nested BLOB NOT NULL
) STRICT;

CREATE TABLE jira_accounts (
    row    INTEGER PRIMARY KEY,
    id     TEXT NOT NULL,
    name   TEXT NOT NULL,
    email  TEXT NOT NULL,
    active INTEGER NOT NULL,
    kind   INTEGER NOT NULL
) STRICT;

CREATE TABLE jira_groups (
    row     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL,
    name    TEXT NOT NULL,
    class   INTEGER NOT NULL,
    members BLOB
) STRICT;
