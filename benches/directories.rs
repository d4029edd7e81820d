//! Planning, the mirror and changes, on generated directories.
//!
//! `cargo bench` runs all of it; `cargo bench -- planning` one part. With every time stands the
//! most memory that was held while it was measured (`max alloc`).

#![expect(
    clippy::unwrap_used,
    reason = "a bench that can't go on has nothing to measure"
)]

use divan::{AllocProfiler, Bencher};
use rollbook::directory::{
    AccountId, AccountKind, EntraBuilder, EntraChanges, EntraGroupRow, EntraId, EntraPersonRow,
    EntraSnapshot, GroupClass, GroupId, GroupKind, JiraAccountRow, JiraBuilder, JiraGroupRow,
    JiraSnapshot, MemberKind, Membership, PersonFields,
};
use rollbook::plan::{
    Allowances, GroupLink, Inputs, Known, Mode, Ownership, Selection, Settings, Verification, make,
};
use rollbook::store::{EntraNotes, Identity, Mirror, Mirrored};
use std::sync::Arc;

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// How large the directories are: people, groups, memberships.
#[derive(Debug, Clone, Copy)]
struct Size {
    people: u32,
    groups: u32,
    memberships: u32,
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} people, {} groups, {} memberships",
            self.people, self.groups, self.memberships
        )
    }
}

const SIZES: [Size; 3] = [
    Size {
        people: 10_000,
        groups: 200,
        memberships: 80_000,
    },
    Size {
        people: 100_000,
        groups: 2_000,
        memberships: 1_000_000,
    },
    Size {
        people: 1_000_000,
        groups: 20_000,
        memberships: 8_000_000,
    },
];

/// Both sides, linked, with a share of difference.
struct Directories {
    entra: EntraSnapshot,
    jira: JiraSnapshot,
    known: Known,
    settings: Settings,
}

fn person_id(n: u32) -> String {
    format!("{n:08x}-0000-4000-8000-000000000000")
}

fn group_id(n: u32) -> String {
    format!("{n:08x}-0000-4000-9000-000000000000")
}

fn account_id(n: u32) -> String {
    format!("712020:{n:08x}-0000-4000-8000-000000000000")
}

/// The members of a group: a stretch of everybody, so that sizes are even.
fn members(size: Size, group: u32) -> impl Iterator<Item = u32> {
    let each = size.memberships / size.groups;
    let start = u64::from(group) * 7919;
    (0..each).map(move |n| ((start + u64::from(n) * 13) % u64::from(size.people)) as u32)
}

impl Directories {
    /// `in_jira`: whether Jira holds all but one in a hundred memberships, or nothing.
    fn new(size: Size, in_jira: bool) -> Self {
        let (mut entra, mut jira) = (EntraBuilder::default(), JiraBuilder::default());
        let mut known = Known::default();
        jira.read_at(1);
        entra.domain("meridian.example");
        for n in 0..size.people {
            let (id, name) = (person_id(n), format!("Ada Lovelace {n}"));
            let mail = format!("ada.lovelace{n}@meridian.example");
            entra.person(&EntraPersonRow {
                id: &id,
                name: &name,
                mail: &mail,
                upn: &mail,
                enabled: n % 50 != 0,
                guest: false,
                licensed: true,
            });
            if in_jira && n % 200 != 1 {
                let account = account_id(n);
                jira.account(&JiraAccountRow {
                    id: &account,
                    name: &name,
                    email: &mail,
                    active: true,
                    kind: AccountKind::Person,
                });
                known
                    .links
                    .person(EntraId::new(&id), AccountId::new(&account));
            }
        }
        for n in 0..size.groups {
            let (id, name) = (group_id(n), format!("Team {n}"));
            entra.group(&EntraGroupRow {
                id: &id,
                name: &name,
                kind: GroupKind::Security,
                membership: Membership::Known,
            });
            let jira_id = format!("jira-{id}");
            if in_jira {
                jira.group(&JiraGroupRow {
                    id: &jira_id,
                    name: &name,
                    class: GroupClass::Ordinary,
                });
                jira.group_read(&jira_id);
                known.links.group(GroupLink {
                    entra: EntraId::new(&id),
                    group: GroupId::new(&jira_id),
                    ownership: Ownership::Owned,
                });
            }
            for (at, member) in (0u32..).zip(members(size, n)) {
                entra.member(&id, &person_id(member), MemberKind::Person, false);
                if in_jira && at % 100 != 7 {
                    jira.member(&jira_id, &account_id(member));
                }
            }
        }
        let mut settings = Settings::default();
        settings.provisioning.import_users = true;
        settings.provisioning.import_groups = true;
        settings.provisioning.sync_memberships = true;
        Self {
            entra: entra.finish(),
            jira: jira.finish(),
            known,
            settings,
        }
    }

    fn plan(&self) -> rollbook::plan::Plan {
        make(&Inputs {
            entra: &self.entra,
            jira: &self.jira,
            known: &self.known,
            settings: &self.settings,
            today: jiff::civil::date(2026, 1, 1),
            mode: Mode::Attended,
            allowances: &Allowances::default(),
            selection: &Selection::Everything,
            undo: None,
        })
    }
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn planning_with_one_percent_of_difference(bencher: Bencher<'_, '_>, size: Size) {
    let directories = Directories::new(size, true);
    bencher.bench_local(|| directories.plan().operations.len());
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn planning_for_an_empty_jira(bencher: Bencher<'_, '_>, size: Size) {
    let directories = Directories::new(size, false);
    bencher.bench_local(|| directories.plan().operations.len());
}

/// The 22 scattered changes of a day, and an eighth of everybody who is promoted.
fn changes(size: Size, people: u32) -> EntraChanges {
    let mut changes = EntraChanges::default();
    for n in 0..people {
        let id = person_id(n * (size.people / people));
        let name = Some(format!("Renamed {n}"));
        changes.person(
            &id,
            PersonFields {
                name,
                ..PersonFields::default()
            },
        );
        let group = group_id(n % size.groups);
        changes.group(&group, rollbook::directory::GroupFields::default());
        changes.member(&group, &id, MemberKind::Person, n % 3 == 0);
    }
    changes
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn merging_few_changes(bencher: Bencher<'_, '_>, size: Size) {
    let directories = Directories::new(size, false);
    let changes = changes(size, 22);
    bencher.bench_local(|| directories.entra.after(&changes).people());
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn merging_many_changes(bencher: Bencher<'_, '_>, size: Size) {
    let directories = Directories::new(size, false);
    let changes = changes(size, size.people / 8);
    bencher.bench_local(|| directories.entra.after(&changes).people());
}

fn identity() -> Identity {
    Identity {
        tenant_id: "tenant".to_owned(),
        cloud_id: "site".to_owned(),
    }
}

fn mirrored(directories: Directories) -> Mirrored {
    Mirrored {
        entra: Arc::new(directories.entra),
        jira: Arc::new(directories.jira),
        entra_notes: EntraNotes::default(),
        verification: Verification::default(),
        listings: Vec::new(),
    }
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn saving_the_mirror(bencher: Bencher<'_, '_>, size: Size) {
    let mirrored = mirrored(Directories::new(size, true));
    bencher
        .with_inputs(|| tempfile::TempDir::new().unwrap())
        .bench_local_values(|folder| {
            let mut mirror = Mirror::open(folder.path()).unwrap();
            mirror.keep(&identity(), &mirrored).unwrap();
            folder
        });
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn loading_the_mirror(bencher: Bencher<'_, '_>, size: Size) {
    let folder = tempfile::TempDir::new().unwrap();
    let mut mirror = Mirror::open(folder.path()).unwrap();
    mirror
        .keep(&identity(), &mirrored(Directories::new(size, true)))
        .unwrap();
    drop(mirror);
    bencher.bench_local(|| {
        let mut mirror = Mirror::open(folder.path()).unwrap();
        mirror.recall(&identity()).unwrap().entra.people()
    });
}
