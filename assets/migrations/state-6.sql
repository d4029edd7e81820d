-- Groups that give access, to which members are only added once somebody typed their name.
CREATE TABLE group_links_by_word (
    entra_id  TEXT PRIMARY KEY,
    group_id  TEXT NOT NULL,
    ownership TEXT NOT NULL CHECK (ownership IN
        ('confirmed', 'confirmed-with-access', 'owned', 'owned-with-access')),
    since     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO group_links_by_word SELECT entra_id, group_id, ownership, since FROM group_links;
DROP TABLE group_links;
ALTER TABLE group_links_by_word RENAME TO group_links;
