//! Digests: of a plan and of the settings that a review covers.

use super::inputs::Inputs;
use super::known::{Decisions, RowDecision, TakenWhat};
use super::matching::{Matched, Matching};
use super::operation::{Operation, OperationId, hex};
use super::reason::Reason;
use super::settings::Settings;
use super::target::Target;
use crate::directory::Memberships;
use sha2::{Digest, Sha256};

/// So many bytes are gathered before they are digested: most parts are a few bytes long.
const GATHERED: usize = 1 << 16;

/// A digest in which every part is told from its neighbours by its length.
struct Canonical {
    digest: Sha256,
    gathered: Vec<u8>,
}

impl Canonical {
    fn new(kind: &str) -> Self {
        let mut canonical = Self {
            digest: Sha256::new(),
            gathered: Vec::with_capacity(GATHERED),
        };
        canonical.text(kind);
        canonical
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.gathered.len() + bytes.len() > GATHERED {
            self.digest.update(&self.gathered);
            self.gathered.clear();
        }
        if bytes.len() > GATHERED {
            self.digest.update(bytes);
        } else {
            self.gathered.extend_from_slice(bytes);
        }
    }

    fn members(&mut self, members: &Memberships, groups: usize) {
        for group in 0..groups as u32 {
            let of = members.of(group);
            self.number(of.len() as u64);
            for member in of {
                self.bytes(&member.to_le_bytes());
            }
        }
    }

    fn hex(mut self) -> String {
        self.digest.update(&self.gathered);
        hex(&self.digest.finalize())
    }
}

/// JSON of settings; they are plain data, whose serialization can't fail.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The digest of those settings whose change needs a review before anything is applied
/// unattended: toggles, leavers, scope, names.
#[must_use]
pub fn settings_digest(settings: &Settings) -> String {
    let mut digest = Canonical::new("rollbook-settings-1");
    digest.text(&json(&settings.provisioning));
    digest.text(&json(&settings.scope));
    digest.text(&json(&settings.names));
    digest.hex()
}

pub(super) fn plan_id(
    inputs: &Inputs<'_>,
    matching: &Matching,
    targets: &[Target],
    operations: &[Operation],
) -> String {
    let mut digest = Canonical::new("rollbook-plan-1");
    digest.text(&json(inputs.settings));
    digest.text(&inputs.today.to_string());
    entra(&mut digest, inputs);
    jira(&mut digest, inputs);
    known(&mut digest, inputs, matching);
    digest.number(operations.len() as u64);
    // The snapshots are part of the digest: places in them say who and what an operation is about.
    for op in operations {
        for place in [
            op.kind as u32,
            op.reason as u32,
            op.person,
            op.account,
            op.target,
        ] {
            digest.bytes(&place.to_le_bytes());
        }
    }
    digest.number(targets.len() as u64);
    for target in targets {
        digest.text(&target.name);
        digest.number(u64::from(target.jira.unwrap_or(u32::MAX)));
        digest.number(target.state as u64);
        digest.number(target.entra.len() as u64);
        for group in &target.entra {
            digest.bytes(&group.to_le_bytes());
        }
    }
    digest.hex()
}

fn entra(digest: &mut Canonical, inputs: &Inputs<'_>) {
    let entra = inputs.entra;
    digest.number(entra.people() as u64);
    for (_, person) in entra.iter_people() {
        for text in [person.id(), person.name(), person.mail()] {
            digest.text(text);
        }
        if person.upn() == person.mail() {
            // As with most people; no text is that long.
            digest.number(u64::MAX);
        } else {
            digest.text(person.upn());
        }
        digest.number(
            u64::from(person.enabled())
                | u64::from(person.guest()) << 1
                | u64::from(person.licensed()) << 2,
        );
    }
    digest.number(entra.groups() as u64);
    for (_, group) in entra.iter_groups() {
        digest.text(group.id());
        digest.text(group.name());
        digest.number(group.kind() as u64 | (group.membership() as u64) << 8);
    }
    digest.members(entra.direct(), entra.groups());
    digest.members(entra.nested(), entra.groups());
    for domain in entra.domains() {
        digest.text(domain);
    }
    digest.number(u64::from(entra.users.is_whole()));
}

fn jira(digest: &mut Canonical, inputs: &Inputs<'_>) {
    let jira = inputs.jira;
    digest.number(jira.accounts() as u64);
    for (_, account) in jira.iter_accounts() {
        for text in [account.id(), account.name(), account.email()] {
            digest.text(text);
        }
        digest.number(u64::from(account.active()) | (account.kind() as u64) << 1);
    }
    digest.number(jira.groups() as u64);
    for (_, group) in jira.iter_groups() {
        digest.text(group.id());
        digest.text(group.name());
        digest.number(group.class() as u64 | u64::from(group.read()) << 8);
    }
    digest.members(jira.members(), jira.groups());
    for product in jira.products() {
        digest.text(&product.key);
        digest.text(&format!("{:?}", product.seats));
    }
    digest.number(u64::from(jira.users.is_whole()) | u64::from(jira.group_list.is_whole()) << 1);
}

fn known(digest: &mut Canonical, inputs: &Inputs<'_>, matching: &Matching) {
    let known = inputs.known;
    // The ids stand in the snapshots: the places of both ends say which link it is.
    for (person, how) in (0u32..).zip(&matching.how) {
        if *how == Some(Matched::Link) {
            digest.bytes(&person.to_le_bytes());
            digest.bytes(&matching.account_of[person as usize].to_le_bytes());
        }
    }
    digest.text("broken");
    for (person, account) in &matching.broken {
        digest.text(person.as_str());
        digest.text(account.as_str());
    }
    digest.text("groups");
    for link in known.links.groups() {
        digest.text(link.entra.as_str());
        digest.text(link.group.as_str());
        digest.number(link.ownership as u64);
    }
    decided(digest, &known.decisions);
    digest.text("created");
    for person in &known.created {
        digest.text(person.as_str());
    }
    let mut given: Vec<(&str, &str)> = known
        .defaults_given
        .iter()
        .map(|(person, group)| (person.as_str(), group.as_str()))
        .collect();
    given.sort_unstable();
    for (person, group) in given {
        digest.text(person);
        digest.text(group);
    }
    digest.text("refused");
    let mut refused: Vec<&String> = known.refused.keys().collect();
    refused.sort_unstable();
    for address in refused {
        digest.text(address);
    }
    digest.text("leavers");
    for (person, since) in &known.leavers {
        digest.text(person.as_str());
        digest.text(&since.to_string());
    }
    for taken in &known.taken {
        digest.text(taken.account.as_str());
        match &taken.what {
            TakenWhat::Suspended => digest.number(0),
            TakenWhat::Member(group) => digest.text(group.as_str()),
        }
    }
    digest.text("look-ups");
    for (address, found) in known.look_ups.iter() {
        digest.text(address);
        digest.number(u64::from(found.exact));
        for account in &found.accounts {
            digest.text(account.as_str());
        }
    }
}

fn decided(digest: &mut Canonical, decided: &Decisions) {
    digest.text("decisions");
    let mut decisions: Vec<(OperationId, &str)> = decided
        .operations
        .iter()
        .map(|(id, decision)| {
            let word = match decision {
                RowDecision::Ignored => "",
                RowDecision::Rejected { reason } => reason.map_or("*", Reason::as_str),
            };
            (*id, word)
        })
        .collect();
    decisions.sort_unstable();
    for (id, word) in decisions {
        digest.text(&id.to_string());
        digest.text(word);
    }
    let mut apart: Vec<(&str, &str)> = decided
        .kept_apart
        .iter()
        .map(|(entra, group)| (entra.as_str(), group.as_str()))
        .collect();
    apart.sort_unstable();
    for (entra, group) in apart {
        digest.text(entra);
        digest.text(group);
    }
    // Plans in which no question is answered keep the ids that they had.
    if !decided.different.is_empty() {
        digest.text("different");
        let pairs = decided.different.iter();
        let mut pairs: Vec<_> = pairs.map(|(p, a)| (p.as_str(), a.as_str())).collect();
        pairs.sort_unstable();
        for (person, account) in pairs {
            digest.text(person);
            digest.text(account);
        }
    }
    if !decided.left_alone.is_empty() {
        digest.text("left-alone");
        let mut questions: Vec<_> = decided.left_alone.iter().collect();
        questions.sort_unstable();
        for question in questions {
            digest.text(question.code().as_str());
            digest.text(question.subject());
            digest.text(question.candidates());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::settings::{Names, Provisioning, Scope};

    #[derive(serde::Deserialize)]
    struct Sections {
        provisioning: Provisioning,
        scope: Scope,
        names: Names,
    }

    /// Settings in which nothing stands as it does by default.
    fn all_changed() -> Settings {
        let text = r#"{
            "provisioning": {
                "import_users": true,
                "import_groups": true,
                "sync_memberships": true,
                "products": ["jira-software"],
                "invitations": "silent",
                "email_from": ["userPrincipalName"],
                "default_groups": ["jira-users"],
                "leavers": "suspend",
                "grace": "90s",
                "out_of_scope": "remove"
            },
            "scope": {
                "users": "member-of",
                "assigned_app_id": "app",
                "member_of": ["Staff"],
                "exclude_members_of": ["Robots"],
                "exclude_emails": ["*@robots.example"],
                "licensed_only": true,
                "guests": true,
                "foreign_domains": true,
                "include_groups": ["Team *"],
                "exclude_groups": ["*old*"],
                "group_kinds": ["security"]
            },
            "names": {
                "prefix": "entra-",
                "replace": [{"pattern": "^Team (.*)", "with": "$1"}],
                "map": {"Staff": "everybody"}
            }
        }"#;
        let sections: Sections = serde_json::from_str(text).unwrap();
        Settings {
            provisioning: sections.provisioning,
            scope: sections.scope,
            names: sections.names,
            ..Settings::default()
        }
    }

    #[test]
    fn digests_of_settings_stay_as_they_are() {
        assert_eq!(
            settings_digest(&Settings::default()),
            "38e7bb657a3c1c86682cff9895faa33789f51c90241e6c84baf3317c4e4489cb"
        );
        assert_eq!(
            settings_digest(&all_changed()),
            "9949a61ca6e2dc24c5b16398bcdac43cf572f7ed6dd08b86ef81df66b30a44e0"
        );
    }
}
