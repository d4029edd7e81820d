//! Recognition: which Jira account is which Entra person. Writes nothing to Jira.

use super::address::{address, address_at};
use super::evidence::{Evidence, evidence};
use super::known::Known;
use super::links::LinkRows;
use super::operation::NONE;
use super::scope::{Standing, standings};
use super::settings::{EmailSource, Settings};
use super::visible::Visible;
use crate::directory::{
    AccountId, EntraId, EntraPerson, EntraSnapshot, JiraAccount, JiraSnapshot, fold,
};
use hashbrown::{HashMap, HashSet};

/// How a person was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Matched {
    /// By a stored link.
    Link,
    /// By a visible e-mail.
    Email,
    /// By its hidden e-mail, as the organization knows it.
    LookedUp,
    /// By a look-up of a hidden e-mail in Jira, and the same display name.
    Named,
}

/// Why a person could not be recognised although there are candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ambiguity {
    /// Several accounts fit.
    Candidates(Vec<u32>),
    /// The account fits several people.
    Shared(u32),
    /// A look-up found accounts, but nothing proves that they are this person's.
    Confirm(Vec<u32>),
    /// There were such accounts, and the admin said that all of them are other people's.
    Different,
}

/// Pairs of a person and an account that the admin called different people, by row, and the people
/// who are left without an account by that.
#[derive(Default)]
struct Different {
    pairs: HashSet<(u32, u32)>,
    people: HashSet<u32>,
}

impl Different {
    fn of(entra: &EntraSnapshot, jira: &JiraSnapshot, known: &Known) -> Self {
        let pairs = known.decisions.different.iter();
        let pairs = pairs.filter_map(|(person, account)| {
            let person = entra.find_person(person.as_str())?;
            Some((person, jira.find_account(account.as_str())?))
        });
        Self {
            pairs: pairs.collect(),
            people: HashSet::new(),
        }
    }

    fn is(&self, person: u32, account: u32) -> bool {
        !self.pairs.is_empty() && self.pairs.contains(&(person, account))
    }

    /// Takes accounts out that are other people's. Gives whether there were any.
    fn take_out(&mut self, person: u32, accounts: &mut Vec<u32>) -> bool {
        let before = accounts.len();
        accounts.retain(|account| !self.is(person, *account));
        if before > 0 && accounts.is_empty() {
            self.people.insert(person);
        }
        accounts.len() < before
    }
}

/// Who is who.
pub(super) struct Matching {
    /// Account row of each person, [`NONE`] without one.
    pub(super) account_of: Vec<u32>,
    /// Person row of each account, [`NONE`] without one.
    pub(super) person_of: Vec<u32>,
    /// How each matched person was recognised.
    pub(super) how: Vec<Option<Matched>>,
    /// People whose linked account is gone from Jira.
    pub(super) account_gone: HashSet<u32>,
    /// People who are matched to nobody and must not be created.
    pub(super) ambiguous: HashMap<u32, Ambiguity>,
    /// Linked accounts whose person is gone from Entra.
    pub(super) orphaned: HashSet<u32>,
    /// People who were recognised as having the account of somebody who is gone from Entra.
    pub(super) hired_again: Vec<u32>,
    /// Links of which either end is gone.
    pub(super) broken: Vec<(EntraId, AccountId)>,
    /// Active accounts with a hidden e-mail that nobody was matched to.
    pub(super) hidden_left: usize,
}

/// Who is who, and who takes part, as a plan found it.
#[derive(Debug, Clone, Default)]
pub struct Recognition {
    pub(super) standing: Vec<Standing>,
    pub(super) account_of: Vec<u32>,
    pub(super) person_of: Vec<u32>,
    pub(super) confirm: HashSet<u32>,
    /// Active accounts with a hidden e-mail that nobody was matched to.
    pub hidden_left: u64,
}

impl Recognition {
    /// How a person stands to the scope.
    #[must_use]
    pub fn standing(&self, person: u32) -> Standing {
        self.standing
            .get(person as usize)
            .copied()
            .unwrap_or(Standing::InScope)
    }

    /// The account of a person.
    #[must_use]
    pub fn account_of(&self, person: u32) -> Option<u32> {
        self.account_of
            .get(person as usize)
            .copied()
            .filter(|row| *row != NONE)
    }

    /// The person of an account.
    #[must_use]
    pub fn person_of(&self, account: u32) -> Option<u32> {
        self.person_of
            .get(account as usize)
            .copied()
            .filter(|row| *row != NONE)
    }

    /// Whether a look-up found an account for this person that the admin has to confirm.
    #[must_use]
    pub fn to_confirm(&self, person: u32) -> bool {
        self.confirm.contains(&person)
    }
}

impl Matching {
    fn settle(&mut self, person: u32, account: u32, how: Matched) {
        self.account_of[person as usize] = account;
        self.person_of[account as usize] = person;
        self.how[person as usize] = Some(how);
    }

    fn taken(&self, account: u32) -> bool {
        self.person_of[account as usize] != NONE
    }
}

/// Recognises everyone: links first, then visible e-mails, then remembered look-ups.
pub(super) fn recognise(
    entra: &EntraSnapshot,
    jira: &JiraSnapshot,
    known: &Known,
    settings: &Settings,
    standings: &[Standing],
) -> Matching {
    let mut matching = linked(entra, jira, known);
    let mut different = Different::of(entra, jira, known);
    let unmatched = (0..entra.people() as u32)
        .filter(|row| matching.account_of[*row as usize] == NONE)
        .partition(|row| standings[*row as usize] == Standing::InScope);
    let (in_scope, others): (Vec<u32>, Vec<u32>) = unmatched;
    // Whoever takes no part contests nobody's account.
    for people in [&in_scope, &others] {
        by_email(&mut matching, entra, jira, settings, people, &mut different);
        let looked_up = LookedUp {
            entra,
            jira,
            known,
            settings,
        };
        looked_up.settle(&mut matching, people, &mut different);
    }
    // Unless something else speaks for them: another account, or one that is somebody else's.
    for person in different.people {
        if matching.account_of[person as usize] == NONE {
            let ambiguity = matching.ambiguous.entry(person);
            ambiguity.or_insert(Ambiguity::Different);
        }
    }
    // Somebody who was hired again takes over the account of their former object.
    let person_of = &matching.person_of;
    let holder = |account: &u32| person_of[*account as usize];
    let taken_over = matching.orphaned.iter().map(holder);
    matching.hired_again = taken_over.filter(|person| *person != NONE).collect();
    matching.hired_again.sort_unstable();
    matching.orphaned.retain(|account| holder(account) == NONE);
    matching.hidden_left = jira
        .iter_accounts()
        .filter(|(row, account)| account.hidden() && matching.person_of[*row as usize] == NONE)
        .count();
    matching
}

/// Recognises those who are linked.
fn linked(entra: &EntraSnapshot, jira: &JiraSnapshot, known: &Known) -> Matching {
    let (rows, others) = known.links.rows(entra, jira);
    let LinkRows {
        account_of,
        person_of,
    } = rows.into_owned();
    let how = |account: &u32| (*account != NONE).then_some(Matched::Link);
    let of_people = others.iter().filter_map(|(id, _)| entra.find_person(id));
    let of_accounts = others.iter().filter_map(|(_, id)| jira.find_account(id));
    let broken = others.iter();
    Matching {
        how: account_of.iter().map(how).collect(),
        account_of,
        person_of,
        account_gone: of_people.collect(),
        ambiguous: HashMap::new(),
        orphaned: of_accounts.collect(),
        broken: broken
            .map(|(person, account)| (EntraId::new(person), AccountId::new(account)))
            .collect(),
        hired_again: Vec::new(),
        hidden_left: 0,
    }
}

fn by_email(
    matching: &mut Matching,
    entra: &EntraSnapshot,
    jira: &JiraSnapshot,
    settings: &Settings,
    unmatched: &[u32],
    different: &mut Different,
) {
    let sources = &settings.provisioning.email_from;
    let visible = Visible::of(entra, jira, unmatched, sources);
    if visible.is_empty() {
        return;
    }
    // Accounts that several people fit are nobody's, also where a weaker source fits one alone.
    let mut contested: HashSet<u32> = HashSet::new();
    for &source in sources {
        let mut claims = Vec::new();
        for &row in unmatched {
            if matching.account_of[row as usize] != NONE || matching.ambiguous.contains_key(&row) {
                continue;
            }
            let Some(address) = address_at(entra.person(row), source) else {
                continue;
            };
            let mut free: Vec<u32> = visible
                .accounts(address)
                .filter(|account| !matching.taken(*account) && !contested.contains(account))
                .collect();
            let fewer = different.take_out(row, &mut free);
            match free.as_slice() {
                [] => {}
                // Letters that look alike, or fold to the same ones, are no proof.
                [account] if !is_plain(entra.person(row), source, jira.account(*account)) => {
                    let rows = vec![*account];
                    matching.ambiguous.insert(row, Ambiguity::Confirm(rows));
                }
                [account] if !fewer => claims.push((*account, row)),
                _ => {
                    matching.ambiguous.insert(row, Ambiguity::Candidates(free));
                }
            }
        }
        contested.extend(settle_claims(matching, claims, Matched::Email));
    }
    // Nobody is created whose own address belongs to an account that is somebody else's.
    for &row in unmatched {
        if matching.account_of[row as usize] == NONE
            && !matching.ambiguous.contains_key(&row)
            && let Some(own) = address(entra.person(row), sources)
            && let Some(account) = visible
                .accounts(own)
                .find(|found| !different.is(row, *found))
        {
            matching.ambiguous.insert(row, Ambiguity::Shared(account));
        }
    }
}

/// Settles what one person alone claims: accounts with the person. Gives the accounts that several
/// claim.
fn settle_claims(matching: &mut Matching, mut claims: Vec<(u32, u32)>, how: Matched) -> Vec<u32> {
    claims.sort_unstable();
    let mut contested = Vec::new();
    for same in claims.chunk_by(|a, b| a.0 == b.0) {
        if let [(account, person)] = same {
            matching.settle(*person, *account, how);
            continue;
        }
        for &(account, person) in same {
            matching
                .ambiguous
                .insert(person, Ambiguity::Shared(account));
        }
        contested.extend(same.first().map(|(account, _)| *account));
    }
    contested
}

/// Whether an address is of plain letters on both sides, as they were written.
fn is_plain(person: EntraPerson<'_>, source: EmailSource, account: JiraAccount<'_>) -> bool {
    let own = match source {
        EmailSource::Mail => person.mail(),
        EmailSource::UserPrincipalName => person.upn(),
    };
    own.is_ascii() && account.email().is_ascii()
}

/// What look-ups are judged by.
struct LookedUp<'a> {
    entra: &'a EntraSnapshot,
    jira: &'a JiraSnapshot,
    known: &'a Known,
    settings: &'a Settings,
}

impl LookedUp<'_> {
    /// Settles those of these people who were looked up.
    fn settle(&self, matching: &mut Matching, people: &[u32], different: &mut Different) {
        let (mut exact, mut named) = (Vec::new(), Vec::new());
        for &row in people {
            if matching.account_of[row as usize] != NONE || matching.ambiguous.contains_key(&row) {
                continue;
            }
            let person = self.entra.person(row);
            let Some(address) = address(person, &self.settings.provisioning.email_from) else {
                continue;
            };
            let Some(answer) = self.known.look_ups.get(&fold(address)) else {
                continue;
            };
            let proves = |hit: u32| {
                let hit = self.jira.account(hit);
                evidence(address, person.name(), hit.kind(), hit.name(), hit.email())
            };
            let found = answer.accounts.iter();
            let mut hits: Vec<u32> = found
                .filter_map(|id| self.jira.find_account(id.as_str()))
                .filter(|hit| !matching.taken(*hit))
                .filter(|hit| answer.exact || proves(*hit) > Evidence::None)
                .collect();
            let fewer = different.take_out(row, &mut hits);
            match hits.as_slice() {
                [] => {}
                [hit] if !fewer && answer.exact && address.is_ascii() => exact.push((*hit, row)),
                [hit] if !fewer && !answer.exact && proves(*hit) >= Evidence::SameName => {
                    named.push((*hit, row));
                }
                _ => {
                    matching.ambiguous.insert(row, Ambiguity::Confirm(hits));
                }
            }
        }
        settle_claims(matching, exact, Matched::LookedUp);
        // Whose address it is goes before whose name it is.
        named.retain(|(account, row)| {
            let is_free = !matching.taken(*account);
            if !is_free {
                let rows = vec![*account];
                matching.ambiguous.insert(*row, Ambiguity::Confirm(rows));
            }
            is_free
        });
        settle_claims(matching, named, Matched::Named);
    }
}

/// People to look up next: rows of people in scope with an address who are matched to nobody and
/// were never looked up.
#[derive(Debug, Default)]
pub struct PendingLookUps {
    /// Those whose display name equals a hidden account's.
    pub namesakes: Vec<u32>,
    /// Everyone else.
    pub strangers: Vec<u32>,
}

/// People to look up next; nobody when no hidden account is left.
#[must_use]
pub fn pending_look_ups(
    entra: &EntraSnapshot,
    jira: &JiraSnapshot,
    known: &Known,
    settings: &Settings,
) -> PendingLookUps {
    let mut pending = PendingLookUps::default();
    let standings = standings(entra, settings, &known.pins);
    let matching = recognise(entra, jira, known, settings, &standings);
    if matching.hidden_left == 0 {
        return pending;
    }
    let hidden: HashSet<String> = jira
        .iter_accounts()
        .filter(|(row, account)| account.hidden() && !matching.taken(*row))
        .map(|(_, account)| fold(account.name()))
        .collect();
    for (row, person) in entra.iter_people() {
        if matching.account_of[row as usize] != NONE
            || matching.ambiguous.contains_key(&row)
            || standings[row as usize] != Standing::InScope
        {
            continue;
        }
        let Some(address) = address(person, &settings.provisioning.email_from) else {
            continue;
        };
        if known.look_ups.get(&fold(address)).is_some() {
            continue;
        }
        if hidden.contains(&fold(person.name())) {
            pending.namesakes.push(row);
        } else {
            pending.strangers.push(row);
        }
    }
    pending
}
