//! A plan in text.

use super::error::CliError;
use super::output::{Output, Tone, counted, printed, wrap};
use crate::directory::{EntraSnapshot, JiraSnapshot};
use crate::plan::{GuardName, Held, Invitations, Kind, Operation, Reason, Stage};
use crate::sync::{Planned, Session};
use crate::text::escape;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// How many rows of a section are shown without `--verbose`.
const ROWS: usize = 8;

/// The whole plan: both sides, what would be done, what guards hold, what needs the admin.
#[must_use]
pub fn plan_text(planned: &Planned, profile: &str, site: &str, output: &Output) -> String {
    let mut text = Text {
        out: String::new(),
        output,
    };
    text.head(planned, profile, site);
    text.operations(planned);
    text.guards(planned);
    text.conflicts(planned);
    text.identities(planned);
    text.left_out(planned);
    text.seats(planned);
    text.listings(planned);
    text.sum(planned);
    text.out
}

/// Only what guards hold.
#[must_use]
pub fn guards_text(planned: &Planned, output: &Output) -> String {
    let mut text = Text {
        out: String::new(),
        output,
    };
    text.guards(planned);
    text.out
}

/// A text in the making.
pub(super) struct Text<'a> {
    out: String,
    pub(super) output: &'a Output,
}

impl Text<'_> {
    pub(super) fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    pub(super) fn heading(&mut self, tone: Tone, text: &str) {
        self.line("");
        let text = self.output.tone(tone, text);
        self.line(&text);
    }

    /// What it comes to, last: where one looks first.
    fn sum(&mut self, planned: &Planned) {
        let plan = &planned.plan;
        let (held, total) = (plan.held() as u64, plan.operations.len() as u64);
        let words = if total == 0 {
            "Nothing has to be done.".to_owned()
        } else {
            let free = counted(total - held, "operation", "operations");
            format!("{free} free to be applied, {held} held by guards.")
        };
        self.heading(Tone::Strong, &words);
    }

    /// How each listing is known to be whole.
    fn listings(&mut self, planned: &Planned) {
        if planned.listings.is_empty() && planned.unknown.is_empty() {
            return;
        }
        self.heading(Tone::Dim, "Read");
        for listing in &planned.listings {
            let words = if listing.doubtful {
                format!("in doubt: {}", listing.words)
            } else {
                listing.words.clone()
            };
            for (at, line) in wrap(&words, self.output.width() - 20).iter().enumerate() {
                let name = if at == 0 { listing.name.as_str() } else { "" };
                let tone = if listing.doubtful {
                    Tone::Bad
                } else {
                    Tone::Dim
                };
                let text = format!("    {} {line}", self.output.cell(name, 14));
                let text = self.output.tone(tone, &text);
                self.line(&text);
            }
        }
        for words in &planned.unknown {
            self.wrapped(Tone::Held, &escape(words), 4);
        }
    }

    pub(super) fn most(&self, rows: usize) -> usize {
        if self.output.verbose { rows } else { ROWS }
    }

    pub(super) fn more(&mut self, total: usize) {
        let hidden = total.saturating_sub(self.most(total));
        if hidden > 0 {
            let text = format!("    … and {hidden} more (--verbose shows all)");
            let text = self.output.tone(Tone::Dim, &text);
            self.line(&text);
        }
    }

    fn head(&mut self, planned: &Planned, profile: &str, site: &str) {
        let (profile, site) = (escape(profile), escape(site));
        let title = match &planned.undo {
            Some(undo) => format!("Taking back run {} of {profile} ▸ {site}", undo.run_id),
            None => format!("Plan for {profile} ▸ {site}"),
        };
        let title = self.output.tone(Tone::Strong, &title);
        let id = self.output.tone(Tone::Dim, &planned.plan.id[..12]);
        self.line(&format!("{title}  {id}"));
        self.line("");
        let (entra, jira) = (&planned.entra, &planned.jira);
        let state = entra_state(entra);
        self.fitted(&format!(
            "Entra: {}, {}, {}. {state}",
            counted(entra.people() as u64, "person", "people"),
            counted(entra.groups() as u64, "group", "groups"),
            counted(entra.direct().total() as u64, "membership", "memberships"),
        ));
        let state = jira_state(jira);
        self.fitted(&format!(
            "Jira: {}, {}. {state}",
            counted(jira.accounts() as u64, "account", "accounts"),
            counted(jira.groups() as u64, "group", "groups"),
        ));
        let people = planned.plan.people;
        self.fitted(&format!(
            "In scope {}: {} with an account, {} to create, {} in conflict, {} left out",
            counted(people.in_scope, "person", "people"),
            people.with_account,
            people.created,
            people.in_conflict,
            people.without,
        ));
        let plan = &planned.plan;
        self.fitted(&format!(
            "{} linked, {} suggested by name",
            counted(plan.groups_linked, "group", "groups"),
            counted(plan.groups_suggested, "group", "groups"),
        ));
    }

    /// A line of the head, over as many lines as it needs.
    fn fitted(&mut self, text: &str) {
        for (at, part) in wrap(text, self.output.width() - 11).iter().enumerate() {
            let indent = if at == 0 { "  " } else { "         " };
            self.line(&format!("{indent}{part}"));
        }
    }

    fn operations(&mut self, planned: &Planned) {
        if planned.plan.operations.is_empty() {
            self.heading(Tone::Good, "Nothing has to be applied.");
            return;
        }
        self.each(planned, Kind::CreateUser);
        self.each(planned, Kind::CreateGroup);
        self.each(planned, Kind::RestoreUser);
        self.memberships(planned, Kind::AddMember);
        self.memberships(planned, Kind::RemoveMember);
        self.each(planned, Kind::SuspendUser);
        self.each(planned, Kind::RemoveUser);
        self.each(planned, Kind::DeleteGroup);
    }

    /// People or groups, one a line.
    fn each(&mut self, planned: &Planned, kind: Kind) {
        let operations: Vec<&Operation> = of_kind(planned, kind).collect();
        if operations.is_empty() {
            return;
        }
        let count = operations.len() as u64;
        let people = counted(count, "person", "people");
        let groups = counted(count, "group", "groups");
        let silent = planned.settings.provisioning.invitations == Invitations::Silent;
        let what = match kind {
            Kind::CreateUser if silent => format!("+ {people} to create, without being told"),
            Kind::CreateUser => format!("+ {people} to create and invite"),
            Kind::CreateGroup => format!("+ {groups} to create"),
            Kind::RestoreUser => format!("+ {people} to restore"),
            Kind::SuspendUser => format!("- {people} to suspend in the whole organization"),
            Kind::RemoveUser => {
                format!("- {people} to remove from the site, with their groups and roles")
            }
            _ => format!("- {groups} to delete: what is restricted to them becomes inaccessible"),
        };
        let tone = if kind.stage() == Stage::Gives {
            Tone::Good
        } else {
            Tone::Bad
        };
        self.heading(tone, &what);
        for op in operations.iter().take(self.most(operations.len())) {
            let row = planned.plan.row(&planned.inputs(), op);
            let line = match (&row.user, &row.group) {
                (Some(user), _) => {
                    let mail = user.email.as_deref().unwrap_or("");
                    let (name, address) = (self.share(24), self.share(36));
                    format!(
                        "    {} {} ",
                        self.output.cell(&user.name, name),
                        self.output.cell(mail, address)
                    )
                }
                (None, Some(group)) => {
                    format!("    {} ", self.output.cell(&group.name, self.share(60)))
                }
                (None, None) => String::new(),
            };
            let held = if row.held_by.is_empty() { "" } else { "held" };
            let line = line + &self.output.tone(Tone::Held, held);
            self.line(&line);
        }
        self.more(operations.len());
        self.reasons(&operations);
    }

    /// A share of the width, in percent.
    fn share(&self, percent: usize) -> usize {
        self.output.width() * percent / 100
    }

    fn memberships(&mut self, planned: &Planned, kind: Kind) {
        let mut by_group: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
        let mut count = 0;
        for op in of_kind(planned, kind) {
            count += 1;
            let name = op
                .target()
                .map_or("", |t| planned.plan.targets[t as usize].name.as_str());
            by_group.entry(name).or_default().push(op);
        }
        if count == 0 {
            return;
        }
        let (mark, verb, tone) = if kind == Kind::AddMember {
            ("+", "add", Tone::Good)
        } else {
            ("-", "remove", Tone::Bad)
        };
        let what = format!(
            "{mark} {} to {verb}, in {}",
            counted(count, "membership", "memberships"),
            counted(by_group.len() as u64, "group", "groups")
        );
        self.heading(tone, &what);
        let total = by_group.len();
        for (name, operations) in by_group.iter().take(self.most(total)) {
            let number = format!("{mark}{}", operations.len());
            let names = self.share(34);
            let mut line = format!("    {} {number:<6} ", self.output.cell(name, names));
            let room = self.output.width().saturating_sub(names + 12);
            let mut people: Vec<String> = operations
                .iter()
                .take(self.most(operations.len()))
                .filter_map(|op| planned.plan.row(&planned.inputs(), op).user)
                .map(|user| escape(&user.name).into_owned())
                .collect();
            if people.len() < operations.len() {
                people.push("…".to_owned());
            }
            let people = people.join(", ");
            if self.output.verbose {
                self.line(&line);
                self.wrapped(Tone::Strong, &people, 8);
            } else {
                line.push_str(self.output.cell(&people, room).trim_end());
                self.line(&line);
            }
            self.reasons(operations);
        }
        self.more(total);
    }

    /// Text over as many lines as it needs.
    pub(super) fn wrapped(&mut self, tone: Tone, text: &str, indent: usize) {
        for part in wrap(text, self.output.width() - indent) {
            let part = self.output.tone(tone, &part);
            self.line(&format!("{}{part}", " ".repeat(indent)));
        }
    }

    /// The groups in which a guard holds something, the largest first.
    fn places(planned: &Planned, guard: GuardName) -> String {
        let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
        for op in planned
            .plan
            .operations
            .iter()
            .filter(|op| op.held.by(guard))
        {
            if let Some(target) = op.target().filter(|_| op.kind.is_membership()) {
                let name = planned.plan.targets[target as usize].name.as_str();
                *groups.entry(name).or_default() += 1;
            }
        }
        let mut groups: Vec<(&str, usize)> = groups.into_iter().collect();
        groups.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        let mut names: Vec<String> = groups
            .iter()
            .take(4)
            .map(|(name, count)| format!("{} ({count})", escape(name)))
            .collect();
        if groups.len() > names.len() {
            names.push(format!("and {} more", groups.len() - names.len()));
        }
        names.join(", ")
    }

    /// Why a group's rows are there: each reason once, with its count.
    fn reasons(&mut self, operations: &[&Operation]) {
        let mut counts: HashMap<(Reason, Held), u64> = HashMap::new();
        for op in operations {
            *counts.entry((op.reason, op.held)).or_default() += 1;
        }
        let mut lines: Vec<String> = counts
            .into_iter()
            .map(|((reason, held), count)| {
                let mut line = format!("{count} × {reason}");
                let guards: Vec<&str> = held.guards().map(GuardName::as_str).collect();
                if !guards.is_empty() {
                    let _ = write!(line, ", held by {}", guards.join(", "));
                }
                line
            })
            .collect();
        lines.sort();
        for line in lines {
            self.wrapped(Tone::Dim, &line, 8);
        }
    }

    fn guards(&mut self, planned: &Planned) {
        let guards = &planned.plan.guards;
        if guards.is_empty() {
            return;
        }
        let held = planned.plan.held() as u64;
        let what = format!(
            "! {} held by guards",
            counted(held, "operation", "operations")
        );
        self.heading(Tone::Held, &what);
        for guard in guards {
            let limit = guard.limit_in_words();
            let limit = limit.map_or_else(String::new, |limit| format!(" ({limit})"));
            let meaning = format!("{}{limit}", guard.meaning());
            for (at, part) in wrap(&meaning, self.output.width() - 34).iter().enumerate() {
                let (name, count) = if at == 0 {
                    (guard.name.as_str(), guard.number().unwrap_or_default())
                } else {
                    ("", String::new())
                };
                self.line(&format!(
                    "    {} {count:>6}  {part}",
                    self.output.cell(name, 20)
                ));
            }
            let within = matches!(
                guard.name,
                GuardName::UnconfirmedGroups
                    | GuardName::MembersAdded
                    | GuardName::AccessAdded
                    | GuardName::MembersRemoved
                    | GuardName::GroupEmptied
                    | GuardName::PeopleRemoved
            );
            let places = Self::places(planned, guard.name);
            if within && !places.is_empty() {
                self.wrapped(Tone::Dim, &format!("in {places}"), 33);
            }
            let how = if guard.allowable {
                format!("allow with --allow {}={}", guard.name, guard.count)
            } else if guard.name == GuardName::OrganizationKey {
                "enter a key that works: ROLLBOOK_ORG_API_KEY, or Credentials in the console"
                    .to_owned()
            } else if guard.name == GuardName::Protected {
                "can't be allowed".to_owned()
            } else if guard.name == GuardName::AccessAdded {
                guard.refusal().unwrap_or_default().to_owned()
            } else {
                "review and apply it with `rollbook apply`".to_owned()
            };
            self.wrapped(Tone::Dim, &how, 33);
        }
        self.held_in_full(planned);
    }

    fn seats(&mut self, planned: &Planned) {
        let seats = &planned.plan.seats;
        if seats.is_empty() {
            return;
        }
        self.heading(Tone::Strong, "Seats");
        for seat in seats {
            let left = seat
                .left
                .map_or("no limit".to_owned(), |left| format!("{left} left"));
            self.line(&format!(
                "    {} {} needed, {left}",
                self.output
                    .cell(product_name(&planned.jira, &seat.product), 28),
                seat.needed
            ));
        }
    }
}

/// A product as people call it.
fn product_name<'a>(jira: &'a JiraSnapshot, key: &'a str) -> &'a str {
    jira.products()
        .iter()
        .find(|product| product.key == key)
        .map_or(key, |product| product.name.as_str())
}

fn of_kind(planned: &Planned, kind: Kind) -> impl Iterator<Item = &Operation> {
    planned
        .plan
        .operations
        .iter()
        .filter(move |op| op.kind == kind)
}

fn entra_state(entra: &EntraSnapshot) -> String {
    match &entra.users {
        crate::directory::Completeness::Whole => "Read to the end.".to_owned(),
        crate::directory::Completeness::Doubtful(doubt) => {
            format!("INCOMPLETE: {doubt}. Nothing is removed.")
        }
    }
}

fn jira_state(jira: &JiraSnapshot) -> String {
    for listing in [&jira.users, &jira.group_list] {
        if let crate::directory::Completeness::Doubtful(doubt) = listing {
            return format!("INCOMPLETE: {doubt}. Nothing that depends on it is written.");
        }
    }
    "Read to the end.".to_owned()
}

/// Shows a plan in text on the place for it: the answer, or a remark where the answer is JSON.
pub(super) fn show(session: &Session, planned: &Planned, output: &Output) -> Result<(), CliError> {
    let site = session.profile.site.host();
    let text = plan_text(planned, &session.profile.name, &site, output);
    output.tell(&text).map_err(printed)
}
