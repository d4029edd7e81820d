//! What a run did, for taking it back or for trying again.

use super::error::StoreError;
use super::state::State;
use crate::directory::{AccountId, GroupId};
use crate::plan::{Kind, OperationId, Undo, Write};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeSet;

impl State {
    /// What a run wrote, or may have written, to be taken back.
    pub fn undo(&self, number: i64, run_id: &str) -> Result<Undo, StoreError> {
        let writes: Vec<Write> = self.rows(
            // What a later run wrote again is that run's doing.
            "SELECT operation_id, kind, reason_code, entra_id, name, account_id, group_id, group_name,
             proven_new FROM journal j
             WHERE run = ?1 AND (outcome = 'done'
               -- Whether it took place shows in the present state.
               OR (kind IN ('add_member', 'remove_member', 'suspend_user', 'restore_user')
                 AND (outcome IS NULL
                   OR (outcome = 'failed' AND unclear = 1))))
             AND NOT EXISTS (
               SELECT 1 FROM journal l
               WHERE l.account_id = j.account_id AND l.run > j.run
               AND coalesce(l.outcome, 'done') = 'done'
               AND CASE
                 WHEN j.kind IN ('add_member', 'remove_member')
                   THEN l.kind IN ('add_member', 'remove_member') AND l.group_id = j.group_id
                 WHEN j.kind IN ('suspend_user', 'restore_user')
                   THEN l.kind IN ('suspend_user', 'restore_user')
                 WHEN j.kind = 'create_user' THEN l.kind IN ('create_user', 'remove_user')
                 ELSE 0 END)
             ORDER BY operation_id",
            [number],
            |row| {
                let text = |at| row.get::<_, Option<String>>(at);
                Ok(Write {
                    id: row.get(0)?,
                    kind: row.get(1)?,
                    reason: row.get(2)?,
                    entra: row.get(3)?,
                    name: text(4)?.unwrap_or_default(),
                    account: row.get(5)?,
                    group: row.get(6)?,
                    group_name: text(7)?.unwrap_or_default(),
                    proven_new: row.get(8)?,
                })
            },
        )?;
        let mut filled: HashMap<GroupId, BTreeSet<AccountId>> = HashMap::new();
        for write in &writes {
            if let (Kind::CreateGroup, Some(group)) = (write.kind, &write.group) {
                let put = self.rows(
                    "SELECT account_id FROM journal WHERE kind = 'add_member' AND group_id = ?1
                     AND account_id IS NOT NULL
                     AND (outcome IS NULL OR outcome IN ('done', 'already'))",
                    [group],
                    |row| row.get(0),
                )?;
                filled.insert(group.clone(), put.into_iter().collect());
            }
        }
        Ok(Undo {
            run_id: run_id.to_owned(),
            writes,
            filled,
        })
    }

    /// The operations of a run that failed or that it never came to, to be tried again.
    pub fn failed(&self, number: i64) -> Result<HashSet<OperationId>, StoreError> {
        let rows = self.rows(
            "SELECT operation_id FROM journal WHERE run = ?1 AND outcome IN ('failed', 'not-made')",
            [number],
            |row| row.get(0),
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Lets the schedule go on after an undo.
    pub fn resume_schedule(&self) -> Result<(), StoreError> {
        self.set_meta("schedule_paused", "")
    }

    /// The undo that pauses the schedule, if one does.
    pub fn schedule_paused(&self) -> Result<Option<String>, StoreError> {
        Ok(self.meta("schedule_paused")?.filter(|run| !run.is_empty()))
    }
}
