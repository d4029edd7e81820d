//! Changing the tenant and the site while they run, as people would.

use super::world::{Audit, Change, EntraGroup, EntraUser, Member, World};

impl World {
    /// Adds or changes a user.
    pub fn set_user(&mut self, mut user: EntraUser) {
        self.entra.version += 1;
        user.changed = self.entra.version;
        self.entra.users.insert(user.id.clone(), user);
    }

    /// Changes a user in place; does nothing if there is none.
    pub fn edit_user(&mut self, id: &str, change: impl FnOnce(&mut EntraUser)) {
        if let Some(mut user) = self.entra.users.get(id).cloned() {
            change(&mut user);
            self.set_user(user);
        }
    }

    /// Soft-deletes a user. Group members are not told of it, as field reports say of the service.
    pub fn delete_user(&mut self, id: &str) {
        self.entra.version += 1;
        let version = self.entra.version;
        if let Some(user) = self.entra.users.remove(id) {
            self.entra
                .removed
                .push((version, true, id.to_owned(), "changed"));
            let groups = self.leave_all(&Member::User(id.to_owned()));
            self.entra
                .deleted_users
                .insert(id.to_owned(), (user, groups));
        }
    }

    /// Takes an object out of every group; tells which those were.
    fn leave_all(&mut self, member: &Member) -> Vec<String> {
        let groups = self.entra.groups.values_mut();
        groups
            .filter_map(|group| group.members.remove(member).then(|| group.id.clone()))
            .collect()
    }

    /// Restores a soft-deleted user, into its groups. Of those nothing is told.
    pub fn restore_user(&mut self, id: &str) {
        if let Some((user, groups)) = self.entra.deleted_users.remove(id) {
            self.set_user(user);
            for group in groups {
                if let Some(group) = self.entra.groups.get_mut(&group) {
                    group.members.insert(Member::User(id.to_owned()));
                }
            }
        }
    }

    /// Deletes a user for good.
    pub fn purge_user(&mut self, id: &str) {
        self.delete_user(id);
        self.entra.version += 1;
        let version = self.entra.version;
        self.entra.deleted_users.remove(id);
        self.entra
            .removed
            .push((version, true, id.to_owned(), "deleted"));
    }

    /// Soft-deletes a group. The groups that it is nested in are not told of it.
    pub fn delete_group(&mut self, id: &str) {
        self.entra.version += 1;
        let version = self.entra.version;
        if let Some(group) = self.entra.groups.remove(id) {
            self.entra
                .removed
                .push((version, false, id.to_owned(), "changed"));
            let parents = self.leave_all(&Member::Group(id.to_owned()));
            self.entra
                .deleted_groups
                .insert(id.to_owned(), (group, parents));
        }
    }

    /// Restores a soft-deleted group, into the groups that it was nested in.
    pub fn restore_group(&mut self, id: &str) {
        if let Some((mut group, parents)) = self.entra.deleted_groups.remove(id) {
            self.entra.version += 1;
            group.changed = self.entra.version;
            self.entra.groups.insert(id.to_owned(), group);
            for parent in parents {
                if let Some(parent) = self.entra.groups.get_mut(&parent) {
                    parent.members.insert(Member::Group(id.to_owned()));
                }
            }
        }
    }

    /// Somebody removes an account from the site.
    pub fn remove_account(&mut self, id: &str) {
        self.jira.accounts.remove(id);
        self.jira.order.retain(|known| known != id);
        for group in self.jira.groups.values_mut() {
            group.members.remove(id);
        }
    }

    /// Ids of the soft-deleted groups.
    #[must_use]
    pub fn deleted_groups(&self) -> Vec<String> {
        self.entra.deleted_groups.keys().cloned().collect()
    }

    /// Adds a group, or changes it. Members that it is given are told of.
    pub fn set_group(&mut self, mut group: EntraGroup) {
        self.entra.version += 1;
        group.changed = self.entra.version;
        let before = self.entra.groups.get(&group.id);
        let before = before.map(|g| g.members.clone()).unwrap_or_default();
        for member in group.members.symmetric_difference(&before) {
            self.entra.changes.push(Change {
                version: self.entra.version,
                group: group.id.clone(),
                member: member.clone(),
                added: group.members.contains(member),
            });
        }
        self.entra.groups.insert(group.id.clone(), group);
    }

    /// Changes a group in place; does nothing if there is none.
    pub fn edit_group(&mut self, id: &str, change: impl FnOnce(&mut EntraGroup)) {
        if let Some(mut group) = self.entra.groups.get(id).cloned() {
            change(&mut group);
            self.set_group(group);
        }
    }

    /// The tokens that were given out.
    #[must_use]
    pub fn bearers(&self) -> Vec<String> {
        self.entra.tokens.keys().cloned().collect()
    }

    /// Whether the organization has suspended an account.
    #[must_use]
    pub fn is_suspended(&self, account: &str) -> bool {
        self.jira.suspended.contains(account)
    }

    /// Somebody lets an account in, or deactivates it, by hand.
    pub fn set_active(&mut self, account: &str, active: bool) {
        if let Some(found) = self.jira.accounts.get_mut(account) {
            found.active = active;
        }
        if active {
            self.jira.suspended.remove(account);
        }
    }

    /// Somebody changes a membership in Jira by hand; the audit records tell of it.
    pub fn by_hand(&mut self, group: &str, account: &str, added: bool, author: &str) {
        let Some(found) = self.jira.groups.get_mut(group) else {
            return;
        };
        if added {
            found.members.insert(account.to_owned());
        } else {
            found.members.remove(account);
        }
        self.jira.audit.push(Audit {
            group: (found.id.clone(), found.name.clone()),
            account: account.to_owned(),
            author: author.to_owned(),
            added,
        });
    }

    /// Adds a member to a group, or removes it.
    pub fn set_member(&mut self, group: &str, member: Member, added: bool) {
        self.entra.version += 1;
        let version = self.entra.version;
        let Some(found) = self.entra.groups.get_mut(group) else {
            return;
        };
        found.changed = version;
        let changed = if added {
            found.members.insert(member.clone())
        } else {
            found.members.remove(&member)
        };
        if changed {
            self.entra.changes.push(Change {
                version,
                group: group.to_owned(),
                member,
                added,
            });
        }
    }
}
