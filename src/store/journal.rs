//! The table `journal`, as it is read: one row an operation, written before its call and completed
//! after it.
//!
//! What Rollbook itself has to say stands there as a code; its words are made here. What a service
//! said stands there as it was said. Rows of older versions hold sentences, and show those.

use super::codes::stored;
use super::database::unsigned;
use super::error::StoreError;
use super::state::State;
use crate::directory::{AccountId, EntraId, GroupId};
use crate::plan::{Counts, Kind, Reason};
use hashbrown::{HashMap, HashSet};
use rusqlite::{Row, params};

/// How an operation ended, as the journal keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalOutcome {
    /// Done.
    Done,
    /// It was so already.
    Already,
    /// Failed.
    Failed,
    /// The run was cancelled before the call was made.
    NotMade,
}

impl JournalOutcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Done, Self::Already, Self::Failed, Self::NotMade];

    /// As it is stored and as contracts write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Already => "already",
            Self::Failed => "failed",
            Self::NotMade => "not-made",
        }
    }

    /// Reads what [`JournalOutcome::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// What Rollbook itself says of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// Its outcome was unknown, and the next run found it done.
    FoundDone,
    /// Its outcome was unknown, and the next run found that it was not done.
    FoundNotMade,
    /// The run was stopped before its call.
    Stopped,
    /// Something that it needs did not exist, which the order of operations rules out.
    Lacking,
    /// Jira answered with an account that is another person's.
    AccountOfAnother,
    /// A group that was to be deleted has members of somebody else's.
    GroupInUse,
    /// A group was to be deleted, and who is in it can't be told.
    MembersUnclear,
    /// It needs the organization's key.
    NoOrganizationKey,
}

impl Note {
    /// Every note.
    pub const ALL: [Self; 8] = [
        Self::FoundDone,
        Self::FoundNotMade,
        Self::Stopped,
        Self::Lacking,
        Self::AccountOfAnother,
        Self::GroupInUse,
        Self::MembersUnclear,
        Self::NoOrganizationKey,
    ];

    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FoundDone => "found-done",
            Self::FoundNotMade => "found-not-made",
            Self::Stopped => "stopped",
            Self::Lacking => "lacking",
            Self::AccountOfAnother => "account-of-another",
            Self::GroupInUse => "group-in-use",
            Self::MembersUnclear => "members-unclear",
            Self::NoOrganizationKey => "no-organization-key",
        }
    }

    /// Reads what [`Note::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// What happened.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::FoundDone => "It was found when the next run looked it up.",
            Self::FoundNotMade => "The run ended before this was done, as the next run found.",
            Self::Stopped => "The run was stopped before this call was made.",
            Self::Lacking => "Something that it needs does not exist yet.",
            Self::AccountOfAnother => {
                "Jira gave an account that is linked to another person of Entra."
            }
            Self::GroupInUse => "Somebody else put members into the group meanwhile.",
            Self::MembersUnclear => {
                "It can't be told who is in the group: Jira's pages of its members never add up."
            }
            Self::NoOrganizationKey => "Suspending and restoring need the organization's API key.",
        }
    }

    /// What to do.
    #[must_use]
    pub const fn advice(self) -> Option<&'static str> {
        match self {
            Self::FoundDone | Self::FoundNotMade | Self::Stopped => None,
            Self::Lacking => Some("Make a new plan, and report this: it should not happen."),
            Self::AccountOfAnother => {
                Some("Two people in Entra seem to share one address: look at both.")
            }
            Self::GroupInUse => {
                Some("Look at its members in Jira, and delete it there if nobody needs it.")
            }
            Self::MembersUnclear => Some("Try again in some minutes."),
            Self::NoOrganizationKey => Some("Enter a key that works, and retry what failed."),
        }
    }
}

stored! {
    JournalOutcome: "outcome of an operation",
    Note: "note on an outcome",
}

/// One operation of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// Operation id.
    pub operation_id: String,
    /// What it did.
    pub kind: Kind,
    /// Person's name.
    pub name: Option<String>,
    /// Address.
    pub email: Option<String>,
    /// Account.
    pub account_id: Option<String>,
    /// Group's name.
    pub group_name: Option<String>,
    /// Why; none where an older version wrote a sentence that has no code.
    pub reason_code: Option<Reason>,
    /// Why, in words.
    pub reason: String,
    /// When it was begun, seconds since 1970.
    pub intent_at: i64,
    /// How it ended; none if that is unknown.
    pub outcome: Option<JournalOutcome>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Code of the answer.
    pub code: Option<String>,
    /// What went wrong.
    pub message: Option<String>,
    /// What to do.
    pub advice: Option<String>,
    /// For support.
    pub request_id: Option<String>,
}

/// Why, in words: as an older version wrote it, or made of the code.
pub(super) fn reason_words(said: String, code: Option<Reason>) -> String {
    match code {
        Some(code) if said.is_empty() => code.to_string(),
        _ => said,
    }
}

/// What went wrong and what to do, in words: what a service said, or what is made of the note.
pub(super) fn outcome_words(
    said: (Option<String>, Option<String>),
    note: Option<Note>,
) -> (Option<String>, Option<String>) {
    let (message, advice) = said;
    (
        message.or_else(|| note.map(|note| note.message().to_owned())),
        advice.or_else(|| note?.advice().map(str::to_owned)),
    )
}

const JOURNAL: &str = "SELECT operation_id, kind, name, email, account_id, group_name, reason,
    reason_code, intent_at, outcome, status, code, message, advice, request_id, note FROM journal";

fn journal_row(row: &Row<'_>) -> rusqlite::Result<JournalRow> {
    let reason_code = row.get(7)?;
    let (message, advice) = outcome_words((row.get(12)?, row.get(13)?), row.get(15)?);
    Ok(JournalRow {
        operation_id: row.get(0)?,
        kind: row.get(1)?,
        name: row.get(2)?,
        email: row.get(3)?,
        account_id: row.get(4)?,
        group_name: row.get(5)?,
        reason: reason_words(row.get(6)?, reason_code),
        reason_code,
        intent_at: row.get(8)?,
        outcome: row.get(9)?,
        status: row.get(10)?,
        code: row.get(11)?,
        message,
        advice,
        request_id: row.get(14)?,
    })
}

/// The last write to each membership, by group and account: whether it put the account into the
/// group.
pub type Written = HashMap<GroupId, HashMap<AccountId, bool>>;

impl State {
    /// The operations of a run: what was created, then memberships, then whoever was suspended or
    /// removed.
    pub fn journal(&self, number: i64) -> Result<Vec<JournalRow>, StoreError> {
        self.rows(
            &format!(
                "{JOURNAL} WHERE run = ?1 ORDER BY CASE kind WHEN 'create_user' THEN 0
                 WHEN 'create_group' THEN 1 WHEN 'restore_user' THEN 2 WHEN 'add_member' THEN 3
                 WHEN 'remove_member' THEN 4 ELSE 5 END, group_name, name, operation_id"
            ),
            [number],
            journal_row,
        )
    }

    /// What was done to a person or a group of Entra's, the newest first, at most `most` rows.
    pub fn history_of(&self, entra_id: &str, most: u32) -> Result<Vec<JournalRow>, StoreError> {
        self.rows(
            &format!(
                "{JOURNAL} WHERE entra_id = ?1 OR group_entra = ?1
                 ORDER BY intent_at DESC, kind, group_name, name LIMIT ?2"
            ),
            params![entra_id, most],
            journal_row,
        )
    }

    /// The counts of a run from its journal, for one that never ended.
    pub fn counted(&self, number: i64) -> Result<Counts, StoreError> {
        self.connection
            .query_row(
                "SELECT count(*) FILTER (WHERE outcome = 'done'),
                        count(*) FILTER (WHERE outcome = 'already'),
                        count(*) FILTER (WHERE outcome = 'failed'),
                        count(*) FILTER (WHERE coalesce(outcome, 'not-made') = 'not-made')
                 FROM journal WHERE run = ?1",
                [number],
                |row| {
                    let count = |index| row.get::<_, i64>(index).map(unsigned);
                    Ok(Counts {
                        done: count(0)?,
                        already: count(1)?,
                        failed: count(2)?,
                        skipped: count(3)?,
                        held: 0,
                    })
                },
            )
            .map_err(|e| self.sql(e))
    }

    /// Who was put into a group for this reason.
    pub fn given(&self, reason: Reason) -> Result<HashSet<(EntraId, GroupId)>, StoreError> {
        let rows = self.rows(
            "SELECT DISTINCT entra_id, group_id FROM journal
             WHERE kind = 'add_member' AND reason_code = ?1 AND outcome IN ('done', 'already')
             AND entra_id IS NOT NULL AND group_id IS NOT NULL",
            [reason],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Whether runs after this one wrote something, or may have.
    pub fn wrote_after(&self, run: i64) -> Result<bool, StoreError> {
        self.connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM journal WHERE run > ?1
                   AND (outcome IS NULL OR outcome = 'done' OR unclear = 1))",
                [run],
                |row| row.get(0),
            )
            .map_err(|e| self.sql(e))
    }

    /// Accounts and groups that were suspended, restored, removed or deleted, or may have been, by
    /// runs after this one.
    pub fn ended_after(&self, run: i64) -> Result<(Vec<AccountId>, Vec<GroupId>), StoreError> {
        let accounts = self.rows(
            "SELECT DISTINCT account_id FROM journal WHERE run > ?1 AND account_id IS NOT NULL
             AND kind IN ('suspend_user', 'restore_user', 'remove_user')
             AND coalesce(outcome, '') <> 'not-made'",
            [run],
            |row| row.get(0),
        )?;
        let groups = self.rows(
            "SELECT DISTINCT group_id FROM journal WHERE run > ?1 AND group_id IS NOT NULL
             AND kind = 'delete_group' AND coalesce(outcome, '') <> 'not-made'",
            [run],
            |row| row.get(0),
        )?;
        Ok((accounts, groups))
    }

    /// Memberships that were written, or may have been, by runs after this one.
    pub fn written_after(&self, run: i64) -> Result<Written, StoreError> {
        let read = || -> rusqlite::Result<Written> {
            let mut written = Written::new();
            // Who was created in the same run had no account when the row was written.
            let mut statement = self.connection.prepare(
                "SELECT j.group_id, coalesce(j.account_id, p.account_id) AS account, j.kind
                 FROM journal j LEFT JOIN people_links p ON p.entra_id = j.entra_id
                 WHERE j.run > ?1 AND j.kind IN ('add_member', 'remove_member')
                 AND j.group_id IS NOT NULL AND account IS NOT NULL
                 AND coalesce(j.outcome, '') <> 'not-made' ORDER BY j.run, j.intent_at",
            )?;
            let mut rows = statement.query([run])?;
            while let Some(row) = rows.next()? {
                let group = row.get_ref(0)?.as_str()?;
                let added = row.get_ref(2)?.as_str()? == Kind::AddMember.as_str();
                if !written.contains_key(group) {
                    written.insert(GroupId::new(group), HashMap::new());
                }
                if let Some(accounts) = written.get_mut(group) {
                    accounts.insert(row.get(1)?, added);
                }
            }
            Ok(written)
        };
        read().map_err(|e| self.sql(e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_and_note_is_read_back() {
        for outcome in JournalOutcome::ALL {
            assert_eq!(JournalOutcome::parse(outcome.as_str()), Some(outcome));
        }
        for note in Note::ALL {
            assert_eq!(Note::parse(note.as_str()), Some(note));
        }
    }
}
