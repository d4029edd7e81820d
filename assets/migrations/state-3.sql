-- What a run wrote down before its calls, so that a run that dies leaves nothing open: it is withdrawn
-- by the operation whose call turns out not to have been made.
ALTER TABLE decisions ADD COLUMN run INTEGER;
ALTER TABLE decisions ADD COLUMN undone_by TEXT;
ALTER TABLE taken ADD COLUMN run INTEGER;
-- Whether a call that failed may have taken place: no answer told.
ALTER TABLE journal ADD COLUMN unclear INTEGER NOT NULL DEFAULT 0;
