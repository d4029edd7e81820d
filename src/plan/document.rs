//! The plan as a document: what `plan --json` prints and what a saved plan holds.
//!
//! Operations are rendered one by one, so that a plan of any size is written in bounded memory.

use super::address::address;
use super::conflict::Conflict;
use super::doubts::DoubtRow;
use super::inputs::Inputs;
use super::left_out::Skipped;
use super::operation::{Kind, Operation, OperationId};
use super::plan::Plan;
use super::reason::Reason;
use super::seal::PlanKey;
use super::target::operation_id;
use crate::text::json_safe;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A person in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRef {
    /// Entra object id.
    pub entra_id: Option<String>,
    /// Jira accountId, none before it is created.
    pub account_id: Option<String>,
    /// Address.
    pub email: Option<String>,
    /// Display name.
    pub name: String,
}

/// A group in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRef {
    /// Entra object id.
    pub entra_id: Option<String>,
    /// Jira groupId, none before it is created.
    pub group_id: Option<String>,
    /// Name in Jira.
    pub name: String,
}

/// An operation in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationRow {
    /// Its id.
    pub id: OperationId,
    /// What it does.
    pub kind: Kind,
    /// To whom.
    pub user: Option<UserRef>,
    /// In which group.
    pub group: Option<GroupRef>,
    /// Why, in words.
    pub reason: String,
    /// Why, by its code; none in a plan that was saved before there were codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<Reason>,
    /// Guards that hold it.
    pub held_by: Vec<String>,
    /// In a saved plan: `false` cuts the operation out.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "flag"
    )]
    pub selected: Option<bool>,
}

/// A flag that is there: `null` is neither true nor false.
fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    bool::deserialize(from).map(Some)
}

impl OperationRow {
    /// Whether it is taken from a leaver, to be given back on return.
    #[must_use]
    pub fn is_leaver(&self) -> bool {
        self.reason_code.is_some_and(Reason::is_leaver)
    }
}

/// Whether both sides are complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    /// Entra.
    pub entra: bool,
    /// Jira.
    pub jira: bool,
}

/// Counts of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkCounts {
    /// People who are linked or recognised.
    pub people: u64,
    /// Groups that are linked.
    pub groups: u64,
    /// Groups that are suggested by name.
    pub suggested: u64,
}

/// A tripped guard in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardRow {
    /// Name.
    pub name: String,
    /// Count.
    pub count: u64,
    /// Limit.
    pub limit: u64,
    /// Whether `--allow` takes it.
    pub allowable: bool,
}

/// A conflict, or somebody left out, in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// `person` or `group`.
    pub kind: String,
    /// Entra object id.
    pub entra_id: Option<String>,
    /// Name.
    pub name: String,
    /// Why, in words.
    pub reason: String,
    /// Why, by its code; none in a plan that was saved before there were codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// Ids that come into question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<String>>,
}

/// Seats of a product in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeatRow {
    /// Product key.
    pub product: String,
    /// Seats left; none for no limit.
    pub left: Option<u64>,
    /// Seats needed.
    pub needed: u64,
}

/// Counts of operations by kind, and `total`.
pub type Summary = BTreeMap<String, u64>;

/// What a saved plan is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    /// Which key its hash was made with, see [`PlanKey::id`]; none in a plan of an earlier version.
    #[serde(default)]
    pub key: String,
    /// Entra tenant id.
    pub tenant_id: String,
    /// The site's cloudId.
    pub cloud_id: String,
    /// Digest of the settings.
    pub settings: String,
    /// Groups that applying it adopts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adopts: Vec<GroupPair>,
    /// Whether members are only added to them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub add_only: bool,
    /// The run that applying it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
}

/// An Entra group and the Jira group that mirrors it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupPair {
    /// Entra object id.
    pub entra_id: String,
    /// Jira groupId.
    pub group_id: String,
}

/// A plan as a document. `operations` is empty in one that is about to be streamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// 1.
    pub version: u32,
    /// The plan's id.
    pub plan_id: String,
    /// Profile name.
    pub profile: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// Whether both sides are complete.
    pub complete: Complete,
    /// Counts.
    pub summary: Summary,
    /// Links.
    pub links: LinkCounts,
    /// People never looked up.
    pub unverified: u64,
    /// Operations.
    pub operations: Vec<OperationRow>,
    /// Listings that may not be whole; left out where all are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<DoubtRow>,
    /// What optional sources would not tell; left out where all told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Guards that hold something.
    pub guards: Vec<GuardRow>,
    /// What needs the admin.
    pub conflicts: Vec<Row>,
    /// Who is left out.
    pub skipped: Vec<Row>,
    /// Seats.
    pub seats: Vec<SeatRow>,
    /// In a saved plan: what it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Pinned>,
    /// In a saved plan: its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// Why a saved plan is refused.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not a plan.
    #[error("it is not a saved plan: {0}")]
    Form(String),
    /// Another version.
    #[error("it is of version {0}, and this program reads version 1")]
    Version(u32),
    /// Without a hash.
    #[error("it has no hash: write it with `rollbook plan --out FILE`")]
    NoHash,
    /// Its hash was made with another key.
    #[error("it was not written with this profile's state: plans are applied where they were made")]
    OtherKey,
    /// Edited.
    #[error(
        "it was changed after it was written. Only an operation's `selected` may be set to false"
    )]
    Edited,
}

impl Plan {
    /// The counts by kind.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary: Summary = Kind::ALL
            .into_iter()
            .map(|kind| (kind.as_str().to_owned(), self.count(kind)))
            .collect();
        summary.insert("total".to_owned(), self.operations.len() as u64);
        summary
    }

    /// The id of an operation.
    #[must_use]
    pub fn operation_id(&self, inputs: &Inputs<'_>, op: &Operation) -> OperationId {
        operation_id(inputs, &self.targets, op)
    }

    /// An operation as a document shows it.
    #[must_use]
    pub fn row(&self, inputs: &Inputs<'_>, op: &Operation) -> OperationRow {
        OperationRow {
            id: self.operation_id(inputs, op),
            kind: op.kind,
            user: Self::user(inputs, op),
            group: op.target().map(|index| {
                let target = &self.targets[index as usize];
                GroupRef {
                    entra_id: target
                        .entra
                        .first()
                        .map(|row| inputs.entra.group(*row).id().to_owned()),
                    group_id: target
                        .jira
                        .map(|row| inputs.jira.group(row).id().to_owned()),
                    name: target.name.clone(),
                }
            }),
            reason: op.reason.to_string(),
            reason_code: Some(op.reason),
            held_by: op.held.guards().map(|g| g.as_str().to_owned()).collect(),
            selected: None,
        }
    }

    fn user(inputs: &Inputs<'_>, op: &Operation) -> Option<UserRef> {
        if matches!(op.kind, Kind::CreateGroup | Kind::DeleteGroup) {
            return None;
        }
        let account = op.account().map(|row| inputs.jira.account(row));
        let person = op.person().map(|row| inputs.entra.person(row));
        let email = person
            .and_then(|p| address(p, &inputs.settings.provisioning.email_from))
            .or_else(|| account.map(crate::directory::JiraAccount::email))
            .filter(|email| !email.is_empty());
        let entra_id = person.map(|p| p.id().to_owned()).or_else(|| {
            let linked = inputs.known.links.person_of(account?.id())?;
            Some(linked.to_owned())
        });
        Some(UserRef {
            entra_id,
            account_id: account.map(|a| a.id().to_owned()),
            email: email.map(str::to_owned),
            name: person
                .map(crate::directory::EntraPerson::name)
                .or_else(|| account.map(crate::directory::JiraAccount::name))
                .unwrap_or_default()
                .to_owned(),
        })
    }

    /// The document without its operations.
    #[must_use]
    pub fn head(&self, inputs: &Inputs<'_>, profile: &str, created_at: &str) -> Document {
        Document {
            version: 1,
            plan_id: self.id.clone(),
            profile: profile.to_owned(),
            created_at: created_at.to_owned(),
            complete: Complete {
                entra: inputs.entra.users.is_whole(),
                jira: inputs.jira.is_whole(),
            },
            summary: self.summary(),
            links: LinkCounts {
                people: self.people_linked,
                groups: self.groups_linked,
                suggested: self.groups_suggested,
            },
            unverified: self.unverified,
            operations: Vec::new(),
            doubts: self.doubts.iter().map(|doubt| doubt.row(inputs)).collect(),
            unknown: Vec::new(),
            guards: self
                .guards
                .iter()
                .map(|guard| GuardRow {
                    name: guard.name.as_str().to_owned(),
                    count: guard.count,
                    limit: guard.limit,
                    allowable: guard.allowable,
                })
                .collect(),
            conflicts: self.conflicts.iter().map(|c| conflict(inputs, c)).collect(),
            skipped: self.skipped.iter().map(|s| skipped(inputs, s)).collect(),
            seats: self
                .seats
                .iter()
                .map(|seat| SeatRow {
                    product: seat.product.clone(),
                    left: seat.left,
                    needed: seat.needed,
                })
                .collect(),
            pinned: None,
            hash: None,
        }
    }
}

fn conflict(inputs: &Inputs<'_>, conflict: &Conflict) -> Row {
    let candidates = conflict.candidate_ids(inputs);
    Row {
        kind: conflict.kind.as_str().to_owned(),
        entra_id: Some(conflict.entra_id(inputs).to_owned()),
        name: conflict.name(inputs).to_owned(),
        reason: conflict.words(inputs),
        reason_code: Some(conflict.code.as_str().to_owned()),
        candidates: Some(candidates.map(str::to_owned).collect()),
    }
}

fn skipped(inputs: &Inputs<'_>, skipped: &Skipped) -> Row {
    Row {
        kind: skipped.kind(inputs).as_str().to_owned(),
        entra_id: skipped.entra_id(inputs).map(str::to_owned),
        name: skipped.name(inputs),
        reason: skipped.words(inputs),
        reason_code: Some(skipped.why.as_str().to_owned()),
        candidates: None,
    }
}

/// Writes a document, its operations one by one. With a key it is a saved plan: it gets its hash, and each
/// operation a `selected` flag.
pub fn write(
    mut head: Document,
    operations: impl Iterator<Item = OperationRow>,
    key: Option<&PlanKey>,
    to: &mut dyn Write,
) -> io::Result<()> {
    const PLACE: &str = "\"operations\":[";
    // The hash stands last, after operations that are not known yet.
    head.hash = None;
    let mut seal = key.map(PlanKey::seal);
    if let Some(seal) = &mut seal {
        seal.part(&head);
    }
    let text = serde_json::to_string(&head)?;
    let text = json_safe(&text);
    let Some(at) = text.find(PLACE) else {
        return Err(io::Error::other("a plan without operations"));
    };
    let (before, after) = text.split_at(at + PLACE.len());
    to.write_all(before.as_bytes())?;
    let mut first = true;
    for mut row in operations {
        to.write_all(if first { b"\n" } else { b",\n" })?;
        first = false;
        row.selected = None;
        if let Some(seal) = &mut seal {
            seal.part(&row);
            row.selected = Some(true);
        }
        to.write_all(json_safe(&serde_json::to_string(&row)?).as_bytes())?;
    }
    match seal {
        Some(seal) => {
            let open = after.strip_suffix('}').unwrap_or(after);
            writeln!(to, "{open},\"hash\":\"{}\"}}", seal.hex())
        }
        None => writeln!(to, "{after}"),
    }
}

/// Reads a saved plan and checks its version, and that it was written with this key. Without a key there is
/// none that could have been.
pub fn read(text: &str, key: Option<&PlanKey>) -> Result<Document, DocumentError> {
    let version = serde_json::from_str::<serde_json::Value>(text)
        .map_err(|e| DocumentError::Form(e.to_string()))?
        .get("version")
        .and_then(serde_json::Value::as_u64);
    match version {
        Some(1) | None => {}
        Some(other) => {
            return Err(DocumentError::Version(
                u32::try_from(other).unwrap_or(u32::MAX),
            ));
        }
    }
    let mut document: Document =
        serde_json::from_str(text).map_err(|e| DocumentError::Form(e.to_string()))?;
    let (Some(hash), Some(pinned)) = (document.hash.take(), &document.pinned) else {
        return Err(DocumentError::NoHash);
    };
    let key = key.filter(|key| key.id() == pinned.key);
    let Some(key) = key else {
        return Err(DocumentError::OtherKey);
    };
    let mut seal = key.seal();
    let rows = std::mem::take(&mut document.operations);
    seal.part(&document);
    for row in &rows {
        seal.part(&OperationRow {
            selected: None,
            ..row.clone()
        });
    }
    document.operations = rows;
    if !seal.is(&hash) {
        return Err(DocumentError::Edited);
    }
    document.hash = Some(hash);
    Ok(document)
}
