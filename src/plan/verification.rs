//! The parts of Jira that are read again, and when: a rotating share of everything, and all that is
//! touched.

use crate::directory::{AccountId, GroupId, JiraSnapshot};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Accounts on a page of users/search, at most.
const ACCOUNTS_PAGE: u64 = 1000;
/// Members on a page of group/member, at most.
const MEMBERS_PAGE: u64 = 50;
/// A whole verification takes 9 tenths of its time: cycles are not exactly even.
const IN_GOOD_TIME: u64 = 9;
/// What one page counts in a credit.
const PAGE: i64 = 1000;

/// How far Jira's verification is. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Verification {
    /// When Jira was read last, as a whole or in part.
    pub read_at: u32,
    /// Number of the last run that had begun then.
    pub runs: i64,
    /// The row at which the present pass through the accounts goes on.
    pub next_row: u64,
    /// When the present pass began.
    pub pass_began: u32,
    /// When the last pass that reached the end began.
    pub accounts_at: u32,
    /// When all groups were listed.
    pub groups_at: u32,
    /// Pages of accounts that are due, in thousandths.
    pub accounts_credit: i64,
    /// Pages of members that are due, in thousandths.
    pub members_credit: i64,
    /// Linked accounts and groups that are gone, by id, and when that was found.
    pub gone: BTreeMap<String, u32>,
}

/// What is due to be read again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Due {
    /// Pages of accounts, from where the present pass goes on.
    pub account_pages: u64,
    /// Whether the groups are listed.
    pub groups: bool,
    /// Rows of the groups whose members are read, those verified longest ago first.
    pub members: Vec<u32>,
}

/// Pages of a group's members.
#[must_use]
pub fn member_pages(jira: &JiraSnapshot, group: u32) -> u64 {
    (jira.members().of(group).len() as u64)
        .div_ceil(MEMBERS_PAGE)
        .max(1)
}

/// Pages of all accounts, the empty one at the end included.
#[must_use]
pub fn account_pages(jira: &JiraSnapshot) -> u64 {
    (jira.accounts() as u64).div_ceil(ACCOUNTS_PAGE) + 1
}

impl Verification {
    /// What is due at `now` so that everything is read again within this time; notes it as done.
    pub fn due(&mut self, jira: &JiraSnapshot, now: u32, within: Duration) -> Due {
        let elapsed = u64::from(now.saturating_sub(self.read_at));
        let time = within.as_secs() * IN_GOOD_TIME / 10;
        // Of so many pages, this much.
        let share = |pages: u64| -> i64 {
            let thousandths = if time > elapsed {
                u128::from(pages) * 1000 * u128::from(elapsed) / u128::from(time)
            } else {
                u128::from(pages) * 1000
            };
            i64::try_from(thousandths).unwrap_or(i64::MAX)
        };
        let overdue = |at: u32| u64::from(now.saturating_sub(at)) >= time;
        let mut due = Due {
            groups: overdue(self.groups_at),
            ..Due::default()
        };

        let pages = account_pages(jira);
        self.accounts_credit += share(pages);
        due.account_pages = u64::try_from(self.accounts_credit / PAGE)
            .unwrap_or(0)
            .min(pages);
        self.accounts_credit %= PAGE;

        let mut groups: Vec<(u32, u32)> = jira
            .iter_groups()
            .filter(|(_, group)| group.read())
            .map(|(row, group)| (group.verified(), row))
            .collect();
        groups.sort_unstable();
        let pages: u64 = groups.iter().map(|(_, row)| member_pages(jira, *row)).sum();
        self.members_credit += share(pages);
        for (at, row) in groups {
            if self.members_credit < PAGE && !overdue(at) {
                break;
            }
            let pages = i64::try_from(member_pages(jira, row)).unwrap_or(i64::MAX);
            self.members_credit = self
                .members_credit
                .saturating_sub(pages.saturating_mul(PAGE));
            due.members.push(row);
        }
        // What could not be used does not pile up; what was read beyond it is made up for.
        let all = i64::try_from(pages).unwrap_or(i64::MAX);
        self.members_credit = self.members_credit.clamp(all.saturating_mul(-PAGE), PAGE);
        self.read_at = now;
        due
    }
}

/// How it is found out whether some accounts are in some groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checks {
    /// Groups whose members are read, by row.
    pub groups: Vec<u32>,
    /// Accounts whose groups are read.
    pub accounts: Vec<AccountId>,
}

/// The cheaper way to find out who of these accounts is in these groups: a group's own members, or
/// the groups of each account. `many` are groups of which too much is in question to name it.
#[must_use]
pub fn checks(
    jira: &JiraSnapshot,
    pairs: &BTreeMap<GroupId, BTreeSet<AccountId>>,
    many: &BTreeSet<GroupId>,
) -> Checks {
    let row = |group: &GroupId| {
        jira.find_group(group.as_str())
            .filter(|row| jira.group(*row).read())
    };
    let mut found = Checks {
        // These are read whether they were before or not.
        groups: many
            .iter()
            .filter_map(|group| jira.find_group(group.as_str()))
            .collect(),
        ..Checks::default()
    };
    let mut accounts: BTreeSet<&AccountId> = BTreeSet::new();
    // Small questions first: whoever is asked for one group answers for all of them.
    let mut order: Vec<_> = pairs.iter().filter(|(g, _)| !many.contains(*g)).collect();
    order.sort_by_key(|(_, people)| people.len());
    for (group, people) in order {
        let Some(row) = row(group) else { continue };
        let new = people.iter().filter(|a| !accounts.contains(a)).count() as u64;
        if new <= member_pages(jira, row) {
            accounts.extend(people);
        } else {
            found.groups.push(row);
        }
    }
    found.groups.sort_unstable();
    found.accounts = accounts.into_iter().cloned().collect();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::{GroupClass, JiraBuilder, JiraGroupRow};

    fn site(groups: u32, members: u32) -> JiraSnapshot {
        let mut builder = JiraBuilder::default();
        builder.read_at(1_000_000);
        for account in 0..members {
            builder.account(&crate::directory::JiraAccountRow {
                id: &format!("a{account}"),
                name: "",
                email: "",
                active: true,
                kind: crate::directory::AccountKind::Person,
            });
        }
        for group in 0..groups {
            let id = format!("g{group}");
            builder.group(&JiraGroupRow {
                id: &id,
                name: &id,
                class: GroupClass::Ordinary,
            });
            for account in 0..members * group / groups {
                builder.member(&id, &format!("a{account}"));
            }
            builder.group_read(&id);
        }
        builder.finish()
    }

    fn read_at(at: u32) -> Verification {
        Verification {
            read_at: at,
            accounts_at: at,
            groups_at: at,
            ..Verification::default()
        }
    }

    #[test]
    fn a_day_of_cycles_reads_everything_once_and_little_each_time() {
        let mut jira = site(40, 3000);
        let start = 1_000_000;
        let mut state = read_at(start);
        let (mut accounts, mut most) = (0, 0);
        for cycle in 1..=96 {
            let now = start + cycle * 900;
            let due = state.due(&jira, now, Duration::from_hours(24));
            accounts += due.account_pages;
            let pages: u64 = due
                .members
                .iter()
                .map(|row| member_pages(&jira, *row))
                .sum();
            most = most.max(pages);
            let mut changes = crate::directory::JiraChanges::new(now);
            for row in due.members {
                let group = GroupId::new(jira.group(row).id());
                let listed = jira.members().of(row).to_vec();
                changes.members(
                    group,
                    crate::directory::MemberList {
                        listed,
                        unlisted: Vec::new(),
                    },
                );
            }
            jira = jira.after(&changes);
            for (_, group) in jira.iter_groups() {
                assert!(now - group.verified() <= 86400, "cycle {cycle}");
            }
        }
        assert!(accounts >= account_pages(&jira), "{accounts}");
        let all: u64 = (0..40).map(|row| member_pages(&jira, row)).sum();
        assert!(most <= 60 && all > 1000, "{most} of {all} at once");
    }

    #[test]
    fn after_a_long_pause_or_without_patience_everything_is_due() {
        let jira = site(5, 100);
        for (pause, within) in [(90_000, 86_400), (1, 0)] {
            let due = read_at(1000).due(&jira, 1000 + pause, Duration::from_secs(within));
            assert_eq!(due.members.len(), 5);
            assert!(due.groups);
            assert_eq!(due.account_pages, account_pages(&jira));
        }
    }

    #[test]
    fn at_once_nothing_is_due() {
        let jira = site(5, 100);
        let due = read_at(1_000_000).due(&jira, 1_000_001, Duration::from_hours(24));
        assert_eq!(due, Due::default());
    }

    #[test]
    fn few_people_are_asked_instead_of_large_groups() {
        let jira = site(40, 3000);
        let ids = |n: u32| (0..n).map(|n| AccountId::new(&format!("a{n}"))).collect();
        // A large group and three people; a small group and many.
        let pairs = BTreeMap::from([(GroupId::new("g39"), ids(3)), (GroupId::new("g1"), ids(50))]);
        let found = checks(&jira, &pairs, &BTreeSet::new());
        assert_eq!(found.accounts.len(), 3);
        assert_eq!(found.groups, [jira.find_group("g1").unwrap()]);
    }
}
