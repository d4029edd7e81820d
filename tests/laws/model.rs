//! A small world that can be turned into snapshots, and that a plan can be applied to.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use rollbook::directory::{
    AccountId, AccountKind, EntraBuilder, EntraGroupRow, EntraId, EntraPersonRow, EntraSnapshot,
    GroupClass, GroupId, GroupKind, JiraAccountRow, JiraBuilder, JiraGroupRow, JiraSnapshot,
    MemberKind, Membership, Product, Seats,
};
use rollbook::plan::{
    Allowances, Decision, GroupLink, Inputs, Kind, Known, Leavers, Links, LookUp, Mode, OutOfScope,
    Ownership, Period, Plan, Reason, Selection, Settings, Taken, TakenWhat, make,
};
use std::collections::BTreeSet;

pub type Snapshots = (EntraSnapshot, JiraSnapshot);

#[derive(Debug, Clone)]
pub struct Person {
    id: String,
    name: String,
    mail: String,
    upn: String,
    enabled: bool,
    guest: bool,
}

#[derive(Debug, Clone)]
pub struct Group {
    id: String,
    name: String,
    hidden: bool,
    people: BTreeSet<usize>,
    nested: BTreeSet<usize>,
}

#[derive(Debug, Clone)]
pub struct Account {
    id: String,
    name: String,
    email: String,
    active: bool,
    kind: AccountKind,
}

#[derive(Debug, Clone)]
pub struct JiraGroup {
    id: String,
    name: String,
    class: GroupClass,
    members: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub struct Model {
    people: Vec<Person>,
    groups: Vec<Group>,
    accounts: Vec<Account>,
    jira_groups: Vec<JiraGroup>,
    pub known: Known,
    pub settings: Settings,
    pub mode: Mode,
    /// Whether the members of a group that makes administrators could not be read.
    pub admins_unread: bool,
}

const CLASSES: [GroupClass; 4] = [
    GroupClass::Ordinary,
    GroupClass::Access,
    GroupClass::Protected,
    GroupClass::External,
];

impl Model {
    pub fn small() -> Self {
        let raw = Raw {
            people: vec![(0, 0), (1, 0), (2, 1)],
            groups: vec![(0, false, [0, 1].into(), BTreeSet::new())],
            accounts: vec![(1, 0), (7, 1)],
            jira_groups: vec![(0, 0, [0].into())],
            links: Vec::new(),
            gone: Vec::new(),
            owned: Vec::new(),
            taken: Vec::new(),
            toggles: 7,
            leavers: 0,
        };
        raw.model()
    }

    pub fn snapshots(&self) -> Snapshots {
        let mut entra = EntraBuilder::default();
        for group in &self.groups {
            let membership = if group.hidden {
                Membership::Hidden
            } else {
                Membership::Known
            };
            entra.group(&EntraGroupRow {
                id: &group.id,
                name: &group.name,
                kind: GroupKind::Security,
                membership,
            });
            for person in group.people.iter().filter(|_| !group.hidden) {
                if let Some(person) = self.people.iter().find(|p| p.id == person_id(*person)) {
                    entra.member(&group.id, &person.id, MemberKind::Person, false);
                }
            }
            for nested in &group.nested {
                entra.member(&group.id, &group_id(*nested), MemberKind::Group, false);
            }
        }
        for person in &self.people {
            entra.person(&EntraPersonRow {
                id: &person.id,
                name: &person.name,
                mail: &person.mail,
                upn: &person.upn,
                enabled: person.enabled,
                guest: person.guest,
                licensed: true,
            });
        }
        entra.domain("acme.example");
        (entra.finish(), self.jira())
    }

    fn jira(&self) -> JiraSnapshot {
        let mut jira = JiraBuilder::default();
        for account in &self.accounts {
            jira.account(&JiraAccountRow {
                id: &account.id,
                name: &account.name,
                email: &account.email,
                active: account.active,
                kind: account.kind,
            });
        }
        let mut seats = Vec::new();
        for group in &self.jira_groups {
            jira.group(&JiraGroupRow {
                id: &group.id,
                name: &group.name,
                class: group.class,
            });
            jira.group_read(&group.id);
            for member in &group.members {
                jira.member(&group.id, member);
            }
            if group.class == GroupClass::Access {
                seats.push(group.id.clone());
            }
        }
        if self.admins_unread {
            jira.group(&JiraGroupRow {
                id: "unread-admins",
                name: "Unread",
                class: GroupClass::Protected,
            });
        }
        jira.products(vec![Product {
            key: "jira-software".to_owned(),
            name: "Jira".to_owned(),
            default_groups: seats.clone(),
            groups: seats,
            seats: Seats::Unlimited,
        }]);
        jira.me(AccountId::new("me"));
        jira.finish()
    }

    pub fn plan(&self, snapshots: &Snapshots, allowances: &Allowances) -> Plan {
        self.with_inputs(snapshots, allowances, make)
    }

    pub fn with_inputs<T>(
        &self,
        snapshots: &Snapshots,
        allowances: &Allowances,
        look: impl FnOnce(&Inputs<'_>) -> T,
    ) -> T {
        look(&self.inputs(&snapshots.0, &snapshots.1, allowances))
    }

    pub fn inputs<'a>(
        &'a self,
        entra: &'a EntraSnapshot,
        jira: &'a JiraSnapshot,
        allowances: &'a Allowances,
    ) -> Inputs<'a> {
        Inputs {
            entra,
            jira,
            known: &self.known,
            settings: &self.settings,
            today: jiff::civil::date(2026, 11, 24),
            mode: self.mode,
            allowances,
            selection: &Selection::Everything,
            undo: None,
        }
    }

    pub fn decide(&mut self, decision: &Decision) {
        decision.apply_to(&mut self.known);
    }

    /// Names of the Entra groups.
    pub fn group_names(&self) -> Vec<String> {
        self.groups.iter().map(|group| group.name.clone()).collect()
    }

    /// The id of an Entra group.
    pub fn group_id(&self, at: usize) -> String {
        self.groups[at].id.clone()
    }

    /// The groups that the settings name mean from now on whom they mean now.
    pub fn pin(&mut self) {
        let (entra, _) = self.snapshots();
        self.known.pins = self.known.pins.made(&entra, &self.settings);
    }

    /// Founds an Entra group of this name, with everybody in it.
    pub fn found(&mut self, id: &str, name: &str) {
        self.groups.push(Group {
            id: id.to_owned(),
            name: name.to_owned(),
            hidden: false,
            people: (0..self.people.len()).collect(),
            nested: BTreeSet::new(),
        });
    }

    /// Remembers what a look-up of somebody's address found.
    pub fn looked_up(&mut self, address: &str, accounts: &[&str], exact: bool) {
        let answer = LookUp {
            accounts: accounts.iter().map(|id| AccountId::new(id)).collect(),
            exact,
        };
        self.known.look_ups.remember(address.to_owned(), answer);
    }

    /// Does to Jira what the plan's free operations say, and stores what a run stores.
    pub fn apply(&mut self, snapshots: &Snapshots, plan: &Plan) {
        let (entra, jira) = snapshots;
        for link in &plan.new_links {
            let person = EntraId::new(entra.person(link.person).id());
            let account = AccountId::new(jira.account(link.account).id());
            self.known.links.person(person, account);
        }
        let mut created = std::collections::HashMap::new();
        let mut groups = std::collections::HashMap::new();
        for (_, op) in plan.free() {
            let row = plan.row(
                &Inputs {
                    entra,
                    jira,
                    known: &self.known,
                    settings: &self.settings,
                    today: jiff::civil::date(2026, 11, 24),
                    mode: self.mode,
                    allowances: &Allowances::default(),
                    selection: &Selection::Everything,
                    undo: None,
                },
                op,
            );
            match op.kind {
                Kind::CreateUser => {
                    let user = row.user.unwrap();
                    let id = format!("new-{}", self.accounts.len());
                    created.insert(op.person(), id.clone());
                    let person = EntraId::new(&user.entra_id.unwrap());
                    self.known.created.insert(person.clone());
                    self.known.links.person(person, AccountId::new(&id));
                    self.accounts.push(Account {
                        id,
                        name: user.name,
                        email: user.email.unwrap(),
                        active: true,
                        kind: AccountKind::Person,
                    });
                }
                Kind::CreateGroup => {
                    let id = format!("new-{}", self.jira_groups.len());
                    groups.insert(op.target(), id.clone());
                    for row in &plan.targets[op.target().unwrap() as usize].entra {
                        self.known.links.group(GroupLink {
                            entra: EntraId::new(entra.group(*row).id()),
                            group: GroupId::new(&id),
                            ownership: Ownership::Owned,
                        });
                    }
                    self.jira_groups.push(JiraGroup {
                        id,
                        name: row.group.unwrap().name,
                        class: GroupClass::Ordinary,
                        members: BTreeSet::new(),
                    });
                }
                Kind::AddMember | Kind::RemoveMember => {
                    let group = row
                        .group
                        .unwrap()
                        .group_id
                        .unwrap_or_else(|| groups[&op.target()].clone());
                    let account = row
                        .user
                        .unwrap()
                        .account_id
                        .unwrap_or_else(|| created[&op.person()].clone());
                    let found = self.jira_groups.iter_mut().find(|g| g.id == group).unwrap();
                    if op.reason == Reason::DefaultGroup {
                        let person = EntraId::new(entra.person(op.person().unwrap()).id());
                        let given = (person, GroupId::new(&found.id));
                        self.known.defaults_given.insert(given);
                    }
                    let what = TakenWhat::Member(GroupId::new(&found.id));
                    if op.kind == Kind::AddMember {
                        assert!(found.members.insert(account.clone()), "added twice");
                        self.given_back(&account, &what);
                    } else {
                        assert!(found.members.remove(&account), "was no member");
                        if matches!(op.reason, Reason::LeaverDisabled | Reason::LeaverDeleted) {
                            self.took(&account, what);
                        }
                    }
                }
                Kind::SuspendUser | Kind::RestoreUser | Kind::RemoveUser => {
                    self.account(op.kind, &row.user.unwrap().account_id.unwrap());
                }
                Kind::DeleteGroup => panic!("only an undo deletes groups"),
            }
        }
    }

    /// An account is suspended, restored or removed.
    fn account(&mut self, kind: Kind, id: &str) {
        if kind == Kind::RemoveUser {
            self.accounts.retain(|account| account.id != id);
            for group in &mut self.jira_groups {
                group.members.remove(id);
            }
            let person = self.known.links.person_of(id).map(EntraId::new);
            if let Some(person) = person {
                self.known.links.forget_person(&person);
                self.known.leavers.remove(&person);
                self.known.created.remove(&person);
            }
            self.known
                .taken
                .retain(|taken| taken.account.as_str() != id);
            return;
        }
        let active = kind == Kind::RestoreUser;
        let account = self.accounts.iter_mut().find(|a| a.id == id).unwrap();
        assert_ne!(account.active, active, "nothing to do");
        account.active = active;
        if active {
            self.given_back(id, &TakenWhat::Suspended);
        } else {
            self.took(id, TakenWhat::Suspended);
        }
    }

    fn took(&mut self, account: &str, what: TakenWhat) {
        let entra = EntraId::new(self.known.links.person_of(account).unwrap());
        let taken = Taken {
            entra,
            account: AccountId::new(account),
            what,
        };
        if !self.known.taken.contains(&taken) {
            self.known.taken.push(taken);
            self.known.taken.sort();
        }
    }

    fn given_back(&mut self, account: &str, what: &TakenWhat) {
        let kept = |taken: &Taken| taken.account.as_str() != account || taken.what != *what;
        self.known.taken.retain(kept);
    }

    pub fn shuffled(&self, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut other = self.clone();
        random.shuffle(&mut other.people);
        random.shuffle(&mut other.groups);
        random.shuffle(&mut other.accounts);
        random.shuffle(&mut other.jira_groups);
        other
    }

    pub fn links(&self) -> &Links {
        &self.known.links
    }

    pub fn owned(&self) -> BTreeSet<String> {
        self.known
            .links
            .groups()
            .filter(|link| link.ownership.is_owned())
            .map(|link| link.group.as_str().to_owned())
            .collect()
    }

    pub fn protected_groups(&self) -> BTreeSet<String> {
        let listed = &self.settings.guards.protected_groups;
        listed.iter().map(|name| name.to_lowercase()).collect()
    }
}

fn person_id(number: usize) -> String {
    format!("person-{number:02}")
}

fn group_id(number: usize) -> String {
    format!("entra-group-{number}")
}

/// Numbers that a model is made of; proptest shrinks them.
#[derive(Debug)]
struct Raw {
    /// Name and flavour.
    people: Vec<(usize, u8)>,
    groups: Vec<(usize, bool, BTreeSet<usize>, BTreeSet<usize>)>,
    /// Whose address, and flavour.
    accounts: Vec<(usize, u8)>,
    /// Name, class, members.
    jira_groups: Vec<(usize, usize, BTreeSet<usize>)>,
    links: Vec<(usize, usize)>,
    gone: Vec<usize>,
    owned: Vec<(usize, usize, bool)>,
    /// Account, and group; beyond the groups: suspended.
    taken: Vec<(usize, usize)>,
    toggles: u8,
    leavers: u8,
}

pub fn model() -> impl Strategy<Value = Model> {
    let people = vec((0..10_usize, 0..10_u8), 0..12);
    let groups = vec(
        (
            0..6_usize,
            proptest::bool::weighted(0.1),
            btree_set(0..12_usize, 0..8),
            btree_set(0..5_usize, 0..2),
        ),
        0..5,
    );
    let accounts = vec((0..12_usize, 0..10_u8), 0..12);
    let jira_groups = vec((0..6_usize, 0..8_usize, btree_set(0..12_usize, 0..8)), 0..5);
    let links = vec((0..12_usize, 0..12_usize), 0..5);
    let owned = vec((0..5_usize, 0..5_usize, any::<bool>()), 0..4);
    (
        people,
        groups,
        accounts,
        jira_groups,
        links,
        vec(0..12_usize, 0..2),
        owned,
        vec((0..12_usize, 0..8_usize), 0..4),
        (0..16_u8, 0..16_u8),
    )
        .prop_map(
            |(people, groups, accounts, jira_groups, links, gone, owned, taken, toggles)| {
                Raw {
                    people,
                    groups,
                    accounts,
                    jira_groups,
                    links,
                    gone,
                    owned,
                    taken,
                    toggles: toggles.0,
                    leavers: toggles.1,
                }
                .model()
            },
        )
}

impl Raw {
    fn model(&self) -> Model {
        let people = self
            .people
            .iter()
            .enumerate()
            .map(|(number, &(name, flavour))| {
                let mail = format!("user{name}@acme.example");
                Person {
                    id: person_id(number),
                    name: format!("User {name}"),
                    upn: if flavour == 4 {
                        format!("user{name}@acme.onmicrosoft.com")
                    } else {
                        mail.clone()
                    },
                    mail: match flavour {
                        3 | 4 => String::new(),
                        5 => mail.to_uppercase(),
                        6 => format!("user{name}@elsewhere.example"),
                        _ => mail,
                    },
                    enabled: flavour != 1,
                    guest: flavour == 2,
                }
            })
            .collect::<Vec<_>>();
        let groups = self
            .groups
            .iter()
            .enumerate()
            .map(|(number, (name, hidden, people, nested))| Group {
                id: group_id(number),
                name: format!("Group {name}"),
                hidden: *hidden,
                people: people.clone(),
                nested: nested.clone(),
            })
            .collect::<Vec<_>>();
        let mut model = Model {
            people,
            groups,
            accounts: self.accounts(),
            jira_groups: self.jira_groups(),
            known: Known::default(),
            settings: self.settings(),
            mode: Mode::Attended,
            admins_unread: false,
        };
        model.known.links = self.known_links(&model);
        model.known.organization_key = self.leavers & 8 == 0;
        for (id, _) in model.known.links.people() {
            let person = model.people.iter().find(|p| p.id == id);
            if person.is_none_or(|p| !p.enabled) {
                let day = if id.ends_with('2') { 23 } else { 20 };
                let since = jiff::civil::date(2026, 11, day);
                model.known.leavers.insert(EntraId::new(id), since);
            }
        }
        for &(account, group) in &self.taken {
            let id = format!("account-{account:02}");
            let Some(entra) = model.known.links.person_of(&id).map(EntraId::new) else {
                continue;
            };
            model.known.taken.push(Taken {
                entra,
                account: AccountId::new(&id),
                what: match model.jira_groups.get(group) {
                    Some(group) => TakenWhat::Member(GroupId::new(&group.id)),
                    None => TakenWhat::Suspended,
                },
            });
        }
        model.known.taken.sort();
        model.known.taken.dedup();
        model
    }

    fn accounts(&self) -> Vec<Account> {
        let mut accounts = vec![Account {
            id: "me".to_owned(),
            name: "Admin".to_owned(),
            email: "admin@acme.example".to_owned(),
            active: true,
            kind: AccountKind::Person,
        }];
        for (number, &(whose, flavour)) in self.accounts.iter().enumerate() {
            accounts.push(Account {
                id: format!("account-{number:02}"),
                name: format!("User {whose}"),
                email: if flavour == 1 {
                    String::new()
                } else {
                    format!("User{whose}@acme.example")
                },
                active: flavour != 2,
                kind: match flavour {
                    3 => AccountKind::App,
                    4 => AccountKind::Customer,
                    _ => AccountKind::Person,
                },
            });
        }
        accounts
    }

    fn jira_groups(&self) -> Vec<JiraGroup> {
        let mut groups: Vec<JiraGroup> = Vec::new();
        for (number, (name, class, members)) in self.jira_groups.iter().enumerate() {
            let name = format!("GROUP {name}");
            if groups.iter().any(|group| group.name == name) {
                continue;
            }
            let mut members: BTreeSet<String> = members
                .iter()
                .filter(|m| **m < self.accounts.len())
                .map(|m| format!("account-{m:02}"))
                .collect();
            members.insert("me".to_owned());
            groups.push(JiraGroup {
                id: format!("jira-group-{number}"),
                name,
                class: CLASSES.get(*class).copied().unwrap_or(GroupClass::Ordinary),
                members,
            });
        }
        groups
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        settings.provisioning.leavers = match self.leavers & 3 {
            0 => Leavers::Keep,
            1 => Leavers::Access,
            2 => Leavers::Suspend,
            _ => Leavers::Remove,
        };
        if self.leavers & 4 != 0 {
            settings.provisioning.grace = Period::hours(48);
        }
        let provisioning = &mut settings.provisioning;
        provisioning.import_users = self.toggles & 1 != 0;
        provisioning.import_groups = self.toggles & 2 != 0;
        provisioning.sync_memberships = self.toggles & 4 != 0;
        if self.toggles & 8 != 0 {
            provisioning.out_of_scope = OutOfScope::Keep;
            settings.guards.protected_groups = vec!["group 1".to_owned()];
            settings.provisioning.default_groups = vec!["group 2".to_owned(), "GROUP 1".to_owned()];
        }
        settings
    }

    fn known_links(&self, model: &Model) -> Links {
        let mut links = Links::default();
        for &(person, account) in &self.links {
            if account < self.accounts.len() {
                let person = EntraId::new(&person_id(person));
                links.person(person, AccountId::new(&format!("account-{account:02}")));
            }
        }
        for &account in &self.gone {
            // Somebody who was deleted from Entra.
            if account < self.accounts.len() {
                let person = EntraId::new(&format!("gone-{account}"));
                links.person(person, AccountId::new(&format!("account-{account:02}")));
            }
        }
        for &(entra, jira, owned) in &self.owned {
            let Some(group) = model.jira_groups.get(jira) else {
                continue;
            };
            if links.groups().any(|link| link.group.as_str() == group.id) {
                continue;
            }
            links.group(GroupLink {
                entra: EntraId::new(&group_id(entra)),
                group: GroupId::new(&group.id),
                ownership: if owned {
                    Ownership::Owned
                } else {
                    Ownership::Confirmed
                },
            });
        }
        links
    }
}
