-- Accounts that Rollbook created and no listing has shown active yet: one that is deactivated was never
-- anything else.
CREATE TABLE new_accounts (
    account_id TEXT PRIMARY KEY,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Entra groups that the configuration names, folded, with the one that bore the name when it was reviewed.
CREATE TABLE group_pins (
    name     TEXT PRIMARY KEY,
    entra_id TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
