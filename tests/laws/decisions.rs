//! The laws of recording decisions and of putting back what they replaced, on a real state.

use proptest::collection::vec;
use proptest::prelude::*;
use rollbook::directory::{AccountId, EntraId, GroupId};
use rollbook::plan::{
    Decision, Kind, Known, OperationId, Question, QuestionCode, Reason, RowDecision,
};
use rollbook::store::{PutBack, State};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::collections::BTreeMap;
use tempfile::TempDir;

/// Everything in all tables but those that SQLite keeps for itself, by table.
type Dump = BTreeMap<String, Vec<Vec<Value>>>;

struct Desk {
    folder: TempDir,
    state: State,
}

impl Desk {
    fn new(prior: &[Prior]) -> Self {
        let folder = TempDir::new().unwrap();
        let state = State::open(folder.path()).unwrap();
        let desk = Self { folder, state };
        let connection = desk.connection();
        for row in prior {
            row.insert(&connection);
        }
        desk
    }

    fn connection(&self) -> Connection {
        Connection::open(self.folder.path().join("state.db")).unwrap()
    }

    fn dump(&self) -> Dump {
        let connection = self.connection();
        let mut names = connection
            .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
            .unwrap();
        let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap();
        names
            .map(|name| {
                let name = name.unwrap();
                let mut rows = connection
                    .prepare(&format!("SELECT * FROM {name}"))
                    .unwrap();
                let count = rows.column_count();
                let rows = rows
                    .query_map([], |row| (0..count).map(|at| row.get(at)).collect())
                    .unwrap()
                    .collect::<Result<_, _>>()
                    .unwrap();
                (name, rows)
            })
            .collect()
    }

    fn known(&self) -> Known {
        Known {
            links: self.state.links().unwrap(),
            decisions: self.state.decisions().unwrap(),
            created: self.state.created().unwrap(),
            leavers: self.state.leavers().unwrap(),
            ..Known::default()
        }
    }
}

fn person(n: u8) -> EntraId {
    EntraId::new(&format!("person-{}", n % 3))
}

fn account(n: u8) -> AccountId {
    AccountId::new(&format!("account-{}", n % 3))
}

fn entra(n: u8) -> EntraId {
    EntraId::new(&format!("entra-{}", n % 2))
}

fn group(n: u8) -> GroupId {
    GroupId::new(&format!("group-{}", n % 2))
}

fn operation(n: u8) -> OperationId {
    OperationId::of(
        Kind::CreateUser,
        "person",
        if n.is_multiple_of(2) { "" } else { "group" },
    )
}

fn question(n: u8, candidates: u8) -> Question {
    match n % 4 {
        0 => Question::new(
            QuestionCode::SamePerson,
            person(candidates).as_str(),
            [account(candidates).as_str()],
        ),
        1 => Question::new(
            QuestionCode::SameGroup,
            entra(candidates).as_str(),
            [group(candidates).as_str()],
        ),
        2 => Question::standing(&account(candidates)),
        _ => Question::new(
            QuestionCode::SeveralAccounts,
            person(0).as_str(),
            [account(0).as_str(), account(candidates).as_str()],
        ),
    }
}

fn decision() -> impl Strategy<Value = Decision> {
    (0..10_u8, any::<u8>(), any::<u8>(), any::<bool>()).prop_map(|(kind, one, other, flag)| {
        let text = |text: &str| if flag { text.to_owned() } else { String::new() };
        match kind {
            0 => Decision::Link {
                person: person(one),
                account: account(other),
                email: text("ada@new.example"),
                name: text("Ada"),
            },
            1 => Decision::DifferentPerson {
                person: person(one),
                accounts: (0..other % 3).map(account).collect(),
            },
            2 => Decision::Confirm {
                entra: entra(one),
                group: group(other),
                access: flag,
            },
            3 => Decision::Adopt {
                entra: entra(one),
                group: group(other),
                access: flag,
            },
            4 => Decision::KeepApart {
                entra: entra(one),
                group: group(other),
            },
            5 => Decision::LeaveAlone(question(one, other)),
            6 => Decision::AskAgain(question(one, other)),
            7 => Decision::Accept(operation(one)),
            8 => Decision::Reject {
                operation: operation(one),
                reason: Reason::ALL[usize::from(other) % Reason::ALL.len()],
            },
            _ => Decision::Ignore(operation(one)),
        }
    })
}

/// A row that was there before.
#[derive(Debug, Clone)]
struct Prior {
    table: u8,
    one: u8,
    other: u8,
    more: u8,
}

fn prior() -> impl Strategy<Value = Prior> {
    (0..6_u8, any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(table, one, other, more)| Prior {
        table,
        one,
        other,
        more,
    })
}

impl Prior {
    fn insert(&self, connection: &Connection) {
        let at = i64::from(self.more) + 1_000;
        let pick = |words: &[&'static str]| words[usize::from(self.more) % words.len()];
        let left = self.more.is_multiple_of(2).then_some("2026-03-01");
        let (one, other) = (self.one, self.other);
        let insert = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
            connection.execute(sql, params).unwrap();
        };
        match self.table {
            0 => insert(
                "INSERT OR IGNORE INTO people_links VALUES (?1, ?2, ?3, 'ada@old.example', 'Ada L', ?4, ?5, ?6)",
                &[
                    &person(one).as_str(),
                    &account(other).as_str(),
                    &pick(&["email", "looked-up", "confirmed", "created"]),
                    &at,
                    &(!self.more.is_multiple_of(3)),
                    &left,
                ],
            ),
            1 => insert(
                "INSERT OR IGNORE INTO group_links VALUES (?1, ?2, ?3, ?4)",
                &[
                    &entra(one).as_str(),
                    &group(other).as_str(),
                    &pick(&["confirmed", "owned", "owned-with-access"]),
                    &at,
                ],
            ),
            2 => insert(
                "INSERT OR IGNORE INTO decisions VALUES (?1, ?2, ?3, ?4, ?5, 'operation-9')",
                &[
                    &operation(one).to_string(),
                    &pick(&["rejected", "ignored"]),
                    &(other % 2 == 0).then_some("member"),
                    &at,
                    &i64::from(other),
                ],
            ),
            3 => insert(
                "INSERT OR IGNORE INTO kept_apart VALUES (?1, ?2, ?3)",
                &[&entra(one).as_str(), &group(other).as_str(), &at],
            ),
            4 => insert(
                "INSERT OR IGNORE INTO different_people VALUES (?1, ?2, ?3)",
                &[&person(one).as_str(), &account(other).as_str(), &at],
            ),
            _ => {
                let asked = question(one, other);
                insert(
                    "INSERT OR IGNORE INTO questions_left_alone VALUES (?1, ?2, ?3, ?4)",
                    &[
                        &asked.code().as_str(),
                        &asked.subject(),
                        &asked.candidates(),
                        &at,
                    ],
                );
            }
        }
    }
}

/// Rows that are in one dump and not in the other.
fn missing(of: &Dump, from: &Dump) -> Vec<(String, Vec<Value>)> {
    let rows = of.iter().flat_map(|(table, rows)| {
        let others = &from[table];
        let gone = rows.iter().filter(|row| !others.contains(row));
        gone.map(|row| (table.clone(), row.clone()))
    });
    rows.collect()
}

fn said(decisions: &rollbook::plan::Decisions) -> BTreeMap<String, RowDecision> {
    let said = decisions.operations.iter();
    said.map(|(id, said)| (id.to_string(), *said)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::cases(), ..ProptestConfig::default() })]

    #[test]
    fn what_is_put_back_is_as_it_was(
        prior in vec(prior(), 0..14),
        lists in vec(vec(decision(), 0..6), 1..4),
    ) {
        let desk = Desk::new(&prior);
        let mut undo = Vec::new();
        for list in &lists {
            let before = desk.dump();
            let replaced = desk.state.record(list).unwrap();
            undo.push((before, replaced));
        }
        while let Some((before, replaced)) = undo.pop() {
            let put = desk.state.put_back(replaced).unwrap();
            prop_assert_eq!(put.changed, 0);
            prop_assert_eq!(desk.dump(), before);
        }
    }

    #[test]
    fn the_tables_follow_what_a_decision_means(
        prior in vec(prior(), 0..14),
        list in vec(decision(), 0..8),
    ) {
        let desk = Desk::new(&prior);
        let mut meant = desk.known();
        for decision in &list {
            decision.apply_to(&mut meant);
        }
        desk.state.record(&list).unwrap();
        let stored = desk.known();
        prop_assert_eq!(&stored.links, &meant.links);
        prop_assert_eq!(said(&stored.decisions), said(&meant.decisions));
        prop_assert_eq!(stored.decisions.kept_apart, meant.decisions.kept_apart);
        prop_assert_eq!(stored.decisions.different, meant.decisions.different);
        prop_assert_eq!(stored.decisions.left_alone, meant.decisions.left_alone);
        prop_assert_eq!(stored.created, meant.created);
        prop_assert_eq!(stored.leavers, meant.leavers);
    }

    #[test]
    fn what_somebody_else_decided_meanwhile_stays(
        prior in vec(prior(), 0..14),
        ours in vec(decision(), 1..6),
        theirs in vec(decision(), 1..6),
    ) {
        let desk = Desk::new(&prior);
        let before = desk.dump();
        let replaced = desk.state.record(&ours).unwrap();
        let between = desk.dump();
        desk.state.record(&theirs).unwrap();
        let after = desk.dump();
        let put = desk.state.put_back(replaced).unwrap();
        let now = desk.dump();
        for row in missing(&after, &between) {
            prop_assert!(now[&row.0].contains(&row.1), "their {row:?} is gone");
        }
        for row in missing(&between, &after) {
            prop_assert!(!now[&row.0].contains(&row.1), "{row:?}, which they removed, is there");
        }
        // Nothing comes from anywhere else.
        for row in missing(&now, &after) {
            prop_assert!(before[&row.0].contains(&row.1), "{row:?} was never there");
        }
        if put.changed == 0 && missing(&after, &between).is_empty() && missing(&between, &after).is_empty() {
            prop_assert_eq!(now, before);
        }
    }
}

#[test]
fn an_account_that_went_to_somebody_else_meanwhile_stays_theirs() {
    let desk = Desk::new(&[]);
    let link = |one: u8, other: u8| Decision::Link {
        person: person(one),
        account: account(other),
        email: String::new(),
        name: String::new(),
    };
    desk.state.record(&[link(0, 0), link(1, 1)]).unwrap();
    // Two swap their accounts, and a third is given one of them.
    let replaced = desk.state.record(&[link(0, 1), link(1, 0)]).unwrap();
    desk.state.record(&[link(2, 0)]).unwrap();
    let put = desk.state.put_back(replaced).unwrap();
    assert_eq!((put.restored, put.changed), (0, 2));
    let links = desk.state.links().unwrap();
    let of = |n: u8| links.account_of(person(n).as_str()).map(AccountId::new);
    assert_eq!(
        (of(0), of(1), of(2)),
        (Some(account(1)), None, Some(account(0)))
    );
}

#[test]
fn a_link_that_was_there_keeps_whose_doing_it_was() {
    let desk = Desk::new(&[Prior {
        table: 0,
        one: 0,
        other: 0,
        more: 3,
    }]);
    assert_eq!(desk.state.created().unwrap().len(), 1);
    let link = Decision::Link {
        person: person(0),
        account: account(0),
        email: String::new(),
        name: String::new(),
    };
    let replaced = desk.state.record(&[link]).unwrap();
    assert!(replaced.is_empty(), "nothing was another");
    assert_eq!(desk.state.created().unwrap().len(), 1);
    assert_eq!(
        desk.state.put_back(replaced).unwrap(),
        PutBack::default(),
        "and nothing is put back"
    );
}
