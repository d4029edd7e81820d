//! What each listing proves, in words.

use super::sides::Snapshots;
use crate::directory::{Completeness, Membership};
use crate::store::Listing;
use crate::text::grouped;

impl Snapshots {
    /// How each listing is known to be whole, or what is doubtful.
    pub(in crate::sync) fn listings(&self, now: u32) -> Vec<Listing> {
        let verification = &self.jira.verification;
        let (entra, jira) = (&self.entra, &self.jira.snapshot);
        vec![
            listing("Entra users", &entra.users, self.users()),
            listing("Entra groups", &Completeness::Whole, self.groups()),
            listing(
                "Jira accounts",
                &jira.users,
                format!(
                    "{}: read to the empty page {}; your own account is among them",
                    grouped(jira.accounts() as u64),
                    ago(verification.accounts_at, now)
                ),
            ),
            listing(
                "Jira groups",
                &jira.group_list,
                format!(
                    "{}: read to the last page, with as many rows as it says, {}",
                    grouped(jira.groups() as u64),
                    ago(verification.groups_at, now)
                ),
            ),
            listing("Jira members", &Completeness::Whole, self.members(now)),
        ]
    }

    fn how_entra_was_read(&self) -> &'static str {
        if self.by_changes {
            "what changed was read to the link that ends the round"
        } else {
            "read to the last page"
        }
    }

    fn users(&self) -> String {
        let count = match self.counted {
            Some(counted) => format!("the tenant counts {}", grouped(counted)),
            None => "this tenant does not count them".to_owned(),
        };
        format!(
            "{}: {}; {count}",
            grouped(self.entra.people() as u64),
            self.how_entra_was_read()
        )
    }

    fn groups(&self) -> String {
        let unknown = self
            .entra
            .iter_groups()
            .filter(|(_, group)| group.membership() != Membership::Known)
            .count() as u64;
        let unknown = if unknown > 0 {
            format!("; the members of {} can't be known", grouped(unknown))
        } else {
            String::new()
        };
        format!(
            "{}, {} memberships: {}{unknown}",
            grouped(self.entra.groups() as u64),
            grouped(self.entra.direct().total() as u64),
            self.how_entra_was_read()
        )
    }

    fn members(&self, now: u32) -> String {
        let jira = &self.jira.snapshot;
        let verified: Vec<u32> = jira
            .iter_groups()
            .filter(|(_, group)| group.read())
            .map(|(_, group)| group.verified())
            .collect();
        let oldest = verified.iter().min().map_or(String::new(), |at| {
            format!(", the oldest {}", ago(*at, now))
        });
        format!(
            "of {} groups that plans speak of: each read to its last page{oldest}",
            grouped(verified.len() as u64)
        )
    }
}

fn listing(name: &str, completeness: &Completeness, words: String) -> Listing {
    let (words, doubtful) = match completeness {
        Completeness::Whole => (words, false),
        Completeness::Doubtful(doubt) => (doubt.to_string(), true),
    };
    Listing {
        name: name.to_owned(),
        words,
        doubtful,
    }
}

/// How long ago this moment was, in seconds since 1970, for people.
fn ago(at: u32, now: u32) -> String {
    match now.saturating_sub(at) {
        0..=119 => "just now".to_owned(),
        seconds @ 120..=7199 => format!("{} min ago", seconds / 60),
        seconds => format!("{} h ago", seconds / 3600),
    }
}
