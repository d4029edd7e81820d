//! The page of a person, a group or an adoption: both sides in full.

use super::Prepared;
use super::rows::{self, PersonRow, Why};
use crate::console::field::TextField;
use crate::console::text::moment;
use crate::console::theme::Tone;
use crate::directory::fold;
use crate::plan::{Kind, Leavers, QuestionCode};
use crate::store::{JournalOutcome, JournalRow};
use crate::sync::{Adoption, Planned};
use crate::text::counted;

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

/// That somebody whom Entra disabled can still sign in to Jira, and what is done about it.
pub(super) fn still_active(planned: &Planned, person: u32) -> String {
    let known = &planned.known;
    let id = planned.entra.person(person).id();
    let alone = known.links.account_of(id);
    let alone = alone.is_some_and(|account| known.decisions.leaves_alone(account));
    let since = known
        .leavers
        .iter()
        .find(|(leaver, _)| leaver.as_str() == id);
    let about = if alone {
        "You said that they may stay as they are (i withdraws that).".to_owned()
    } else if planned.settings.provisioning.leavers == Leavers::Keep {
        "What becomes of leavers is a setting (2, Leavers); i ignores this row.".to_owned()
    } else if let Some((_, day)) = since {
        format!(
            "They left on {day}: what is set for leavers follows after the grace, as far as guards let it; i ignores this row."
        )
    } else {
        "They were disabled before they took part here, so that they are no leaver: the setting Leavers does not touch them; i ignores this row.".to_owned()
    };
    format!("The Jira account is active: this person can still sign in. {about}")
}

/// The accounts that come into question for a person, none of them somebody else's.
pub(super) fn candidates(plan: &Prepared, row: &PersonRow) -> Vec<Candidate> {
    let (Some(person), Why::Conflict(index)) = (row.person, row.why) else {
        return Vec::new();
    };
    let planned = &plan.planned;
    let conflict = &planned.plan.conflicts[index as usize];
    let own = conflict.code == QuestionCode::LinkedByName;
    conflict
        .candidates
        .iter()
        .copied()
        .filter(|account| {
            let holder = planned.plan.recognition.person_of(*account);
            holder.is_none_or(|holder| own && holder == person)
        })
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
pub(super) fn why_words(planned: &Planned, why: Why) -> Option<String> {
    let (plan, inputs) = (&planned.plan, planned.inputs());
    match why {
        Why::None => None,
        Why::Skipped(index) => Some(plan.skipped.get(index as usize)?.words(&inputs)),
        Why::Conflict(index) => Some(plan.conflicts.get(index as usize)?.words(&inputs)),
    }
}

pub(super) fn pair(left: impl Into<String>, right: impl Into<String>) -> Line {
    Line::Pair {
        left: left.into(),
        mark: " ",
        right: right.into(),
        note: String::new(),
        tone: Tone::Plain,
    }
}

impl Page {
    /// What adopting a group would do: who leaves, who is added, who stays.
    pub(super) fn adoption(alone: &Planned, adoption: Adoption, later: u64) -> Self {
        let entra: Vec<&str> = adoption
            .entra
            .iter()
            .filter_map(|id| alone.entra.find_group(id.as_str()))
            .map(|row| alone.entra.group(row).name())
            .collect();
        let mut page = Self {
            title: format!(
                "{} “{}”?",
                if adoption.add_only { "Link" } else { "Adopt" },
                adoption.name
            ),
            ..Self::default()
        };
        let entra = entra.join(" and ");
        let words = if adoption.add_only {
            format!(
                "From the next apply on it gains the members of Entra's {entra}, and loses nobody."
            )
        } else {
            format!(
                "From the next apply on it mirrors Entra's {entra}. Whoever left there leaves here too."
            )
        };
        page.lines.push(Line::Text(Tone::Plain, words));
        if adoption.access {
            let words = if adoption.add_only {
                "Its members have access to a product and take seats."
            } else {
                "Its members have access to a product and take seats: who leaves loses both."
            };
            page.lines.push(Line::Text(Tone::Held, words.to_owned()));
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
                "to leave: linked, and not in Entra's group, or disabled",
                names(Kind::RemoveMember),
            ),
            ("+", Tone::Good, "to be added", names(Kind::AddMember)),
            ("=", Tone::Plain, "to stay", adoption.stays.clone()),
            (
                "·",
                Tone::Dim,
                "to stay: unknown to Entra, or deactivated",
                adoption.unknown.clone(),
            ),
        ] {
            if mark == "-" && adoption.add_only {
                continue;
            }
            page.lines.push(Line::Head(format!(
                "{mark} {} {what}",
                counted(list.len() as u64, "member", "members")
            )));
            let mut list = list;
            list.sort_by_key(|name| fold(name));
            for name in list {
                page.lines.push(Line::Text(tone, name));
            }
            if mark == "+" && later > 0 {
                let words = counted(later, "more once created", "more once they are created");
                page.lines.push(Line::Text(Tone::Dim, words));
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
            let outcome = row
                .outcome
                .map_or("outcome unknown", JournalOutcome::as_str);
            let words = format!(
                "{}  {what}: {outcome}. {}",
                moment(row.intent_at),
                row.reason
            );
            self.lines.push(Line::Text(Tone::Plain, words));
        }
    }
}
