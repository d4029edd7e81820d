//! The organisation that a seed gives, with every awkward case in it.

use super::faults::Faults;
use super::limiter::Limiter;
use super::people::{NameLists, local_part};
use super::scenario::{Organization, Scenario};
use super::world::{
    AccountType, EntraGroup, EntraUser, Member, Product, Site, SiteGroup, Tenant, World,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const DOMAIN: &str = "meridian.example";
const SECOND_DOMAIN: &str = "Meridian-Labs.example";

/// Builds the world of a scenario.
pub(super) fn world(scenario: &Scenario, origin: &str) -> World {
    let organization = scenario.organization.clone();
    let mut seed = Seed {
        random: fastrand::Rng::with_seed(organization.seed),
        names: NameLists::new(),
    };
    let tenant = Tenant {
        id: seed.guid(),
        name: "Meridian Works".to_owned(),
        domains: vec![
            "meridian.onmicrosoft.com".to_owned(),
            DOMAIN.to_owned(),
            SECOND_DOMAIN.to_owned(),
        ],
        client_id: seed.guid(),
        secret: format!("sim~{}", seed.letters(34)),
        secret_id: seed.guid(),
        users: BTreeMap::new(),
        groups: BTreeMap::new(),
        tokens: HashMap::new(),
        version: 1,
        changes: Vec::new(),
        removed: Vec::new(),
        deleted_users: BTreeMap::new(),
        deleted_groups: BTreeMap::new(),
        assigned: BTreeMap::new(),
        rounds: HashMap::new(),
        oldest_delta: 0,
    };
    let site = Site {
        cloud_id: seed.guid(),
        organization_id: seed.guid(),
        organization_key: format!("ATCTT3x{}", seed.letters(40)),
        admin: String::new(),
        admin_email: format!("rollbook.admin@{DOMAIN}"),
        token: format!("ATATT3x{}", seed.letters(48)),
        accounts: BTreeMap::new(),
        order: Vec::new(),
        all_visible: std::time::Instant::now(),
        groups: BTreeMap::new(),
        products: Vec::new(),
        properties: BTreeMap::new(),
        suspended: BTreeSet::new(),
        synced: BTreeSet::new(),
        audit: Vec::new(),
    };
    let mut world = World {
        origin: origin.to_owned(),
        entra: tenant,
        jira: site,
        faults: Faults::default(),
        services: scenario.services.clone(),
        organization: organization.clone(),
        log: Vec::new(),
        limiter: Limiter::default(),
        random: fastrand::Rng::with_seed(organization.seed ^ 0x5eed),
        jira_requests: 0,
    };
    seed.users(&mut world, &organization);
    seed.groups(&mut world, &organization);
    seed.accounts(&mut world, &organization);
    seed.jira_groups(&mut world, &organization);
    world.faults = scenario.faults.clone();
    world
}

struct Seed {
    random: fastrand::Rng,
    names: NameLists,
}

impl Seed {
    fn guid(&mut self) -> String {
        let hex = format!("{:032x}", self.random.u128(..));
        format!(
            "{}-{}-4{}-8{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..]
        )
    }

    fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| self.random.alphanumeric()).collect()
    }

    fn chance(&mut self, share: f64) -> bool {
        self.random.f64() < share
    }

    /// Account ids have several shapes.
    fn account_id(&mut self) -> String {
        match self.random.u8(..3) {
            0 => format!("557058:{}", self.guid()),
            1 => format!("{:024x}", self.random.u128(..) >> 32),
            _ => format!("712020:{}", self.guid()),
        }
    }

    fn users(&mut self, world: &mut World, organization: &Organization) {
        let mut taken: HashMap<String, u32> = HashMap::new();
        for number in 0..organization.users {
            let first = self.pick(|names| &names.first);
            let last = self.pick(|names| &names.last);
            let local = local_part(first, last);
            let count = taken.entry(local.clone()).or_default();
            *count += 1;
            let (local, name) = if *count == 1 {
                (local, format!("{first} {last}"))
            } else {
                (format!("{local}{count}"), format!("{first} {last} {count}"))
            };
            let id = self.guid();
            let user = Self::user(number, id, name, &local);
            world.set_user(user);
        }
    }

    fn pick(&mut self, list: impl Fn(&NameLists) -> &Vec<&'static str>) -> &'static str {
        let list = list(&self.names);
        list[self.random.usize(..list.len())]
    }

    /// Every twentieth user is one of the awkward kinds, in turn; the rest are ordinary.
    fn user(number: usize, id: String, name: String, local: &str) -> EntraUser {
        let domain = if number % 9 == 4 {
            SECOND_DOMAIN
        } else {
            DOMAIN
        };
        let address = format!("{local}@{domain}");
        let mut user = EntraUser {
            id,
            name,
            mail: Some(address.clone()),
            upn: address,
            enabled: true,
            user_type: Some("Member".to_owned()),
            licensed: true,
            changed: 0,
        };
        match number % 40 {
            7 | 27 => user.enabled = false,
            11 => {
                user.user_type = Some("Guest".to_owned());
                user.mail = Some(format!("{local}@partner.example"));
                user.upn = format!("{local}_partner.example#EXT#@meridian.onmicrosoft.com");
            }
            15 => {
                user.mail = None;
                user.upn = format!("{local}@meridian.onmicrosoft.com");
            }
            // Without a mailbox, but with a sign-in name that is an address.
            19 => user.mail = None,
            23 => user.mail = Some(format!("{local}@elsewhere.example")),
            31 => user.licensed = false,
            35 => user.user_type = None,
            // A shared mailbox.
            39 => {
                user.enabled = false;
                user.licensed = false;
            }
            3 => user.mail = user.mail.map(|mail| mail.to_uppercase()),
            _ => {}
        }
        user
    }

    fn groups(&mut self, world: &mut World, organization: &Organization) {
        let users: Vec<String> = world.entra.users.keys().cloned().collect();
        let mut ids: Vec<String> = Vec::new();
        let mut names = BTreeSet::new();
        for number in 0..organization.groups {
            let department = self.pick(|names| &names.departments);
            let suffix = self.pick(|names| &names.suffixes);
            let mut name = match number % 10 {
                3 => format!("{department} & {suffix}"),
                6 => format!("{department}/{suffix}"),
                8 => format!("Équipe {department} {suffix}"),
                _ => format!("{department} {suffix}"),
            };
            // One pair of groups shares its name; all others have their own.
            if number == 9 && !ids.is_empty() {
                name.clone_from(&world.entra.groups[&ids[8]].name);
            } else if !names.insert(name.to_lowercase()) {
                name = format!("{name} {number}");
                names.insert(name.to_lowercase());
            }
            let id = self.guid();
            let group = self.group(number, id.clone(), name, &users);
            world.entra.groups.insert(id.clone(), group);
            ids.push(id);
        }
        nest(world, &ids);
        if let Some(last) = ids.last() {
            // A Teams group that bears the name of Jira's access group.
            if organization.groups >= 12
                && let Some(group) = world.entra.groups.get_mut(last)
            {
                "jira-software-users".clone_into(&mut group.name);
                group.types = vec!["Unified".to_owned()];
            }
        }
    }

    fn group(&mut self, number: usize, id: String, name: String, users: &[String]) -> EntraGroup {
        let mut members = BTreeSet::new();
        let most = (users.len() / 4).clamp(1, 2000);
        let size = match number % 7 {
            0 => most,
            5 => 0,
            _ => self.random.usize(1..=most.min(40)),
        };
        for _ in 0..size {
            members.insert(Member::User(
                users[self.random.usize(..users.len())].clone(),
            ));
        }
        if number % 4 == 1 {
            members.insert(Member::Device(self.guid()));
            members.insert(Member::Contact(self.guid()));
        }
        let (types, security, mail) = match number % 3 {
            0 => (Vec::new(), true, false),
            1 => (vec!["Unified".to_owned()], false, true),
            _ => (Vec::new(), true, true),
        };
        let mut types = types;
        if number % 11 == 10 {
            types.push("DynamicMembership".to_owned());
        }
        EntraGroup {
            id,
            name,
            types,
            security,
            mail,
            visibility: (number == 4).then(|| "HiddenMembership".to_owned()),
            members,
            changed: 1,
        }
    }

    fn accounts(&mut self, world: &mut World, organization: &Organization) {
        let admin = self.account_id();
        let email = world.jira.admin_email.clone();
        world.add_account(World::account(
            &admin,
            "Rollbook Admin",
            &email,
            AccountType::Atlassian,
        ));
        world.jira.admin = admin;
        let users: Vec<EntraUser> = world.entra.users.values().cloned().collect();
        for (number, user) in users.iter().enumerate() {
            let Some(mail) = user.mail.clone() else {
                continue;
            };
            if user.user_type.as_deref() == Some("Guest") || !self.chance(organization.in_jira) {
                continue;
            }
            let id = self.account_id();
            // People write their address in other ways, and their name too.
            let mail = if number % 5 == 0 {
                mail.to_uppercase()
            } else {
                mail
            };
            let mut account = World::account(&id, &user.name, &mail, AccountType::Atlassian);
            account.hidden = self.chance(organization.hidden);
            if account.hidden && number % 3 == 0 {
                let first = account.name.split(' ').next().unwrap_or_default();
                account.name = first.into();
            }
            account.active = number % 37 != 36;
            world.add_account(account);
        }
        self.others(world, organization);
    }

    /// Accounts that Entra knows nothing of.
    fn others(&mut self, world: &mut World, organization: &Organization) {
        let some = (organization.users / 40).max(2);
        for number in 0..some {
            let id = self.account_id();
            let name = format!("Contractor {number}");
            let mail = format!("contractor{number}@freelance.example");
            let mut account = World::account(&id, &name, &mail, AccountType::Atlassian);
            account.hidden = number % 2 == 1;
            world.add_account(account);
            let id = self.account_id();
            let mail = format!("customer{number}@client.example");
            let name = format!("Customer {number}");
            world.add_account(World::account(&id, &name, &mail, AccountType::Customer));
        }
        for name in ["Automation for Jira", "Slack", "Trello"] {
            let id = self.account_id();
            world.add_account(World::account(&id, name, "", AccountType::App));
        }
        for _ in 0..2 {
            let id = self.account_id();
            let mut account = World::account(&id, "Former user", "", AccountType::Atlassian);
            account.hidden = true;
            account.active = false;
            world.add_account(account);
        }
    }

    fn jira_groups(&mut self, world: &mut World, organization: &Organization) {
        let people: Vec<String> = world
            .jira
            .accounts
            .values()
            .filter(|a| a.kind == AccountType::Atlassian && a.active)
            .map(|a| a.id.clone())
            .collect();
        let admin: BTreeSet<String> = [world.jira.admin.clone()].into();
        let everyone: BTreeSet<String> = people.iter().cloned().collect();
        self.jira_group(world, "site-admins", admin.clone(), Some("site-admin"));
        self.jira_group(world, "jira-administrators", admin, Some("admin"));
        let software = self.jira_group(world, "jira-software-users", everyone, None);
        let agents: BTreeSet<String> = people.iter().step_by(5).cloned().collect();
        let desk = self.jira_group(world, "jira-servicemanagement-agents", agents, None);
        world.jira.products = vec![
            Product {
                key: "jira-software",
                name: "Jira",
                groups: vec![software],
                seats: Some(people.len() + organization.users),
            },
            Product {
                key: "jira-servicedesk",
                name: "Jira Service Management",
                groups: vec![desk],
                seats: Some(people.len() / 5 + 5),
            },
        ];
        let entra: Vec<(String, String)> = world
            .entra
            .groups
            .values()
            .map(|g| (g.id.clone(), g.name.clone()))
            .collect();
        let by_email: HashMap<String, String> = world
            .jira
            .accounts
            .values()
            .map(|a| (a.email.to_lowercase(), a.id.clone()))
            .collect();
        let mut external = false;
        for (id, name) in entra {
            if world.jira_group(&name).is_some() || !self.chance(organization.groups_in_jira) {
                continue;
            }
            let mut members = BTreeSet::new();
            for user in world.flattened(&id) {
                let mail = world.entra.users.get(&user).and_then(|u| u.mail.clone());
                if let Some(account) = mail.and_then(|m| by_email.get(&m.to_lowercase()))
                    && !self.chance(1.0 - organization.members_in_jira)
                {
                    members.insert(account.clone());
                }
            }
            if !people.is_empty() {
                members.insert(people[self.random.usize(..people.len())].clone());
            }
            let name = if self.chance(0.3) {
                name.to_lowercase()
            } else {
                name
            };
            let id = self.jira_group(world, &name, members, None);
            if !external && organization.groups >= 12 {
                external = true;
                if let Some(group) = world.jira.groups.get_mut(&id) {
                    group.external = true;
                }
            }
        }
        self.jira_group(
            world,
            "jira-only-team",
            people.iter().take(3).cloned().collect(),
            None,
        );
    }

    fn jira_group(
        &mut self,
        world: &mut World,
        name: &str,
        members: BTreeSet<String>,
        access_type: Option<&'static str>,
    ) -> String {
        let id = self.guid();
        world.jira.groups.insert(
            id.clone(),
            SiteGroup {
                id: id.clone(),
                name: name.to_owned(),
                members,
                access_type,
                external: false,
                locked: false,
                created: false,
            },
        );
        id
    }
}

/// Nests some groups, and closes a cycle.
fn nest(world: &mut World, ids: &[String]) {
    for (number, pair) in ids.windows(2).enumerate() {
        if number % 5 == 2 {
            world.set_member(&pair[0], Member::Group(pair[1].clone()), true);
        }
    }
    if let [first, second, ..] = ids {
        world.set_member(first, Member::Group(second.clone()), true);
        world.set_member(second, Member::Group(first.clone()), true);
    }
}
