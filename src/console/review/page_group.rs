//! The page of a group: both records, why, members side by side.

use super::Prepared;
use super::page::{Line, Page, why_words};
use super::rows::{self, GroupRow};
use crate::console::theme::Tone;
use crate::directory::{GroupKind, Membership, fold};
use crate::plan::{TargetState, members_of};
use crate::text::counted;
use hashbrown::{HashMap, HashSet};
use std::fmt::Write as _;

impl Page {
    /// A group with what it grants and its members side by side.
    pub(super) fn group(plan: &Prepared, row: &GroupRow) -> Self {
        let planned = &plan.planned;
        let entra = row.entra.map(|row| planned.entra.group(row));
        let jira = row.jira.map(|row| planned.jira.group(row));
        let name = entra
            .map(crate::directory::EntraGroup::name)
            .or_else(|| jira.map(crate::directory::JiraGroup::name))
            .unwrap_or_default();
        let mut page = Self {
            title: name.to_owned(),
            entra_id: entra.map(|group| group.id().to_owned()),
            ..Self::default()
        };
        page.lines.push(Line::Head("Group".to_owned()));
        let mut left = Vec::new();
        if let (Some(group), Some(index)) = (entra, row.entra) {
            left.push(group.name().to_owned());
            left.push(
                match group.kind() {
                    GroupKind::Security => "security group",
                    GroupKind::MailEnabled => "mail-enabled group",
                    GroupKind::Microsoft365 => "Microsoft 365 group",
                }
                .to_owned(),
            );
            let direct = planned.entra.direct().of(index).len() as u64;
            left.push(format!("{} directly", counted(direct, "person", "people")));
            let nested: Vec<&str> = planned
                .entra
                .nested()
                .of(index)
                .iter()
                .map(|row| planned.entra.group(*row).name())
                .collect();
            if !nested.is_empty() {
                left.push(format!("nested: {}", nested.join(", ")));
            }
            match group.membership() {
                Membership::Known => {}
                Membership::Hidden => left.push("hides its members from Rollbook".to_owned()),
                Membership::Partial => left.push("a nested group is not visible".to_owned()),
            }
            left.push(group.id().to_owned());
            page.ids = format!("entra_id: {}\n", group.id());
        } else {
            left.push("no group in Entra".to_owned());
        }
        let mut right = Vec::new();
        if let (Some(group), Some(index)) = (jira, row.jira) {
            right.push(group.name().to_owned());
            right.push(rows::class_words(planned, index).to_owned());
            for product in planned.jira.products() {
                if product.groups.iter().any(|id| id == group.id()) {
                    right.push(format!("takes a seat of {}", product.name));
                }
            }
            right.push(if group.read() {
                let members = planned.jira.members().of(index).len() as u64;
                counted(members, "member", "members")
            } else {
                "its members were not read".to_owned()
            });
            right.push(group.id().to_owned());
            let _ = writeln!(page.ids, "group_id: {}", group.id());
        } else {
            right.push("no group in Jira".to_owned());
        }
        for index in 0..left.len().max(right.len()) {
            let at = |side: &[String]| side.get(index).cloned().unwrap_or_default();
            page.lines.push(Line::Record(at(&left), at(&right)));
        }
        page.lines.push(Line::Head("Why".to_owned()));
        for words in group_why(plan, row) {
            page.lines.push(Line::Text(Tone::Plain, words));
        }
        page.members(plan, row);
        page
    }

    fn members(&mut self, plan: &Prepared, row: &GroupRow) {
        let planned = &plan.planned;
        let mut operations: HashMap<(Option<u32>, Option<u32>), u32> = HashMap::new();
        for &op in &plan.rows.memberships {
            let operation = &planned.plan.operations[op as usize];
            if row.target.is_some() && operation.target() == row.target {
                let key = operation.account();
                let person = operation.person().filter(|_| key.is_none());
                operations.insert((person, key), op);
            }
        }
        let mut lines: Vec<(String, Line)> = Vec::new();
        let mut seen = HashSet::new();
        let people = match (row.target, row.entra) {
            (Some(target), _) => {
                members_of(&planned.inputs(), &planned.plan.targets[target as usize])
            }
            (None, Some(group)) => planned
                .entra
                .direct()
                .of(group)
                .iter()
                .map(|person| (*person, false))
                .collect(),
            (None, None) => Vec::new(),
        };
        for (person, nested) in people {
            let record = planned.entra.person(person);
            let account = planned.plan.recognition.account_of(person);
            let inside = account
                .zip(row.jira)
                .is_some_and(|(account, group)| planned.jira.members().contains(group, account));
            seen.extend(account.filter(|_| inside));
            let key = (Some(person).filter(|_| account.is_none()), account);
            let op = operations.remove(&key);
            let left = if nested {
                format!("{} (nested)", record.name())
            } else {
                record.name().to_owned()
            };
            let right = account.filter(|_| inside).map_or(String::new(), |row| {
                planned.jira.account(row).name().to_owned()
            });
            let mut line = Self::membership_line(plan, left, right, op);
            if let (None, false, Line::Pair { note, mark, .. }) = (op, inside, &mut line) {
                *mark = "·";
                *note = match planned.plan.recognition.standing(person) {
                    crate::plan::Standing::InScope if account.is_none() => "no account".to_owned(),
                    crate::plan::Standing::InScope => String::new(),
                    standing => standing.to_string(),
                };
            }
            lines.push((fold(record.name()), line));
        }
        if let Some(group) = row.jira {
            for &account in planned.jira.members().of(group) {
                if seen.contains(&account) {
                    continue;
                }
                let name = planned.jira.account(account).name().to_owned();
                let op = operations.remove(&(None, Some(account)));
                let mut line = Self::membership_line(plan, String::new(), name.clone(), op);
                if let (None, Line::Pair { note, mark, .. }) = (op, &mut line) {
                    *mark = "·";
                    *note = if planned.plan.recognition.person_of(account).is_some() {
                        "not in Entra's group; stays".to_owned()
                    } else {
                        "not from Entra; stays".to_owned()
                    };
                }
                lines.push((fold(&name), line));
            }
        }
        lines.sort_by(|a, b| a.0.cmp(&b.0));
        let title = format!("Members in Entra, and in Jira ({})", lines.len());
        self.lines.push(Line::Head(title));
        self.lines.extend(lines.into_iter().map(|(_, line)| line));
    }
}

/// What there is to say of a group.
pub(super) fn group_why(plan: &Prepared, row: &GroupRow) -> Vec<String> {
    let planned = &plan.planned;
    let mut words: Vec<String> = Vec::new();
    if let Some(index) = row.target {
        let target = &planned.plan.targets[index as usize];
        words.push(
            match target.state {
                TargetState::New => {
                    "Jira has no group of this name: it is created, and then mirrors Entra."
                }
                TargetState::Suggested => "A group of the same name, which nobody confirmed yet.",
                TargetState::Confirmed => "Confirmed: members are added, never removed.",
                TargetState::Owned => "Owned: mirrors Entra.",
            }
            .to_owned(),
        );
        if let (Some(overlap), Some(jira)) = (plan.rows.overlaps.get(&index), row.jira) {
            words.push(format!(
                "Shares {} of {} with Entra's group, of {} in Jira; {}.",
                overlap.shared,
                counted(overlap.entra, "person", "people"),
                counted(overlap.jira, "member", "members"),
                rows::class_words(planned, jira),
            ));
        }
        let (added, removed) = plan.rows.of_target.get(&index).copied().unwrap_or_default();
        if added + removed > 0 {
            words.push(format!(
                "This plan adds {added} and removes {removed} here."
            ));
        }
    }
    if let Some(reason) = why_words(planned, row.why) {
        words.push(format!("{reason}."));
    }
    if words.is_empty() {
        words.push(if row.entra.is_none() {
            "In Jira only. Rollbook leaves it alone.".to_owned()
        } else {
            "Takes no part.".to_owned()
        });
    }
    words
}
