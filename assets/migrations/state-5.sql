-- Accounts that Rollbook created and no listing has shown active yet: one that is deactivated was never
-- anything else.
CREATE TABLE new_accounts (
    account_id TEXT PRIMARY KEY,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
