-- Leavers, what was taken from them, and a journal that only grows.
-- Whether the person was enabled and in scope in an applied snapshot.
ALTER TABLE people_links ADD COLUMN enrolled INTEGER NOT NULL DEFAULT 0;
-- The day since which Entra shows an enrolled person disabled or deleted.
ALTER TABLE people_links ADD COLUMN left_on TEXT;

-- What Rollbook took from leavers and has not given back; without a group: the account was
-- suspended.
CREATE TABLE taken (
    account_id TEXT NOT NULL,
    group_id   TEXT NOT NULL,
    entra_id   TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (account_id, group_id)
) STRICT, WITHOUT ROWID;

-- Accounts that somebody in Entra no longer stands for, or whose person is disabled, and of which the
-- admin said that they may stay as they are.
CREATE TABLE left_alone (
    account_id TEXT PRIMARY KEY,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The run that an undo took back.
ALTER TABLE runs ADD COLUMN undoes TEXT;

CREATE INDEX journal_by_account ON journal (account_id);

CREATE TRIGGER journal_is_kept BEFORE DELETE ON journal
BEGIN SELECT raise(ABORT, 'the journal only grows'); END;
CREATE TRIGGER journal_is_settled BEFORE UPDATE ON journal WHEN old.outcome IS NOT NULL
BEGIN SELECT raise(ABORT, 'an outcome in the journal stands'); END;
CREATE TRIGGER runs_are_kept BEFORE DELETE ON runs
BEGIN SELECT raise(ABORT, 'the journal only grows'); END;
