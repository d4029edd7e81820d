//! A state of the version before, brought to the newest form.

use jiff::Timestamp;
use rollbook::directory::AccountId;
use rollbook::plan::{OperationId, Question, Reason, RowDecision};
use rollbook::store::{State, StoreError};
use rollbook::sync;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

type Rows = Vec<Vec<Value>>;

/// Tables that hold the same as before, and what of them is as it was.
const KEPT: [(&str, &str); 13] = [
    ("meta", "*"),
    ("people_links", "*"),
    ("group_links", "*"),
    ("taken", "*"),
    ("kept_apart", "*"),
    ("runs", "*"),
    ("allowances", "*"),
    ("held", "*"),
    ("measures", "*"),
    ("unwritable_groups", "*"),
    ("refused_people", "*"),
    ("decisions", "operation_id, verdict, at, run, undone_by"),
    (
        "journal",
        "run, operation_id, kind, entra_id, account_id, email, name, group_entra, group_id,
         group_name, reason, intent_at, outcome_at, outcome, proven_new, status, code, message,
         advice, request_id, unclear",
    ),
];

/// A folder with a state of the version before.
fn former() -> TempDir {
    let folder = TempDir::new().unwrap();
    let state = connect(folder.path());
    state
        .execute_batch(include_str!("fixtures/state-3.sql"))
        .unwrap();
    fs::write(folder.path().join("state.born"), "").unwrap();
    folder
}

fn connect(folder: &Path) -> Connection {
    Connection::open(folder.join("state.db")).unwrap()
}

fn rows(state: &Connection, sql: &str) -> Rows {
    let mut statement = state.prepare(sql).unwrap();
    let count = statement.column_count();
    let rows = statement
        .query_map([], |row| (0..count).map(|at| row.get(at)).collect())
        .unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn kept(state: &Connection) -> Vec<Rows> {
    KEPT.iter()
        .map(|(table, columns)| rows(state, &format!("SELECT {columns} FROM {table}")))
        .collect()
}

/// Everything in a state, its schema included.
fn whole(state: &Connection) -> Vec<Rows> {
    let schema = rows(state, "SELECT name, sql FROM sqlite_master ORDER BY name");
    let tables = rows(
        state,
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
    );
    let mut all = vec![schema];
    for table in tables {
        let Value::Text(name) = &table[0] else {
            panic!("{table:?}")
        };
        all.push(rows(state, &format!("SELECT * FROM {name}")));
    }
    all
}

fn backups(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder.join("backups")).into_iter().flatten();
    found.map(|entry| entry.unwrap().path()).collect()
}

fn version(state: &Connection) -> u32 {
    state
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Null => None,
        other => panic!("{other:?}"),
    }
}

/// The code of a sentence, as today's words have it.
fn code(sentence: &str) -> Option<&'static str> {
    let mut all = Reason::ALL.into_iter();
    all.find(|reason| reason.to_string() == sentence)
        .map(Reason::as_str)
}

#[test]
fn nothing_that_the_version_before_wrote_is_lost() {
    let folder = former();
    let (before, sentences) = {
        let state = connect(folder.path());
        (
            kept(&state),
            rows(&state, "SELECT operation_id, reason FROM decisions"),
        )
    };
    let state = State::open(folder.path()).unwrap();
    // A copy from before is there.
    let copies = backups(folder.path());
    assert_eq!(copies.len(), 1);
    let copy = Connection::open(&copies[0]).unwrap();
    assert_eq!(version(&copy), 3);
    assert_eq!(kept(&copy), before);
    // Rows, by the table.
    let now = connect(folder.path());
    assert!(version(&now) > 3);
    for ((table, _), (before, now)) in KEPT.iter().zip(before.iter().zip(kept(&now))) {
        assert!(!before.is_empty(), "the fixture has no {table}");
        assert_eq!(*before, now, "{table}");
    }
    // Sentences, by their codes.
    let journal = rows(&now, "SELECT reason, reason_code, note FROM journal");
    for row in &journal {
        assert_eq!(text(&row[1]), code(text(&row[0]).unwrap()), "{row:?}");
        assert_eq!(row[2], Value::Null);
    }
    for row in &sentences {
        let id = text(&row[0]).unwrap();
        let stored = rows(
            &now,
            &format!("SELECT reason_code FROM decisions WHERE operation_id = '{id}'"),
        );
        assert_eq!(text(&stored[0][0]), code(text(&row[1]).unwrap()), "{row:?}");
    }
    // Every run and row is read, and shows what it stored.
    let mut shown: Vec<String> = Vec::new();
    for run in state.runs().unwrap() {
        assert_eq!(
            (run.host.as_str(), run.person.as_str()),
            ("jump01", "maria")
        );
        state.allowed(run.number).unwrap();
        let read = state.journal(run.number).unwrap();
        shown.extend(read.into_iter().map(|row| row.reason));
    }
    let mut wrote: Vec<&str> = journal.iter().filter_map(|row| text(&row[0])).collect();
    shown.sort();
    wrote.sort_unstable();
    assert_eq!(shown, wrote);
    // The journal only grows.
    let settled = "UPDATE journal SET note = NULL WHERE outcome IS NOT NULL";
    assert!(now.execute(settled, []).is_err());
}

#[test]
fn what_was_decided_goes_on_to_count() {
    let folder = former();
    let (sentence, alone, given) = {
        let state = connect(folder.path());
        (
            rows(
                &state,
                "SELECT operation_id FROM decisions WHERE reason = 'member since the merger'",
            ),
            rows(&state, "SELECT account_id FROM left_alone"),
            rows(
                &state,
                "SELECT DISTINCT entra_id, group_id FROM journal WHERE kind = 'add_member'
                AND outcome = 'done' AND reason = 'default group for people whom Rollbook creates'",
            ),
        )
    };
    let state = State::open(folder.path()).unwrap();
    let decisions = state.decisions().unwrap();
    assert_eq!(decisions.operations.len(), 4);
    assert_eq!(decisions.kept_apart.len(), 1);
    // A sentence that nobody knows: the rejection stands for every reason.
    let id = OperationId::parse(text(&sentence[0][0]).unwrap()).unwrap();
    let rejected = decisions.operations[&id];
    assert_eq!(rejected, RowDecision::Rejected { reason: None });
    assert!(Reason::ALL.into_iter().all(|it| rejected.keeps_out(it)));
    // One that everybody knows: for that reason only.
    let known = decisions.operations.values().filter(|said| {
        matches!(said, RowDecision::Rejected { reason: Some(_) })
            && !Reason::ALL.into_iter().all(|it| said.keeps_out(it))
    });
    assert_eq!(known.count(), 2);
    let account = AccountId::new(text(&alone[0][0]).unwrap());
    assert!(decisions.left_alone.contains(&Question::standing(&account)));
    assert!(decisions.leaves_alone(account.as_str()));
    let defaults = state.given(Reason::DefaultGroup).unwrap();
    assert_eq!(defaults.len(), given.len());
    assert!(!given.is_empty());
    assert!(!state.taken().unwrap().is_empty());
    assert!(!state.leavers().unwrap().is_empty());
    assert!(state.schedule_paused().unwrap().is_some());
    assert_eq!(state.unfinished().unwrap().len(), 1);
}

#[test]
fn a_second_opening_changes_nothing() {
    let folder = former();
    drop(State::open(folder.path()).unwrap());
    let once = whole(&connect(folder.path()));
    drop(State::open(folder.path()).unwrap());
    assert_eq!(whole(&connect(folder.path())), once);
    assert_eq!(backups(folder.path()).len(), 1);
}

#[test]
fn a_word_that_no_code_has_is_told() {
    let folder = former();
    let state = State::open(folder.path()).unwrap();
    let other = connect(folder.path());
    other
        .execute(
            "UPDATE decisions SET reason_code = 'on-a-whim' WHERE reason_code IS NOT NULL",
            [],
        )
        .unwrap();
    let error = state.decisions().unwrap_err();
    assert!(matches!(error, StoreError::UnknownWord { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("“on-a-whim” is no reason that this version of Rollbook knows"),
        "{error}"
    );
    // A guard that only another version has is shown by its name.
    other
        .execute("INSERT INTO held VALUES (1, 'full-moon', 3)", [])
        .unwrap();
    let held = state.held(1).unwrap();
    assert_eq!(
        held.last().map(|(guard, count)| (guard.as_str(), *count)),
        Some(("full-moon", 3))
    );
}

#[test]
fn a_saved_plan_of_the_version_before_is_made_again() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("plan.json");
    fs::write(&file, include_str!("fixtures/plan-1.json")).unwrap();
    let state = State::open(folder.path()).unwrap();
    state.ensure_plan_key().unwrap();
    let made: Timestamp = "2026-11-30T03:19:36Z".parse().unwrap();
    // Its hash shows no state: anybody could have written it.
    let refused = sync::read_saved(file, "Azure AD", Some(&state), made).unwrap_err();
    let problem = sync::Problem::from(&refused);
    assert_eq!(problem.kind.as_str(), "plan-refused");
    assert!(problem.hint.contains("rollbook plan --out"), "{problem:?}");
}

#[test]
fn who_opens_it_at_the_same_time_finds_it_whole() {
    let folder = former();
    let path = folder.path();
    let opened = std::thread::scope(|scope| {
        let open = || scope.spawn(|| State::open(path).and_then(|state| state.decisions()));
        let all: Vec<_> = (0..6).map(|_| open()).collect();
        all.into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    for decisions in opened {
        assert_eq!(decisions.unwrap().operations.len(), 4);
    }
    for copy in backups(path) {
        assert_eq!(version(&Connection::open(copy).unwrap()), 3);
    }
}

#[test]
fn the_copy_from_before_outlives_the_others() {
    let folder = former();
    let state = State::open(folder.path()).unwrap();
    let [before] = backups(folder.path()).try_into().unwrap();
    for _ in 0..12 {
        state.back_up().unwrap();
    }
    assert!(before.exists());
    assert_eq!(backups(folder.path()).len(), 11);
}
