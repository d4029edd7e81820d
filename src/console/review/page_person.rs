//! The page of a person: both records, why, all groups.

use super::marks::Marks;
use super::page::{Line, Page, candidates, pair, still_active, why_words};
use super::rows::{self, Mark, PersonRow};
use super::{Prepared, Stands};
use crate::console::theme::Tone;
use crate::directory::{AccountKind, fold};
use crate::plan::{Kind, address, sources};
use crate::sync::Planned;
use hashbrown::{HashMap, HashSet};
use std::fmt::Write as _;

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
            let what = match operation.kind {
                Kind::CreateUser => "to be created",
                Kind::SuspendUser => "to be suspended in the whole organization",
                Kind::RestoreUser => "to be restored",
                Kind::RemoveUser => "to be removed from the site",
                _ => continue,
            };
            let head = match plan.marks.stands(planned, op) {
                Stands::Rejected => "Rejected until the reason changes; otherwise ",
                Stands::Ignored => "Ignored until you withdraw that; otherwise ",
                Stands::In | Stands::Orphaned => "",
            };
            let words = sentence(&format!("{head}{what}: {}.", operation.reason));
            self.lines.push(Line::Text(Tone::Plain, words));
            self.held(plan, op);
        }
        if let Some(words) = why_words(planned, row.why) {
            self.lines.push(Line::Text(Tone::Plain, words));
        }
        if let Some(person) = rows::can_sign_in(planned, row) {
            let words = still_active(planned, person);
            self.lines.push(Line::Text(Tone::Held, words));
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

    pub(super) fn membership_line(
        plan: &Prepared,
        left: String,
        right: String,
        op: Option<u32>,
    ) -> Line {
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
}

/// Text that begins with a capital letter.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
