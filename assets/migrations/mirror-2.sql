-- Snapshots as columns of bytes, in parts, each with the SHA-256 of its bytes: a part that is
-- damaged is found before it is believed.
DROP TABLE entra_people;
DROP TABLE entra_groups;
DROP TABLE jira_accounts;
DROP TABLE jira_groups;
DROP TABLE look_ups;
DELETE FROM meta;

CREATE TABLE columns (
    name  TEXT NOT NULL,
    part  INTEGER NOT NULL,
    sum   BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (name, part)
) STRICT;

CREATE TABLE look_ups (
    address  TEXT PRIMARY KEY,
    accounts TEXT NOT NULL,
    -- Whether the answer names exactly this address's account.
    exact    INTEGER NOT NULL,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
