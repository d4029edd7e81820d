//! The page of a person, a group or an adoption: both sides in full.

use super::marks::Marks;
use super::rows::{self, GroupRow, Mark, PersonRow, Why};
use super::{Prepared, Stands};
use crate::console::field::TextField;
use crate::console::text::moment;
use crate::console::theme::Tone;
use crate::directory::{AccountKind, GroupKind, Membership, counted, fold};
use crate::plan::{Kind, TargetState, address, members_of, sources};
use crate::store::JournalRow;
use crate::sync::{Adoption, Planned};
use hashbrown::{HashMap, HashSet};
use std::fmt::Write as _;

/// One line of a page.
#[derive(Debug, Clone)]
pub(in crate::console) enum Line {
    Head(String),
    Text(Tone, String),
    /// A line of both records.
    Record(String, String),
    /// Left, mark, right, and what happens.
    Pair {
        left: String,
        mark: &'static str,
        right: String,
        note: String,
        tone: Tone,
    },
}

/// An account that may be a person's.
#[derive(Debug, Clone)]
pub(in crate::console) struct Candidate {
    pub(in crate::console) person: u32,
    pub(in crate::console) account: u32,
    pub(in crate::console) words: String,
}

/// A page over the list.
#[derive(Debug, Default)]
pub(in crate::console) struct Page {
    pub(in crate::console) title: String,
    pub(in crate::console) lines: Vec<Line>,
    pub(in crate::console) scroll: usize,
    pub(in crate::console) candidates: Vec<Candidate>,
    pub(in crate::console) cursor: usize,
    /// Both records' ids, ready to be copied.
    pub(in crate::console) ids: String,
    /// Whose history it waits for.
    pub(in crate::console) entra_id: Option<String>,
    /// An adoption that waits for a yes.
    pub(in crate::console) adoption: Option<Box<Adoption>>,
    /// The group's name as it is typed, where that is asked for.
    pub(in crate::console) typed: TextField,
}

/// What is said of somebody whom Entra disabled and Jira lets in.
pub(super) const STILL_ACTIVE: &str = "The Jira account is active: this person can still sign in. Rollbook keeps accounts; deactivate it in Jira, or take it out of the groups that give access.";

/// The accounts that come into question for a person, none of them somebody else's.
pub(super) fn candidates(plan: &Prepared, row: &PersonRow) -> Vec<Candidate> {
    let (Some(person), Why::Conflict(index)) = (row.person, row.why) else {
        return Vec::new();
    };
    let planned = &plan.planned;
    planned.plan.conflicts[index as usize]
        .candidates
        .iter()
        .filter_map(|id| planned.jira.find_account(id))
        .filter(|account| planned.plan.recognition.person_of(*account).is_none())
        .map(|account| {
            let record = planned.jira.account(account);
            let email = if record.email().is_empty() {
                "e-mail hidden"
            } else {
                record.email()
            };
            let state = if record.active() { "" } else { ", deactivated" };
            Candidate {
                person,
                account,
                words: format!("{} · {email}{state} · {}", record.name(), record.id()),
            }
        })
        .collect()
}

/// The reason of a row in full.
pub(super) fn why_words(planned: &Planned, why: Why) -> Option<&str> {
    match why {
        Why::None => None,
        Why::Skipped(index) => planned
            .plan
            .skipped
            .get(index as usize)
            .map(|skipped| skipped.reason.as_str()),
        Why::Conflict(index) => planned
            .plan
            .conflicts
            .get(index as usize)
            .map(|conflict| conflict.reason.as_str()),
    }
}

fn pair(left: impl Into<String>, right: impl Into<String>) -> Line {
    Line::Pair {
        left: left.into(),
        mark: " ",
        right: right.into(),
        note: String::new(),
        tone: Tone::Plain,
    }
}

impl Page {
    /// A person with both records and all groups.
    pub(super) fn person(plan: &Prepared, row: &PersonRow) -> Self {
        let planned = &plan.planned;
        let person = row.person.map(|row| planned.entra.person(row));
        let account = row.account.map(|row| planned.jira.account(row));
        let name = person
            .map(crate::directory::EntraPerson::name)
            .or_else(|| account.map(crate::directory::JiraAccount::name))
            .unwrap_or_default();
        let mut page = Self {
            title: name.to_owned(),
            candidates: candidates(plan, row),
            entra_id: person.map(|person| person.id().to_owned()),
            ..Self::default()
        };
        page.lines.push(Line::Head("Records".to_owned()));
        page.records(planned, row);
        page.why(plan, row);
        page.groups_of(plan, row);
        page
    }

    fn records(&mut self, planned: &Planned, row: &PersonRow) {
        let sources = &planned.settings.provisioning.email_from;
        let mut left: Vec<String> = Vec::new();
        if let Some(index) = row.person {
            let person = planned.entra.person(index);
            left.push(person.name().to_owned());
            left.push(match address(person, sources) {
                Some(mail) => mail.to_owned(),
                None => "no usable address".to_owned(),
            });
            left.push(format!("signs in as {}", person.upn()));
            let mut state = vec![if person.enabled() {
                "enabled"
            } else {
                "disabled"
            }];
            state.extend(person.guest().then_some("guest"));
            state.push(if person.licensed() {
                "licensed"
            } else {
                "no licence"
            });
            left.push(state.join(", "));
            left.push(planned.plan.recognition.standing(index).to_string());
            left.push(person.id().to_owned());
            self.ids = format!("entra_id: {}\n", person.id());
        } else {
            left.push("nobody in Entra".to_owned());
        }
        let mut right: Vec<String> = Vec::new();
        if let Some(index) = row.account {
            let account = planned.jira.account(index);
            right.push(account.name().to_owned());
            right.push(if account.email().is_empty() {
                "e-mail hidden".to_owned()
            } else {
                account.email().to_owned()
            });
            right.push(
                match account.kind() {
                    AccountKind::Person => "a person",
                    AccountKind::App => "an app",
                    AccountKind::Customer => "a portal customer",
                }
                .to_owned(),
            );
            let mut state = vec![if account.active() {
                "active"
            } else {
                "deactivated"
            }];
            state.extend(planned.jira.is_admin(index).then_some("administrator"));
            state.extend((planned.jira.me() == Some(index)).then_some("signs in for Rollbook"));
            right.push(state.join(", "));
            let linked = planned.known.links.person_of(account.id()).is_some();
            right.push(
                if linked {
                    "linked"
                } else if row.person.is_some() {
                    "recognised; linked with the next apply"
                } else {
                    "not linked"
                }
                .to_owned(),
            );
            right.push(account.id().to_owned());
            let _ = writeln!(self.ids, "account_id: {}", account.id());
        } else {
            right.push(
                if self.candidates.is_empty() {
                    "no account in Jira"
                } else {
                    "none linked yet: choose above"
                }
                .to_owned(),
            );
        }
        for index in 0..left.len().max(right.len()) {
            let at = |side: &[String]| side.get(index).cloned().unwrap_or_default();
            self.lines.push(Line::Record(at(&left), at(&right)));
        }
    }

    fn why(&mut self, plan: &Prepared, row: &PersonRow) {
        self.lines.push(Line::Head("Why".to_owned()));
        let planned = &plan.planned;
        for &op in &Marks::of_person(&plan.rows, row) {
            let operation = &planned.plan.operations[op as usize];
            if operation.kind == Kind::CreateUser {
                let head = match plan.marks.stands(planned, op) {
                    Stands::Rejected => {
                        "Rejected until the reason changes; otherwise to be created"
                    }
                    Stands::Ignored => "Ignored until you withdraw that; otherwise to be created",
                    Stands::In | Stands::Orphaned => "To be created",
                };
                let words = format!("{head}: {}.", operation.reason);
                self.lines.push(Line::Text(Tone::Plain, words));
                self.held(plan, op);
            }
        }
        if let Some(words) = why_words(planned, row.why) {
            self.lines.push(Line::Text(Tone::Plain, words.to_owned()));
        }
        if rows::is_still_active(planned, row) {
            self.lines
                .push(Line::Text(Tone::Held, STILL_ACTIVE.to_owned()));
        }
        if matches!(self.lines.last(), Some(Line::Head(_))) {
            let words = match row.mark {
                Mark::Same => "The same on both sides.",
                Mark::Differs => {
                    "Linked. Names and addresses belong to the person's Atlassian account: Rollbook does not change them."
                }
                Mark::Out if row.person.is_none() => {
                    "Not from Entra. Rollbook never removes such accounts."
                }
                Mark::Remove => "Leaves the groups below.",
                _ => "Nothing to say.",
            };
            self.lines.push(Line::Text(Tone::Plain, words.to_owned()));
        }
    }

    fn held(&mut self, plan: &Prepared, op: u32) {
        let held = plan.planned.plan.operations[op as usize].held;
        for guard in held.guards() {
            let words = format!("Held by “{guard}”: {}.", guard.meaning());
            self.lines.push(Line::Text(Tone::Held, words));
        }
    }

    fn groups_of(&mut self, plan: &Prepared, row: &PersonRow) {
        let planned = &plan.planned;
        let inputs = planned.inputs();
        let direct: HashSet<u32> = row
            .person
            .map(|person| {
                let groups = planned.entra.iter_groups().map(|(group, _)| group);
                groups
                    .filter(|group| planned.entra.direct().contains(*group, person))
                    .collect()
            })
            .unwrap_or_default();
        let mut operations: Vec<u32> = row
            .account
            .and_then(|account| plan.rows.of_account.get(&account))
            .cloned()
            .unwrap_or_default();
        if let Some(created) = row.person.and_then(|p| plan.rows.of_person.get(&p)) {
            operations.extend(created);
        }
        let by_target: HashMap<u32, u32> = operations
            .iter()
            .filter_map(|op| Some((planned.plan.operations[*op as usize].target()?, *op)))
            .collect();
        let mut lines: Vec<(String, Line)> = Vec::new();
        let (mut shown_entra, mut shown_jira) = (HashSet::new(), HashSet::new());
        for (index, target) in (0u32..).zip(&planned.plan.targets) {
            let sources = sources(&inputs, target);
            let nested = sources.iter().any(|group| direct.contains(group));
            let own = target.entra.iter().any(|group| direct.contains(group));
            let inside = row
                .account
                .zip(target.jira)
                .is_some_and(|(account, group)| planned.jira.members().contains(group, account));
            let op = by_target.get(&index).copied();
            shown_jira.extend(target.jira);
            shown_entra.extend(target.entra.iter().copied());
            if !nested && !inside && op.is_none() {
                continue;
            }
            let left = match (own, nested) {
                (true, _) => target.entra.first().map_or_else(
                    || target.name.clone(),
                    |row| planned.entra.group(*row).name().to_owned(),
                ),
                (false, true) => format!("{} (nested)", target.name),
                (false, false) => String::new(),
            };
            let right = if inside {
                target.name.clone()
            } else {
                String::new()
            };
            lines.push((
                fold(&target.name),
                Self::membership_line(plan, left, right, op),
            ));
        }
        for &group in &direct {
            if !shown_entra.contains(&group) {
                let name = planned.entra.group(group).name();
                lines.push((fold(name), pair(name, "")));
            }
        }
        for (group, record) in planned.jira.iter_groups() {
            let inside = row
                .account
                .is_some_and(|account| planned.jira.members().contains(group, account));
            if inside && !shown_jira.contains(&group) {
                lines.push((fold(record.name()), pair("", record.name())));
            }
        }
        lines.sort_by(|a, b| a.0.cmp(&b.0));
        self.lines.push(Line::Head(format!(
            "Groups in Entra, and in Jira ({})",
            lines.len()
        )));
        self.lines.extend(lines.into_iter().map(|(_, line)| line));
    }

    fn membership_line(plan: &Prepared, left: String, right: String, op: Option<u32>) -> Line {
        let Some(op) = op else {
            let mark = if left.is_empty() || right.is_empty() {
                " "
            } else {
                "="
            };
            return Line::Pair {
                left,
                mark,
                right,
                note: String::new(),
                tone: Tone::Plain,
            };
        };
        let operation = &plan.planned.plan.operations[op as usize];
        let (mark, tone) = if operation.kind == Kind::RemoveMember {
            ("-", Tone::Bad)
        } else {
            ("+", Tone::Good)
        };
        let mut note = rows::short(operation.reason).to_owned();
        match plan.marks.stands(&plan.planned, op) {
            Stands::In if operation.held.is_empty() => {}
            Stands::In => note.push_str(", held"),
            Stands::Rejected | Stands::Orphaned => note.push_str(", rejected"),
            Stands::Ignored => note.push_str(", ignored"),
        }
        Line::Pair {
            left,
            mark,
            right,
            note,
            tone,
        }
    }

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

    /// The page of a membership's person.
    pub(super) fn membership(plan: &Prepared, op: u32) -> Self {
        let operation = &plan.planned.plan.operations[op as usize];
        let found = plan
            .rows
            .people
            .iter()
            .find(|row| match operation.account() {
                Some(account) => row.account == Some(account),
                None => row.person == operation.person(),
            });
        found.map_or_else(Self::default, |row| Self::person(plan, row))
    }

    /// What adopting a group would do: who leaves, who is added, who stays.
    pub(super) fn adoption(alone: &Planned, adoption: Adoption) -> Self {
        let entra: Vec<&str> = adoption
            .entra
            .iter()
            .filter_map(|id| alone.entra.find_group(id.as_str()))
            .map(|row| alone.entra.group(row).name())
            .collect();
        let mut page = Self {
            title: format!("Adopt “{}”?", adoption.name),
            ..Self::default()
        };
        let words = format!(
            "From the next apply on it mirrors Entra's {}. Whoever left there leaves here too.",
            entra.join(" and ")
        );
        page.lines.push(Line::Text(Tone::Plain, words));
        if adoption.access {
            page.lines.push(Line::Text(
                Tone::Held,
                "Its members have access to a product and take seats: who leaves loses both."
                    .to_owned(),
            ));
        }
        let names = |kind: Kind| -> Vec<String> {
            let operations = alone.plan.operations.iter();
            let mut names: Vec<String> = operations
                .filter(|op| op.kind == kind)
                .map(|op| rows::name_of(alone, op).to_owned())
                .collect();
            names.sort();
            names
        };
        for (mark, tone, what, list) in [
            (
                "-",
                Tone::Bad,
                "to leave: linked, and not in Entra's group",
                names(Kind::RemoveMember),
            ),
            ("+", Tone::Good, "to be added", names(Kind::AddMember)),
            ("=", Tone::Plain, "to stay", adoption.stays.clone()),
            (
                "·",
                Tone::Dim,
                "to stay, not from Entra",
                adoption.unknown.clone(),
            ),
        ] {
            page.lines.push(Line::Head(format!(
                "{mark} {} {what}",
                counted(list.len() as u64, "member", "members")
            )));
            for name in list {
                page.lines.push(Line::Text(tone, name));
            }
        }
        page.adoption = Some(Box::new(adoption));
        page
    }

    /// Whether the group's name has to be typed.
    pub(in crate::console) fn asks_for_name(&self) -> bool {
        self.adoption
            .as_ref()
            .is_some_and(|adoption| adoption.access)
    }

    pub(in crate::console) fn name_is_typed(&self) -> bool {
        self.adoption
            .as_ref()
            .is_some_and(|adoption| adoption.name == self.typed.text())
    }

    /// Adds what the journal says.
    pub(in crate::console) fn history(&mut self, entra_id: &str, rows: &[JournalRow]) {
        if self.entra_id.as_deref() != Some(entra_id) {
            return;
        }
        self.entra_id = None;
        self.lines
            .push(Line::Head(format!("History ({})", rows.len())));
        if rows.is_empty() {
            self.lines.push(Line::Text(
                Tone::Dim,
                "Rollbook has done nothing here so far.".to_owned(),
            ));
        }
        for row in rows {
            let what = crate::console::text::operation_words(row);
            let outcome = row.outcome.as_deref().unwrap_or("outcome unknown");
            let words = format!(
                "{}  {what}: {outcome}. {}",
                moment(row.intent_at),
                row.reason
            );
            self.lines.push(Line::Text(Tone::Plain, words));
        }
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
        let operations = &planned.plan.operations;
        let count = |kind: Kind| {
            let of = |op: &&crate::plan::Operation| op.kind == kind && op.target() == Some(index);
            operations.iter().filter(of).count() as u64
        };
        let (added, removed) = (count(Kind::AddMember), count(Kind::RemoveMember));
        if added + removed > 0 {
            words.push(format!(
                "This plan adds {added} and removes {removed} here."
            ));
        }
    }
    if let Some(reason) = why_words(planned, row.why) {
        words.push(reason.to_owned());
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
