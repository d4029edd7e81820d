-- Codes in the place of sentences. What a sentence said is kept where it was written; decisions are
-- compared by code from here on, and one whose sentence has no code stands for every reason.
CREATE TEMP TABLE codes (reason TEXT PRIMARY KEY, code TEXT NOT NULL);
INSERT INTO codes VALUES
    ('in scope, and Jira shows no account with this address', 'no-account'),
    ('in scope, and Jira has no account with this address (looked up)', 'no-account-looked-up'),
    ('in scope, and the account linked to this person is gone from Jira', 'account-gone'),
    ('in scope, and Jira has no group of this name', 'no-group'),
    ('member of the Entra group', 'member'),
    ('member of the Entra group through a nested group', 'nested-member'),
    ('default group for people whom Rollbook creates', 'default-group'),
    ('no longer a member of the Entra group', 'left-group'),
    ('disabled in Entra', 'disabled'),
    ('deleted from Entra', 'deleted'),
    ('out of scope', 'out-of-scope'),
    ('leaver: disabled in Entra', 'leaver-disabled'),
    ('leaver: deleted from Entra', 'leaver-deleted'),
    ('enabled in Entra again, and Rollbook had taken it', 'returned'),
    ('takes back what a run did', 'undone');
ALTER TABLE journal ADD COLUMN reason_code TEXT;
-- What Rollbook itself says of an outcome; messages and advice are what a service said.
ALTER TABLE journal ADD COLUMN note TEXT;
-- The new column alone is filled: nothing that was settled is rewritten.
DROP TRIGGER journal_is_settled;
UPDATE journal SET reason_code =
    (SELECT code FROM codes WHERE codes.reason = journal.reason);
CREATE TRIGGER journal_is_settled BEFORE UPDATE ON journal WHEN old.outcome IS NOT NULL
BEGIN SELECT raise(ABORT, 'an outcome in the journal stands'); END;

-- A rejection without a code stands for every reason.
CREATE TABLE decisions_by_code (
    operation_id TEXT PRIMARY KEY,
    verdict      TEXT NOT NULL CHECK (verdict IN ('rejected', 'ignored')),
    reason_code  TEXT,
    at           INTEGER NOT NULL,
    -- The run that rejects it, and the operation of that run which takes it back.
    run          INTEGER,
    undone_by    TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO decisions_by_code
SELECT operation_id, verdict,
    (SELECT code FROM codes WHERE codes.reason = decisions.reason), at, run, undone_by
FROM decisions;
DROP TABLE decisions;
ALTER TABLE decisions_by_code RENAME TO decisions;
DROP TABLE codes;

-- Questions that were answered with “leave alone”, by code, subject and candidates (sorted ids,
-- parted by a blank): one whose candidates change is asked again.
CREATE TABLE questions_left_alone (
    code       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    candidates TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (code, subject, candidates)
) STRICT, WITHOUT ROWID;
INSERT INTO questions_left_alone SELECT 'standing-list', account_id, '', at FROM left_alone;
DROP TABLE left_alone;

-- Accounts that came into question for a person and are somebody else's.
CREATE TABLE different_people (
    entra_id   TEXT NOT NULL,
    account_id TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (entra_id, account_id)
) STRICT, WITHOUT ROWID;
