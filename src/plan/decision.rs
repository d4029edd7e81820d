//! What an administrator decides of a row, as one type for every face.
//!
//! A decision is stored by the state, taken into what is known by [`Decision::apply_to`], and kept by
//! kind and ids: it outlives the plan on whose row it was made. Nothing here writes to Jira.

use super::known::{Decisions, Known, RowDecision};
use super::operation::OperationId;
use super::ownership::{GroupLink, Ownership};
use super::question::{Question, QuestionCode};
use super::reason::Reason;
use crate::directory::{AccountId, EntraId, GroupId};

/// What the admin decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The person has this account.
    Link {
        /// Who.
        person: EntraId,
        /// Whose account it is from now on.
        account: AccountId,
        /// The address that the account shows; empty where it hides it.
        email: String,
        /// The person's name.
        name: String,
    },
    /// None of these accounts is this person's: the person is left out until that is withdrawn, or
    /// until another account comes into question.
    DifferentPerson {
        /// Who.
        person: EntraId,
        /// Accounts that came into question.
        accounts: Vec<AccountId>,
    },
    /// The Jira group of the same name stands for this Entra group: members are only added. An owned
    /// group stays owned.
    Confirm {
        /// Entra's group.
        entra: EntraId,
        /// Jira's group.
        group: GroupId,
        /// Whether it gives access, so that its name was typed.
        access: bool,
    },
    /// The Jira group mirrors this Entra group from now on. A group that was adopted with access stays
    /// so.
    Adopt {
        /// Entra's group.
        entra: EntraId,
        /// Jira's group.
        group: GroupId,
        /// Whether it gives access, so that its name was typed.
        access: bool,
    },
    /// The Jira group of the same name is another group.
    KeepApart {
        /// Entra's group.
        entra: EntraId,
        /// Jira's group.
        group: GroupId,
    },
    /// The row may stay as it is: it asks nobody any more until its candidates change.
    LeaveAlone(Question),
    /// Withdraws what was answered for good to this question's subject, whatever the candidates were then:
    /// the row asks again.
    AskAgain(Question),
    /// Withdraws a rejection or what is ignored.
    Accept(OperationId),
    /// Not now: stands until the operation's reason is another.
    Reject {
        /// Which operation.
        operation: OperationId,
        /// The reason that is rejected.
        reason: Reason,
    },
    /// Not until that is withdrawn.
    Ignore(OperationId),
}

impl Decision {
    /// Whether links or questions change by it, so that a plan has to be made anew. Decisions on single
    /// operations only cut them out.
    #[must_use]
    pub const fn changes_plan(&self) -> bool {
        !matches!(
            self,
            Self::Accept(_) | Self::Reject { .. } | Self::Ignore(_)
        )
    }

    /// Takes the decision into what is known, as the state takes it into its tables.
    pub fn apply_to(&self, known: &mut Known) {
        let decisions = &mut known.decisions;
        match self {
            Self::Link {
                person, account, ..
            } => {
                decisions
                    .different
                    .remove(&(person.clone(), account.clone()));
                known.by_name.remove(person);
                let holder = known.links.person_of(account.as_str()).map(EntraId::new);
                if holder.as_ref() != Some(person) {
                    // Nothing of a former link stays: neither whose doing its account was, nor a
                    // leaver's mark.
                    for former in [Some(person), holder.as_ref()].into_iter().flatten() {
                        known.created.remove(former);
                        known.leavers.remove(former);
                    }
                    known.links.person(person.clone(), account.clone());
                }
            }
            Self::DifferentPerson { person, accounts } => {
                let pairs = accounts.iter().map(|id| (person.clone(), id.clone()));
                decisions.different.extend(pairs);
                let linked = known.links.account_of(person.as_str());
                if linked.is_some_and(|id| accounts.iter().any(|other| other.as_str() == id)) {
                    known.links.forget_person(person);
                    known.by_name.remove(person);
                    known.created.remove(person);
                    known.leavers.remove(person);
                }
            }
            Self::Confirm {
                entra,
                group,
                access,
            } => {
                decisions.kept_apart.remove(&(entra.clone(), group.clone()));
                known.links.raise(GroupLink {
                    entra: entra.clone(),
                    group: group.clone(),
                    ownership: Ownership::confirmed(*access),
                });
            }
            Self::Adopt {
                entra,
                group,
                access,
            } => {
                decisions.kept_apart.remove(&(entra.clone(), group.clone()));
                known.links.raise(GroupLink {
                    entra: entra.clone(),
                    group: group.clone(),
                    ownership: Ownership::adopted(*access),
                });
            }
            Self::KeepApart { entra, group } => {
                decisions.kept_apart.insert((entra.clone(), group.clone()));
            }
            Self::LeaveAlone(question) => _ = decisions.left_alone.insert(question.clone()),
            Self::AskAgain(question) => {
                let (code, subject) = (question.code(), question.subject());
                decisions
                    .left_alone
                    .retain(|left| left.code() != code || left.subject() != subject);
                match code {
                    QuestionCode::SamePerson => {
                        decisions.different.retain(|(id, _)| id.as_str() != subject);
                    }
                    QuestionCode::SameGroup => {
                        decisions
                            .kept_apart
                            .retain(|(id, _)| id.as_str() != subject);
                    }
                    _ => {}
                }
            }
            Self::Accept(_) | Self::Reject { .. } | Self::Ignore(_) => decisions.note(self),
        }
    }
}

impl Decisions {
    /// Takes in what was decided of a single operation; other decisions are none of its business.
    pub fn note(&mut self, decision: &Decision) {
        match decision {
            Decision::Accept(operation) => _ = self.operations.remove(operation),
            Decision::Reject { operation, reason } => {
                let reason = Some(*reason);
                let said = RowDecision::Rejected { reason };
                self.operations.insert(*operation, said);
            }
            Decision::Ignore(operation) => {
                let said = RowDecision::Ignored;
                self.operations.insert(*operation, said);
            }
            _ => {}
        }
    }
}
