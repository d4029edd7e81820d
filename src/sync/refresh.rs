//! Reading both sides: everything the first time, afterwards what changed, what is touched and a
//! rotating share.

use super::drift::Drift;
use super::entra_side::EntraSide;
use super::error::SyncError;
use super::jira_side::JiraSide;
use super::progress::Stage;
use super::session::Session;
use crate::directory::{Doubt, EntraSnapshot, JiraSnapshot, grouped};
use crate::entra::Listed;
use crate::jira::Read;
use crate::plan::{Allowances, Inputs, Known, Selection, groups_to_read};
use crate::store::{Listing, Mirrored};
use std::sync::Arc;

/// How many people who seem to be deleted are asked for by id. Of more, a part is asked for: so
/// many removals are held by guards in any case.
const DELETIONS: usize = 400;

/// Both sides as they are known now.
#[derive(Debug)]
pub struct Snapshots {
    /// Entra's side.
    pub entra: Arc<EntraSnapshot>,
    /// Jira's side, with what of it was verified just now.
    pub(super) jira: JiraSide,
    entra_notes: crate::store::EntraNotes,
    /// How many users the tenant counts, if it tells.
    counted: Option<u64>,
    /// Whether only changes were read of Entra.
    by_changes: bool,
}

/// Seconds since 1970, as snapshots note them.
pub(super) fn now() -> u32 {
    // Good until 2106.
    u32::try_from(jiff::Timestamp::now().as_second()).unwrap_or(u32::MAX)
}

impl Session {
    /// Reads both sides at the same time, then the members of those groups that plans speak of and
    /// that were never read, and whatever Entra's changes or the last run touched. An incomplete
    /// side comes back as such; a side that can't be read at all is an error.
    pub(super) async fn refresh(&mut self, known: &Known) -> Result<Snapshots, SyncError> {
        let (listed, read) = (Arc::new(Listed::default()), Arc::new(Read::default()));
        self.progress.now(Stage::Reading {
            entra: listed.clone(),
            jira: read.clone(),
        });
        let (base_entra, base_jira, compared) = match self.recall() {
            // Everything is read; what was known only tells what somebody else changed.
            Some(base) if self.full => (None, None, Some(base)),
            Some(base) => (
                Some((base.entra, base.entra_notes)),
                Some((base.jira, base.verification)),
                None,
            ),
            None => (None, None, None),
        };
        let (entra, mut jira) = tokio::try_join!(
            self.read_entra(base_entra, &listed),
            self.read_jira(base_jira, &read, known)
        )?;
        let EntraSide {
            read: found,
            base: before,
            notes: entra_notes,
            said,
        } = entra;
        self.notes.extend(said);
        let mut entra = found.snapshot;
        let wanted = self.unread(&entra, &jira.snapshot, known);
        self.read_members(&mut jira, &wanted, &read).await?;
        if let Some(base) = compared {
            let written = self.state.written_after(base.verification.runs)?;
            jira.drift = Drift::between(&base.jira, &jira.snapshot, &written);
        }
        let touched = Self::touched(before.as_deref(), &entra, &jira, known);
        self.check(&mut jira, &touched, &read).await?;
        self.confirm_deletions(&mut entra, &jira.snapshot, known)
            .await?;
        let snapshots = Snapshots {
            entra: Arc::new(entra),
            jira,
            entra_notes,
            counted: found.counted,
            by_changes: found.by_changes,
        };
        self.keep(&snapshots)?;
        Ok(snapshots)
    }

    /// What is known from before.
    fn recall(&mut self) -> Option<Mirrored> {
        let before = self.mirror.rebuilt;
        let found = self.mirror.recall(&self.identity);
        if self.mirror.rebuilt && !before {
            self.notes.push(super::session::REBUILT.to_owned());
        }
        found.filter(|base| base.entra.users.is_whole() && base.jira.is_whole())
    }

    /// The groups whose members a plan needs and that were never read.
    fn unread(&self, entra: &EntraSnapshot, jira: &JiraSnapshot, known: &Known) -> Vec<u32> {
        let mut settings = self.profile.settings.clone();
        settings.provisioning.sync_memberships |= self.ahead;
        let inputs = Inputs {
            entra,
            jira,
            known,
            settings: &settings,
            today: jiff::ZonedDateTime::now().date(),
            mode: self.mode,
            allowances: &Allowances::default(),
            selection: &Selection::Everything,
        };
        let mut rows = groups_to_read(&inputs, self.admins);
        rows.retain(|row| !jira.group(*row).read());
        rows
    }

    /// Keeps both sides, if they are to be believed.
    pub(super) fn keep(&mut self, snapshots: &Snapshots) -> Result<(), SyncError> {
        let (entra, jira) = (&snapshots.entra, &snapshots.jira);
        if !entra.users.is_whole() || !jira.snapshot.is_whole() {
            return Ok(());
        }
        let mirrored = Mirrored {
            entra: entra.clone(),
            jira: jira.snapshot.clone(),
            entra_notes: snapshots.entra_notes.clone(),
            verification: jira.verification.clone(),
            listings: snapshots.listings(),
        };
        Ok(self.mirror.keep(&self.identity, &mirrored)?)
    }

    /// People who are missing from Entra's listing and would leave owned groups for that reason
    /// are asked for by id before they are believed deleted.
    async fn confirm_deletions(
        &self,
        entra: &mut EntraSnapshot,
        jira: &JiraSnapshot,
        known: &Known,
    ) -> Result<(), SyncError> {
        let owned: Vec<u32> = if self.admins {
            // An adoption may make any of them owned.
            jira.iter_groups().map(|(row, _)| row).collect()
        } else {
            let links = known
                .links
                .groups()
                .filter(|link| link.ownership.is_owned());
            links
                .filter_map(|link| jira.find_group(link.group.as_str()))
                .collect()
        };
        let missing: Vec<&str> = known
            .links
            .people()
            .filter(|(person, _)| entra.find_person(person.as_str()).is_none())
            .filter(|(_, account)| {
                jira.find_account(account.as_str()).is_some_and(|account| {
                    owned
                        .iter()
                        .any(|group| jira.members().contains(*group, account))
                })
            })
            .map(|(person, _)| person.as_str())
            .collect();
        if missing.is_empty() || !entra.users.is_whole() {
            return Ok(());
        }
        let found = self.entra.existing(&missing, DELETIONS).await?;
        if found > 0 {
            entra.users.doubt(Doubt::ExistsUnlisted { found });
        }
        Ok(())
    }

    /// Tells of memberships that somebody else changed in Jira since they were known, with who and
    /// when, if the audit records tell.
    pub(super) async fn tell_drift(&mut self, jira: &mut JiraSide) -> Result<(), SyncError> {
        let mut drift = std::mem::take(&mut jira.drift);
        if drift.is_empty() {
            return Ok(());
        }
        drift.sort();
        drift.dedup();
        self.explain(&mut drift, jira).await?;
        let shown = drift.iter().take(super::drift::SHOWN).map(Drift::words);
        self.notes.extend(shown);
        if drift.len() > super::drift::SHOWN {
            self.notes.push(format!(
                "… and {} more memberships that were changed in Jira by somebody else.",
                grouped((drift.len() - super::drift::SHOWN) as u64)
            ));
        }
        Ok(())
    }
}

impl Snapshots {
    /// How each listing is known to be whole, or what is doubtful.
    pub(super) fn listings(&self) -> Vec<Listing> {
        listings(&self.entra, self.counted, self.by_changes, &self.jira)
    }
}

fn listings(
    entra: &EntraSnapshot,
    counted: Option<u64>,
    by_changes: bool,
    jira: &JiraSide,
) -> Vec<Listing> {
    let listing = |name: &str, words: String, doubt: Option<&Doubt>| Listing {
        name: name.to_owned(),
        doubtful: doubt.is_some(),
        words: doubt.map_or(words, ToString::to_string),
    };
    let doubt = |completeness: &crate::directory::Completeness| match completeness {
        crate::directory::Completeness::Whole => None,
        crate::directory::Completeness::Doubtful(doubt) => Some(doubt.clone()),
    };
    let read = if by_changes {
        "what changed was read to the link that ends the round"
    } else {
        "read to the last page"
    };
    let count = match counted {
        Some(counted) => format!("the tenant counts {}", grouped(counted)),
        None => "this tenant does not count them".to_owned(),
    };
    let people = grouped(entra.people() as u64);
    let hidden = entra
        .iter_groups()
        .filter(|(_, group)| group.membership() != crate::directory::Membership::Known)
        .count() as u64;
    let unknown = if hidden > 0 {
        format!("; the members of {} can't be known", grouped(hidden))
    } else {
        String::new()
    };
    let site = &jira.snapshot;
    let verified: Vec<u32> = site
        .iter_groups()
        .filter(|(_, group)| group.read())
        .map(|(_, group)| group.verified())
        .collect();
    let oldest = verified.iter().min().map_or(String::new(), |at| {
        format!(", the oldest {}", ago(now().saturating_sub(*at)))
    });
    vec![
        listing(
            "Entra users",
            format!("{people}: {read}; {count}"),
            doubt(&entra.users).as_ref(),
        ),
        listing(
            "Entra groups",
            format!(
                "{}, {} memberships: {read}{unknown}",
                grouped(entra.groups() as u64),
                grouped(entra.direct().total() as u64)
            ),
            None,
        ),
        listing(
            "Jira accounts",
            format!(
                "{}: read to the empty page {}; your own account is among them",
                grouped(site.accounts() as u64),
                ago(now().saturating_sub(jira.verification.accounts_at))
            ),
            doubt(&site.users).as_ref(),
        ),
        listing(
            "Jira groups",
            format!(
                "{}: read to the last page, with as many rows as it says, {}",
                grouped(site.groups() as u64),
                ago(now().saturating_sub(jira.verification.groups_at))
            ),
            doubt(&site.group_list).as_ref(),
        ),
        listing(
            "Jira members",
            format!(
                "of {} groups that plans speak of: each read to its last page{oldest}",
                grouped(verified.len() as u64)
            ),
            None,
        ),
    ]
}

/// How long ago, for people.
fn ago(seconds: u32) -> String {
    match seconds {
        0..=119 => "just now".to_owned(),
        120..=7199 => format!("{} min ago", seconds / 60),
        _ => format!("{} h ago", seconds / 3600),
    }
}
