//! Recognition: which Jira account is which Entra person. Writes nothing to Jira.

use super::address::{address, address_at};
use super::known::Known;
use super::operation::NONE;
use super::scope::{Standing, standings};
use super::settings::{EmailSource, Settings};
use crate::directory::{
    AccountId, AccountIndex, AccountKind, EntraId, EntraSnapshot, JiraSnapshot, fold,
};
use hashbrown::{HashMap, HashSet};
use std::cmp::Ordering;

/// How a person was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Matched {
    /// By a stored link.
    Link,
    /// By a visible e-mail.
    Email,
    /// By a look-up of a hidden e-mail with the same display name.
    LookedUp,
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
) -> Matching {
    let mut matching = Matching {
        account_of: vec![NONE; entra.people()],
        person_of: vec![NONE; jira.accounts()],
        how: vec![None; entra.people()],
        account_gone: HashSet::new(),
        ambiguous: HashMap::new(),
        orphaned: HashSet::new(),
        broken: Vec::new(),
        hidden_left: 0,
    };
    by_link(&mut matching, entra, jira, known);
    let mut different = Different::of(entra, jira, known);
    by_email(&mut matching, entra, jira, settings, &mut different);
    by_look_up(&mut matching, entra, jira, known, settings, &mut different);
    // Unless something else speaks for them: another account, or one that is somebody else's.
    for person in different.people {
        if matching.account_of[person as usize] == NONE {
            let ambiguity = matching.ambiguous.entry(person);
            ambiguity.or_insert(Ambiguity::Different);
        }
    }
    // A rehired person may have taken over the account of their former object.
    let person_of = &matching.person_of;
    matching
        .orphaned
        .retain(|account| person_of[*account as usize] == NONE);
    matching.hidden_left = jira
        .iter_accounts()
        .filter(|(row, account)| account.hidden() && matching.person_of[*row as usize] == NONE)
        .count();
    matching
}

fn by_link(matching: &mut Matching, entra: &EntraSnapshot, jira: &JiraSnapshot, known: &Known) {
    let mut links = known.links.people().peekable();
    if links.peek().is_none() {
        return;
    }
    let accounts = AccountIndex::of(jira);
    // Links and people stand in the order of their ids: both are walked through together.
    let mut people = entra.iter_people().peekable();
    for (id, account) in links {
        let mut row = None;
        while let Some((at, person)) = people.peek() {
            let order = person.id().cmp(id);
            if order == Ordering::Equal {
                row = Some(*at);
            }
            if order != Ordering::Less {
                break;
            }
            people.next();
        }
        match (row, accounts.find(account)) {
            (Some(person), Some(account)) => matching.settle(person, account, Matched::Link),
            (person, found) => {
                matching.account_gone.extend(person);
                matching.orphaned.extend(found);
                let pair = (EntraId::new(id), AccountId::new(account));
                matching.broken.push(pair);
            }
        }
    }
}

/// The visible addresses of people's accounts, folded, as far as somebody in `people` has them.
fn visible_addresses(
    entra: &EntraSnapshot,
    jira: &JiraSnapshot,
    people: &[u32],
    sources: &[EmailSource],
) -> HashMap<String, Vec<u32>> {
    let mut visible: HashMap<String, Vec<u32>> = HashMap::new();
    for row in people {
        let person = entra.person(*row);
        for source in sources {
            if let Some(address) = address_at(person, *source) {
                visible.entry(fold(address)).or_default();
            }
        }
    }
    if visible.is_empty() {
        return visible;
    }
    // Nearly all accounts are linked: their addresses are only folded where the length fits one
    // that is wanted.
    let lengths: HashSet<usize> = visible.keys().map(String::len).collect();
    for (row, account) in jira.iter_accounts() {
        let email = account.email().trim();
        if account.kind() != AccountKind::Person
            || email.is_empty()
            || (email.is_ascii() && !lengths.contains(&email.len()))
        {
            continue;
        }
        if email
            .bytes()
            .any(|b| b.is_ascii_uppercase() || !b.is_ascii())
        {
            if let Some(rows) = visible.get_mut(&fold(email)) {
                rows.push(row);
            }
        } else if let Some(rows) = visible.get_mut(email) {
            rows.push(row);
        }
    }
    visible.retain(|_, rows| !rows.is_empty());
    visible
}

fn by_email(
    matching: &mut Matching,
    entra: &EntraSnapshot,
    jira: &JiraSnapshot,
    settings: &Settings,
    different: &mut Different,
) {
    let sources = &settings.provisioning.email_from;
    let unmatched: Vec<u32> = (0..entra.people() as u32)
        .filter(|row| matching.account_of[*row as usize] == NONE)
        .collect();
    let visible = visible_addresses(entra, jira, &unmatched, sources);
    if visible.is_empty() {
        return;
    }
    // Accounts that several people fit are nobody's, also where a weaker source fits one alone.
    let mut contested: HashSet<u32> = HashSet::new();
    for &source in sources {
        let mut claims: HashMap<u32, Vec<u32>> = HashMap::new();
        for &row in &unmatched {
            if matching.account_of[row as usize] != NONE || matching.ambiguous.contains_key(&row) {
                continue;
            }
            let address = address_at(entra.person(row), source);
            let Some(found) = address.and_then(|a| visible.get(&fold(a))) else {
                continue;
            };
            let mut free: Vec<u32> = found
                .iter()
                .copied()
                .filter(|account| !matching.taken(*account) && !contested.contains(account))
                .collect();
            let fewer = different.take_out(row, &mut free);
            match free.as_slice() {
                [] => {}
                [account] if !fewer => claims.entry(*account).or_default().push(row),
                _ => {
                    matching.ambiguous.insert(row, Ambiguity::Candidates(free));
                }
            }
        }
        contested.extend(settle_claims(matching, claims, Matched::Email));
    }
    // Nobody is created whose own address belongs to an account that is somebody else's.
    for &row in &unmatched {
        if matching.account_of[row as usize] == NONE
            && !matching.ambiguous.contains_key(&row)
            && let Some(found) =
                address(entra.person(row), sources).and_then(|own| visible.get(&fold(own)))
            && let Some(account) = found.iter().find(|found| !different.is(row, **found))
        {
            matching.ambiguous.insert(row, Ambiguity::Shared(*account));
        }
    }
}

/// Settles what one person alone claims. Gives the accounts that several claim.
fn settle_claims(
    matching: &mut Matching,
    claims: HashMap<u32, Vec<u32>>,
    how: Matched,
) -> Vec<u32> {
    let mut contested = Vec::new();
    for (account, people) in claims {
        if let [person] = people.as_slice() {
            matching.settle(*person, account, how);
        } else {
            contested.push(account);
            for person in people {
                matching
                    .ambiguous
                    .insert(person, Ambiguity::Shared(account));
            }
        }
    }
    contested
}

fn by_look_up(
    matching: &mut Matching,
    entra: &EntraSnapshot,
    jira: &JiraSnapshot,
    known: &Known,
    settings: &Settings,
    different: &mut Different,
) {
    let mut claims: HashMap<u32, Vec<u32>> = HashMap::new();
    for (row, person) in entra.iter_people() {
        if matching.account_of[row as usize] != NONE || matching.ambiguous.contains_key(&row) {
            continue;
        }
        let Some(answer) = address(person, &settings.provisioning.email_from)
            .and_then(|a| known.look_ups.get(&fold(a)))
        else {
            continue;
        };
        // A hit that shows another e-mail matched by the prefix of its name: it is not the person.
        let found = answer.accounts.iter();
        let mut hits: Vec<u32> = found
            .filter_map(|id| jira.find_account(id.as_str()))
            .filter(|hit| !matching.taken(*hit))
            .filter(|hit| answer.exact || jira.account(*hit).hidden())
            .collect();
        let fewer = different.take_out(row, &mut hits);
        let named = |hit: u32| fold(jira.account(hit).name()) == fold(person.name());
        match hits.as_slice() {
            [] => {}
            [hit] if !fewer && (answer.exact || named(*hit)) => {
                claims.entry(*hit).or_default().push(row);
            }
            _ => {
                matching.ambiguous.insert(row, Ambiguity::Confirm(hits));
            }
        }
    }
    settle_claims(matching, claims, Matched::LookedUp);
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
    let matching = recognise(entra, jira, known, settings);
    if matching.hidden_left == 0 {
        return pending;
    }
    let hidden: HashSet<String> = jira
        .iter_accounts()
        .filter(|(row, account)| account.hidden() && !matching.taken(*row))
        .map(|(_, account)| fold(account.name()))
        .collect();
    let standings = standings(entra, settings);
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
