//! Recording what an administrator decides, and putting back what that replaced.
//!
//! A list of decisions is stored in one transaction. Every row that it changes is remembered as it
//! was and as it is now, with its moment and all: taking the list back restores those rows byte for
//! byte, except where somebody changed one meanwhile. What a decision means stands in
//! [`Decision::apply_to`]; the tables follow it. Nothing here writes to Jira.

use super::decisions::{
    ask_of_group, ask_of_person, bring_together, decide, keep_apart, leave_alone, take_for_same,
    tell_apart,
};
use super::error::StoreError;
use super::group_links::link_group;
use super::people_links::{confirm_person, unlink_person};
use super::state::State;
use crate::directory::AccountId;
use crate::plan::{Decision, Ownership, Question, QuestionCode, RowDecision};
use hashbrown::{HashMap, HashSet};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};

/// A table that decisions change. Its first columns are its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Table {
    PeopleLinks,
    GroupLinks,
    Operations,
    KeptApart,
    DifferentPeople,
    LeftAlone,
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::PeopleLinks => "people_links",
            Self::GroupLinks => "group_links",
            Self::Operations => "decisions",
            Self::KeptApart => "kept_apart",
            Self::DifferentPeople => "different_people",
            Self::LeftAlone => "questions_left_alone",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::PeopleLinks | Self::GroupLinks => "entra_id = ?1",
            Self::Operations => "operation_id = ?1",
            Self::KeptApart => "entra_id = ?1 AND group_id = ?2",
            Self::DifferentPeople => "entra_id = ?1 AND account_id = ?2",
            Self::LeftAlone => "code = ?1 AND subject = ?2 AND candidates = ?3",
        }
    }
}

/// Which row of which table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    table: Table,
    key: Vec<String>,
}

/// All columns of a row; none where there is no row.
type Content = Option<Vec<Value>>;

/// A row that was changed.
#[derive(Debug, Clone)]
struct Replacement {
    place: Place,
    before: Content,
    after: Content,
}

/// The rows that a recorded list of decisions replaced.
#[derive(Debug, Clone, Default)]
pub struct Replaced {
    rows: Vec<Replacement>,
}

impl Replaced {
    /// Whether everything was so already.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// What became of rows that were to be put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PutBack {
    /// How many are again as they were.
    pub restored: usize,
    /// How many were changed by somebody since, and stay as they are now.
    pub changed: usize,
}

impl State {
    /// Stores decisions, all of them or nothing; gives the rows that they replaced.
    pub fn record(&self, decisions: &[Decision]) -> Result<Replaced, StoreError> {
        self.change(|change| {
            let mut touched = Touched::default();
            for decision in decisions {
                for place in places(change, decision)? {
                    touched.remember(change, place)?;
                }
                store(change, decision)?;
            }
            touched.replaced(change)
        })
    }

    /// Restores the rows that a list of decisions replaced, each unless it was changed since. Several
    /// lists are put back the newest first.
    pub fn put_back(&self, replaced: Replaced) -> Result<PutBack, StoreError> {
        self.change(|change| {
            let all = replaced.rows.len();
            let mut rows = Vec::with_capacity(all);
            for row in replaced.rows {
                if row.place.content(change)? == row.after {
                    rows.push(row);
                }
            }
            leave_taken_accounts(change, &mut rows)?;
            // First all of them go: an account has one person, and two may have swapped theirs.
            for row in &rows {
                row.place.delete(change)?;
            }
            for row in &rows {
                if let Some(content) = &row.before {
                    row.place.insert(change, content)?;
                }
            }
            Ok(PutBack {
                restored: rows.len(),
                changed: all - rows.len(),
            })
        })
    }
}

impl Place {
    fn new<'a>(table: Table, key: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            table,
            key: key.into_iter().map(str::to_owned).collect(),
        }
    }

    fn content(&self, connection: &Connection) -> rusqlite::Result<Content> {
        let (table, key) = (self.table.name(), self.table.key());
        connection
            .prepare_cached(&format!("SELECT * FROM {table} WHERE {key}"))?
            .query_row(params_from_iter(&self.key), |row| {
                (0..row.as_ref().column_count())
                    .map(|at| row.get(at))
                    .collect()
            })
            .optional()
    }

    fn delete(&self, connection: &Connection) -> rusqlite::Result<()> {
        let (table, key) = (self.table.name(), self.table.key());
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE {key}"))?
            .execute(params_from_iter(&self.key))
            .map(drop)
    }

    fn insert(&self, connection: &Connection, content: &[Value]) -> rusqlite::Result<()> {
        let marks = vec!["?"; content.len()].join(", ");
        connection
            .prepare_cached(&format!(
                "INSERT INTO {} VALUES ({marks})",
                self.table.name()
            ))?
            .execute(params_from_iter(content))
            .map(drop)
    }
}

/// Rows as they were before the first change to each of them, in the order of these changes.
#[derive(Default)]
struct Touched {
    rows: Vec<(Place, Content)>,
    known: HashSet<Place>,
}

impl Touched {
    fn remember(&mut self, connection: &Connection, place: Place) -> rusqlite::Result<()> {
        if self.known.insert(place.clone()) {
            let before = place.content(connection)?;
            self.rows.push((place, before));
        }
        Ok(())
    }

    fn replaced(self, connection: &Connection) -> rusqlite::Result<Replaced> {
        let mut rows = Vec::with_capacity(self.rows.len());
        for (place, before) in self.rows {
            let after = place.content(connection)?;
            if before != after {
                rows.push(Replacement {
                    place,
                    before,
                    after,
                });
            }
        }
        Ok(Replaced { rows })
    }
}

/// Leaves out people whose former account is somebody else's by now.
fn leave_taken_accounts(
    connection: &Connection,
    rows: &mut Vec<Replacement>,
) -> rusqlite::Result<()> {
    let mut holders: HashMap<Place, Place> = HashMap::new();
    for row in rows.iter() {
        let (Table::PeopleLinks, Some(content)) = (row.place.table, &row.before) else {
            continue;
        };
        // The second column is the account.
        if let Some(account) = content.get(1)
            && let Some(holder) = holder(connection, account)?
        {
            holders.insert(row.place.clone(), holder);
        }
    }
    loop {
        let restored: HashSet<Place> = rows.iter().map(|row| row.place.clone()).collect();
        let count = rows.len();
        // A holder who is put back as well gives the account up.
        rows.retain(|row| {
            let holder = holders.get(&row.place);
            holder.is_none_or(|holder| restored.contains(holder))
        });
        if rows.len() == count {
            return Ok(());
        }
    }
}

/// Who has an account just now.
fn holder(connection: &Connection, account: &Value) -> rusqlite::Result<Option<Place>> {
    connection
        .prepare_cached("SELECT entra_id FROM people_links WHERE account_id = ?1")?
        .query_row([account], |row| {
            let person: String = row.get(0)?;
            Ok(Place::new(Table::PeopleLinks, [person.as_str()]))
        })
        .optional()
}

/// The rows that a decision may change.
fn places(connection: &Connection, decision: &Decision) -> rusqlite::Result<Vec<Place>> {
    let group = |entra: &str, group: &str| {
        vec![
            Place::new(Table::GroupLinks, [entra]),
            Place::new(Table::KeptApart, [entra, group]),
        ]
    };
    Ok(match decision {
        Decision::Link {
            person, account, ..
        } => {
            let (person, account) = (person.as_str(), account.as_str());
            let mut places = vec![
                Place::new(Table::PeopleLinks, [person]),
                Place::new(Table::DifferentPeople, [person, account]),
            ];
            places.extend(holder(connection, &Value::from(account.to_owned()))?);
            places
        }
        Decision::DifferentPerson { person, accounts } => {
            let person = person.as_str();
            let accounts = accounts.iter().map(AccountId::as_str);
            let pairs =
                accounts.map(|account| Place::new(Table::DifferentPeople, [person, account]));
            let link = Place::new(Table::PeopleLinks, [person]);
            std::iter::once(link).chain(pairs).collect()
        }
        Decision::Confirm {
            entra, group: id, ..
        }
        | Decision::Adopt {
            entra, group: id, ..
        } => group(entra.as_str(), id.as_str()),
        Decision::KeepApart { entra, group } => {
            vec![Place::new(
                Table::KeptApart,
                [entra.as_str(), group.as_str()],
            )]
        }
        Decision::LeaveAlone(question) => vec![question_place(question)],
        Decision::AskAgain(question) => {
            let mut places = asked_of(connection, question)?;
            if let Some((table, column)) = answers(question.code()) {
                let mut statement = connection.prepare_cached(&format!(
                    "SELECT {column} FROM {} WHERE entra_id = ?1",
                    table.name()
                ))?;
                let read = |row: &Row<'_>| row.get::<_, String>(0);
                for id in statement.query_map([question.subject()], read)? {
                    places.push(Place::new(table, [question.subject(), &id?]));
                }
            }
            places
        }
        Decision::Accept(id) | Decision::Reject { operation: id, .. } | Decision::Ignore(id) => {
            vec![Place::new(Table::Operations, [id.to_string().as_str()])]
        }
    })
}

/// What was left alone of a question's subject, whatever the candidates were.
fn asked_of(connection: &Connection, question: &Question) -> rusqlite::Result<Vec<Place>> {
    let (code, subject) = (question.code().as_str(), question.subject());
    connection
        .prepare_cached(
            "SELECT candidates FROM questions_left_alone WHERE code = ?1 AND subject = ?2",
        )?
        .query_map([code, subject], |row| {
            let candidates: String = row.get(0)?;
            Ok(Place::new(Table::LeftAlone, [code, subject, &candidates]))
        })?
        .collect()
}

fn question_place(question: &Question) -> Place {
    let code = question.code().as_str();
    Place::new(
        Table::LeftAlone,
        [code, question.subject(), question.candidates()],
    )
}

/// The table that holds the other answers to a question, and the column of what it is about.
const fn answers(code: QuestionCode) -> Option<(Table, &'static str)> {
    match code {
        QuestionCode::SamePerson => Some((Table::DifferentPeople, "account_id")),
        QuestionCode::SameGroup => Some((Table::KeptApart, "group_id")),
        _ => None,
    }
}

fn store(connection: &Connection, decision: &Decision) -> rusqlite::Result<()> {
    match decision {
        Decision::Link {
            person,
            account,
            email,
            name,
        } => {
            take_for_same(connection, person, account)?;
            confirm_person(connection, person, account, email, name)
        }
        Decision::DifferentPerson { person, accounts } => accounts.iter().try_for_each(|account| {
            unlink_person(connection, person, account)?;
            tell_apart(connection, person, account)
        }),
        Decision::Confirm {
            entra,
            group,
            access,
        } => {
            bring_together(connection, entra, group)?;
            let confirmed = Ownership::confirmed(*access);
            link_group(connection, entra.as_str(), group.as_str(), confirmed)
        }
        Decision::Adopt {
            entra,
            group,
            access,
        } => {
            bring_together(connection, entra, group)?;
            let owned = Ownership::adopted(*access);
            link_group(connection, entra.as_str(), group.as_str(), owned)
        }
        Decision::KeepApart { entra, group } => keep_apart(connection, entra, group),
        Decision::LeaveAlone(question) => leave_alone(connection, question, true),
        Decision::AskAgain(question) => {
            leave_alone(connection, question, false)?;
            match question.code() {
                QuestionCode::SamePerson => ask_of_person(connection, question.subject()),
                QuestionCode::SameGroup => ask_of_group(connection, question.subject()),
                _ => Ok(()),
            }
        }
        Decision::Accept(id) => decide(connection, *id, None),
        Decision::Reject { operation, reason } => {
            let reason = Some(*reason);
            decide(
                connection,
                *operation,
                Some(RowDecision::Rejected { reason }),
            )
        }
        Decision::Ignore(id) => decide(connection, *id, Some(RowDecision::Ignored)),
    }
}
