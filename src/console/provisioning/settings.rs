//! Every setting of a profile: where it stands in the file, what it does, how it is edited.

use crate::config::{self, TomlArray, TomlValue};
use std::str::FromStr as _;
use toml_edit::DocumentMut;

/// What a list holds, and with it what is suggested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::console) enum ListOf {
    /// Free text.
    Texts,
    /// Entra's groups, by name or object id.
    EntraGroups,
    /// Globs on Entra's groups.
    GroupGlobs,
    /// Jira's groups.
    JiraGroups,
    /// `pattern => replacement`.
    Replacements,
    /// `Entra group => Jira group`.
    Map,
}

/// How a setting is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::console) enum Kind {
    Toggle,
    /// One of these: as the file writes it, as people say it.
    Choice(&'static [(&'static str, &'static str)]),
    /// Any of these.
    Several(&'static [(&'static str, &'static str)]),
    Number,
    /// A share, such as 25 or 0.5.
    Percent,
    Period,
    Text,
    List(ListOf),
    /// Shown, and not to be edited: this version does not act on it.
    Later,
}

/// A setting.
#[derive(Debug)]
pub(in crate::console) struct Setting {
    pub(in crate::console) section: &'static str,
    pub(in crate::console) key: &'static str,
    pub(in crate::console) label: &'static str,
    pub(in crate::console) kind: Kind,
    pub(in crate::console) help: &'static str,
}

const fn setting(
    section: &'static str,
    key: &'static str,
    label: &'static str,
    kind: Kind,
    help: &'static str,
) -> Setting {
    Setting {
        section,
        key,
        label,
        kind,
        help,
    }
}

const P: &str = "provisioning";
const S: &str = "scope";
const N: &str = "names";
const G: &str = "guards";
const L: &str = "limits";

/// How many of [`SETTINGS`] are the toggles, which stand first and largest.
pub(in crate::console) const TOGGLES: usize = 3;

/// Every setting, in the order in which it is shown.
#[rustfmt::skip]
pub(in crate::console) static SETTINGS: &[Setting] = &[
    setting(P, "import_users", "Import users", Kind::Toggle, "Creates people whom Jira lacks; Jira invites each by e-mail."),
    setting(P, "import_groups", "Import groups", Kind::Toggle, "Creates groups that Jira lacks; Rollbook owns them, they mirror Entra."),
    setting(P, "sync_memberships", "Sync memberships", Kind::Toggle, "Adds members to linked groups; adds and removes in owned ones."),

    setting(P, "products", "Products for new people", Kind::Several(&[("jira-software", "Jira"), ("jira-servicedesk", "Service Management"), ("jira-product-discovery", "Product Discovery"), ("jira-core", "Jira Work Management")]), "Each takes a seat. None: access comes from groups alone, which is what most sites want."),
    setting(P, "email_from", "Address of a person", Kind::Choice(&[("mail,userPrincipalName", "mail, else sign-in name"), ("userPrincipalName,mail", "sign-in name, else mail"), ("mail", "mail only"), ("userPrincipalName", "sign-in name only")]), "By this address people are recognised and invited. Sign-in names with #EXT# or under .onmicrosoft.com are no addresses."),
    setting(P, "default_groups", "Default groups", Kind::List(ListOf::JiraGroups), "Jira groups into which everyone whom Rollbook created is put, once."),
    setting(P, "out_of_scope", "Who falls out of scope", Kind::Choice(&[("keep", "keeps the groups"), ("remove", "leaves owned groups")]), "What happens to memberships of people who still exist and no longer take part."),
    setting(P, "leavers", "Leavers", Kind::Choice(&[("keep", "keep their account"), ("access", "leave access groups"), ("suspend", "are suspended"), ("remove", "are removed")]), "People who took part and are disabled or deleted in Entra leave owned groups. Beyond that: nothing, out of the groups that take a seat, suspended in the organization (needs its key), or removed from the site. Who returns gets back what Rollbook took; who was removed is invited again."),
    setting(P, "grace", "Grace for leavers", Kind::Period, "How long a leaver is left alone, in days such as 0d or 7d. Owned groups are left at once. Without effect while leavers keep their account."),
    setting(P, "invitations", "Invitations", Kind::Choice(&[("jira", "by Jira"), ("silent", "silent")]), "Jira invites everyone whom it creates by e-mail. Silent: the organization invites them without telling; needs its API key and a paid plan, and gives the products above."),

    setting(S, "users", "People who take part", Kind::Choice(&[("all", "everybody"), ("assigned", "assigned to an application"), ("member-of", "members of groups")]), "Everybody in Entra, those assigned to an enterprise application, or the members of groups; nested groups count."),
    setting(S, "assigned_app_id", "  … assigned to", Kind::Text, "With “assigned to an application”: its client id, under Enterprise applications ▸ Overview ▸ Application ID."),
    setting(S, "member_of", "  … members of", Kind::List(ListOf::EntraGroups), "With “members of groups”: Entra groups by name or object id. An object id outlives a renaming."),
    setting(S, "exclude_members_of", "Except members of", Kind::List(ListOf::EntraGroups), "Members of these Entra groups take no part, nested ones included."),
    setting(S, "exclude_emails", "Except addresses", Kind::List(ListOf::Texts), "Patterns such as svc-*@acme.example; * stands for anything."),
    setting(S, "licensed_only", "Only with a licence", Kind::Toggle, "Leaves out people without a licence: shared mailboxes, rooms, service accounts."),
    setting(S, "guests", "Guests take part", Kind::Toggle, "Guests are people of other organisations who were invited to yours."),
    setting(S, "foreign_domains", "Foreign addresses", Kind::Toggle, "Lets people take part whose address is outside the domains that your tenant has verified."),
    setting(S, "domains", "Our domains", Kind::List(ListOf::Texts), "Domains that are yours besides those that your tenant has verified, such as acme.example. Needed where the application may not read the tenant's."),
    setting(S, "include_groups", "Groups that take part", Kind::List(ListOf::GroupGlobs), "Patterns on the display name, such as Team *; a single * stands for all groups."),
    setting(S, "exclude_groups", "Except groups", Kind::List(ListOf::GroupGlobs), "Patterns on the display name; they win over those above."),
    setting(S, "group_kinds", "Kinds of groups", Kind::Several(&[("security", "security"), ("mail-enabled", "mail-enabled"), ("microsoft365", "Microsoft 365")]), "Which kinds of Entra groups take part."),

    setting(N, "prefix", "Prefix in Jira", Kind::Text, "Stands before the name of every group that is not mapped below."),
    setting(N, "replace", "Replacements", Kind::List(ListOf::Replacements), "Regular expressions on names, in order, such as ^ACL-(.+)$ => $1."),
    setting(N, "map", "Mapped names", Kind::List(ListOf::Map), "An Entra group, by name or object id => the Jira group that it stands for. Two groups onto one name: their union."),

    setting(G, "new_people", "New people in a run", Kind::Number, "Over this number, creations wait until you allow them by number."),
    setting(G, "new_people_per_day", "New people in 24 h", Kind::Number, "The same for unattended runs, added up over 24 hours."),
    setting(G, "new_groups", "New groups in a run", Kind::Number, "Over this number, creations of groups wait."),
    setting(G, "members_added", "Added to one group", Kind::Number, "Over this number and over the share below, additions to one existing group wait."),
    setting(G, "members_added_percent", "  … and over, in %", Kind::Percent, "Share of that group's members, in percent."),
    setting(G, "access_added", "Added to an access group", Kind::Number, "Over this number and over the share below, additions to one group that gives access wait; unattended within 24 hours. One whose name nobody typed waits always."),
    setting(G, "access_added_percent", "  … and over, in %", Kind::Percent, "Share of that group's members, in percent."),
    setting(G, "members_removed", "Removed in a run", Kind::Number, "Over this number and over the share below, all removals from groups wait. Those of leavers are not counted, and go on."),
    setting(G, "members_removed_percent", "  … and over, in %", Kind::Percent, "Share of all memberships that Rollbook manages, in percent."),
    setting(G, "group_emptied_percent", "One group loses, in %", Kind::Percent, "Over this share of one group's members, its removals wait. All of its members always wait."),
    setting(G, "group_emptied_at_least", "  … and at least", Kind::Number, "Fewer removals than this don't count as emptying a group."),
    setting(G, "people_removed", "People losing access", Kind::Number, "Over this number of people and over the share below, whoever is suspended, removed or taken off access waits."),
    setting(G, "people_removed_percent", "  … and over, in %", Kind::Percent, "Share of all linked people, in percent."),
    setting(G, "flapping", "Undone by somebody", Kind::Number, "What somebody else undid so often within a week waits."),
    setting(G, "source_shrank_percent", "Entra shrank, in %", Kind::Percent, "If so much less is in scope than in the last 7 days, all removals wait."),
    setting(G, "protected_accounts", "Protected accounts", Kind::List(ListOf::Texts), "E-mails or accountIds that are never touched, whatever a plan says."),
    setting(G, "protected_groups", "Protected groups", Kind::List(ListOf::JiraGroups), "Jira groups, by name or groupId, that are never touched. Groups that make administrators always are."),

    setting("schedule", "enabled", "Interval", Kind::Toggle, "Runs the unattended sync while Rollbook is open. It applies what guards let through, and only after a person has applied a plan once."),
    setting("schedule", "every", "  … every", Kind::Period, "Such as 15m, 1h or 1d."),

    setting("schedule", "on_sign_in", "Sync on sign-in", Kind::Later, "Brings a person into step when they sign in. This version does not watch sign-ins: the interval does the work."),
    setting("schedule", "sign_in_app_id", "  … to this application", Kind::Later, "The application whose sign-ins would count. Without effect in this version."),

    setting(L, "max_rate", "Calls a second, at most", Kind::Number, "To one endpoint of Jira. The documented limit is 100."),
    setting(L, "polite_rate", "  … of unattended runs", Kind::Number, "Leaves room for everybody else who uses the site's limits."),
    setting(L, "verify_within", "Verified within", Kind::Period, "Entra tells what changed; of Jira a share is read again in each run, so that within this time all of it is. 0s: everything in every run."),
];

/// Titles above the sections.
pub(in crate::console) const fn title(section: &str) -> &'static str {
    match section.as_bytes() {
        b"provisioning" => "People",
        b"scope" => "Scope",
        b"names" => "Names of groups in Jira",
        b"guards" => "Guards: what waits until you allow it by number",
        b"schedule" => "Schedule",
        _ => "Limits",
    }
}

/// The defaults of all keys, as the commented example gives them.
pub(in crate::console) fn defaults() -> DocumentMut {
    let text: String = config::example()
        .lines()
        .map(|line| line.strip_prefix("#: ").unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    // The example is part of the program, and a test reads it.
    DocumentMut::from_str(&text).unwrap_or_default()
}

impl Setting {
    /// The default, from the example.
    pub(in crate::console) fn default_in(&self, defaults: &DocumentMut) -> Option<TomlValue> {
        let profiles = defaults.get("profiles")?.as_table_like()?;
        let (_, profile) = profiles.iter().next()?;
        let mut value = profile
            .get(self.section)?
            .get(self.key)?
            .as_value()?
            .clone();
        value.decor_mut().clear();
        Some(value)
    }

    /// A value in words.
    pub(in crate::console) fn words(&self, value: &TomlValue) -> String {
        match self.kind {
            Kind::Toggle => if value.as_bool() == Some(true) {
                "yes"
            } else {
                "no"
            }
            .to_owned(),
            Kind::Choice(choices) => {
                let text = choice_text(value);
                choices
                    .iter()
                    .find(|choice| choice.0 == text)
                    .map_or(text.clone(), |choice| choice.1.to_owned())
            }
            Kind::Several(choices) => {
                let chosen: Vec<&str> = texts(value)
                    .iter()
                    .map(|text| {
                        choices
                            .iter()
                            .find(|choice| choice.0 == text)
                            .map_or("?", |choice| choice.1)
                    })
                    .collect();
                if chosen.is_empty() {
                    "none".to_owned()
                } else {
                    chosen.join(", ")
                }
            }
            Kind::Number => value
                .as_integer()
                .map_or_else(String::new, |n| n.to_string()),
            Kind::Percent => match (value.as_integer(), value.as_float()) {
                (Some(whole), _) => whole.to_string(),
                (None, share) => share.map_or_else(String::new, |share| share.to_string()),
            },
            Kind::Later => match (value.as_bool(), value.as_str()) {
                (Some(on), _) => if on { "yes" } else { "no" }.to_owned(),
                (None, Some("") | None) => "none".to_owned(),
                (None, Some(text)) => text.to_owned(),
            },
            Kind::Period | Kind::Text => value.as_str().unwrap_or_default().to_owned(),
            Kind::List(of) => {
                let lines = lines(value, of);
                if lines.is_empty() {
                    "none".to_owned()
                } else {
                    lines.join(", ")
                }
            }
        }
    }
}

/// A choice as text; a list of sources is written with commas.
pub(in crate::console) fn choice_text(value: &TomlValue) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => texts(value).join(","),
    }
}

/// The texts of an array.
pub(in crate::console) fn texts(value: &TomlValue) -> Vec<String> {
    value
        .as_array()
        .map(|array| {
            array
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect()
        })
        .unwrap_or_default()
}

/// A list as lines to edit.
pub(in crate::console) fn lines(value: &TomlValue, of: ListOf) -> Vec<String> {
    match of {
        ListOf::Replacements => value
            .as_array()
            .map(|array| {
                array
                    .iter()
                    .filter_map(|item| {
                        let table = item.as_inline_table()?;
                        let text = |key| table.get(key)?.as_str();
                        Some(format!("{} => {}", text("pattern")?, text("with")?))
                    })
                    .collect()
            })
            .unwrap_or_default(),
        ListOf::Map => value
            .as_inline_table()
            .map(|table| {
                table
                    .iter()
                    .filter_map(|(from, to)| Some(format!("{from} => {}", to.as_str()?)))
                    .collect()
            })
            .unwrap_or_default(),
        _ => texts(value),
    }
}

/// Lines as the file writes them; says what is wrong with a line.
pub(in crate::console) fn from_lines(lines: &[String], of: ListOf) -> Result<TomlValue, String> {
    let split = |line: &String| {
        line.split_once("=>")
            .map(|(from, to)| (from.trim().to_owned(), to.trim().to_owned()))
            .filter(|(from, _)| !from.is_empty())
            .ok_or_else(|| format!("“{line}” needs => between what is replaced and by what"))
    };
    Ok(match of {
        ListOf::Replacements => {
            let mut array = TomlArray::new();
            for line in lines {
                let (pattern, with) = split(line)?;
                let mut table = config::TomlInlineTable::new();
                table.insert("pattern", pattern.into());
                table.insert("with", with.into());
                array.push(table);
            }
            array.into()
        }
        ListOf::Map => {
            let mut table = config::TomlInlineTable::new();
            for line in lines {
                let (from, to) = split(line)?;
                table.insert(&from, to.into());
            }
            table.into()
        }
        _ => lines
            .iter()
            .map(String::as_str)
            .collect::<TomlArray>()
            .into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_default_and_every_key_a_setting() {
        let defaults = defaults();
        for setting in SETTINGS {
            let value = setting.default_in(&defaults);
            assert!(value.is_some(), "{}.{}", setting.section, setting.key);
        }
        let profile = defaults["profiles"]["Azure AD"].as_table_like().unwrap();
        for (section, table) in profile.iter() {
            if matches!(section, "entra" | "jira") {
                continue;
            }
            for (key, _) in table.as_table_like().unwrap().iter() {
                let known = SETTINGS
                    .iter()
                    .any(|s| s.section == section && s.key == key);
                assert!(known, "{section}.{key}");
            }
        }
    }

    #[test]
    fn lists_are_read_back() {
        for (of, text) in [
            (ListOf::Texts, "a*@b.example"),
            (ListOf::Replacements, "^ACL-(.+)$ => $1"),
            (ListOf::Map, "Dev Team => dev"),
        ] {
            let value = from_lines(&[text.to_owned()], of).unwrap();
            assert_eq!(lines(&value, of), [text]);
        }
        assert!(from_lines(&["no arrow".to_owned()], ListOf::Map).is_err());
    }
}
