-- Codes in the place of sentences. What a sentence said is kept where it was written; decisions are
-- compared by code from here on, and one whose sentence has no code stands for every reason.
ALTER TABLE journal ADD COLUMN reason_code TEXT;
-- What Rollbook itself says of an outcome; messages and advice are what a service said.
ALTER TABLE journal ADD COLUMN note TEXT;
-- The new column alone is filled: nothing that was settled is rewritten.
DROP TRIGGER journal_is_settled;
UPDATE journal SET reason_code = CASE reason
    WHEN 'in scope, and Jira shows no account with this address' THEN 'no-account'
    WHEN 'in scope, and Jira has no account with this address (looked up)' THEN 'no-account-looked-up'
    WHEN 'in scope, and the account linked to this person is gone from Jira' THEN 'account-gone'
    WHEN 'in scope, and Jira has no group of this name' THEN 'no-group'
    WHEN 'member of the Entra group' THEN 'member'
    WHEN 'member of the Entra group through a nested group' THEN 'nested-member'
    WHEN 'default group for people whom Rollbook creates' THEN 'default-group'
    WHEN 'no longer a member of the Entra group' THEN 'left-group'
    WHEN 'disabled in Entra' THEN 'disabled'
    WHEN 'deleted from Entra' THEN 'deleted'
    WHEN 'out of scope' THEN 'out-of-scope'
    WHEN 'leaver: disabled in Entra' THEN 'leaver-disabled'
    WHEN 'leaver: deleted from Entra' THEN 'leaver-deleted'
    WHEN 'enabled in Entra again, and Rollbook had taken it' THEN 'returned'
    WHEN 'takes back what a run did' THEN 'undone'
END;
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
SELECT operation_id, verdict, CASE reason
    WHEN 'in scope, and Jira shows no account with this address' THEN 'no-account'
    WHEN 'in scope, and Jira has no account with this address (looked up)' THEN 'no-account-looked-up'
    WHEN 'in scope, and the account linked to this person is gone from Jira' THEN 'account-gone'
    WHEN 'in scope, and Jira has no group of this name' THEN 'no-group'
    WHEN 'member of the Entra group' THEN 'member'
    WHEN 'member of the Entra group through a nested group' THEN 'nested-member'
    WHEN 'default group for people whom Rollbook creates' THEN 'default-group'
    WHEN 'no longer a member of the Entra group' THEN 'left-group'
    WHEN 'disabled in Entra' THEN 'disabled'
    WHEN 'deleted from Entra' THEN 'deleted'
    WHEN 'out of scope' THEN 'out-of-scope'
    WHEN 'leaver: disabled in Entra' THEN 'leaver-disabled'
    WHEN 'leaver: deleted from Entra' THEN 'leaver-deleted'
    WHEN 'enabled in Entra again, and Rollbook had taken it' THEN 'returned'
    WHEN 'takes back what a run did' THEN 'undone'
END, at, run, undone_by FROM decisions;
DROP TABLE decisions;
ALTER TABLE decisions_by_code RENAME TO decisions;

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
