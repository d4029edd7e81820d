//! What becomes of decisions that are made while a run reads or asks, and of answers that come late.

use crate::world::{SMALL, World};
use jiff::{SignedDuration, Timestamp};
use rollbook::config::{Paths, SecretSource, Secrets};
use rollbook::directory::{EntraId, GroupId};
use rollbook::plan::{
    Allowances, Decision, GuardName, Kind, Mode, OperationId, OperationRow, Reason,
};
use rollbook::store::{RunOutcome, State};
use rollbook::sync::run::{self, Purpose};
use rollbook::sync::{Clock, Opening, Progress, ReadOptions, Session};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// Two more people in Entra, like one who is there; gives their addresses.
fn hire(world: &World) -> [String; 2] {
    world.sim.world(|w| {
        let like = w
            .entra
            .users
            .values()
            .find(|user| w.importable(user).is_some())
            .unwrap()
            .clone();
        let domain = like.mail.as_deref().unwrap().split('@').nth(1).unwrap();
        ["ada", "grace"].map(|name| {
            let mail = format!("{name}.newcomer@{domain}");
            let mut user = like.clone();
            user.id = format!("00000000-0000-4000-8000-{:0>12}", name.len());
            user.name = format!("{name} Newcomer");
            user.mail = Some(mail.clone());
            user.upn.clone_from(&mail);
            w.set_user(user);
            mail
        })
    })
}

/// The creation of a person with this address in a plan.
fn creation<'a>(plan: &'a Value, mail: &str) -> &'a Value {
    let operations = plan["operations"].as_array().unwrap();
    operations
        .iter()
        .find(|op| op["kind"] == "create_user" && op["user"]["email"] == mail)
        .unwrap()
}

fn is_there(world: &World, mail: &str) -> bool {
    world.sim.world(|w| !w.accounts_of(mail).is_empty())
}

/// Rejects an operation, as the console does.
fn reject(world: &World, row: &Value) {
    let operation = OperationId::parse(row["id"].as_str().unwrap()).unwrap();
    let reason = Reason::parse(row["reason_code"].as_str().unwrap()).unwrap();
    decide(world, &[Decision::Reject { operation, reason }]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rejected_while_sync_reads_is_not_applied() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let [rejected, accepted] = hire(&world);
    let plan = world.json(&["plan"], 0).await;
    let row = creation(&plan, &rejected);
    let asked = world.sim.world(|w| {
        w.services.latency = 50;
        w.log.len()
    });
    let sync = world.command(&["sync", "--json"]).spawn().unwrap();
    while world.sim.world(|w| w.log.len()) < asked + 3 {
        tokio::task::yield_now().await;
    }
    reject(&world, row);
    let report = world.ended(sync).await.expect(0).json();
    assert_eq!(report["outcome"], "applied");
    assert!(
        !is_there(&world, &rejected),
        "the rejected person was invited"
    );
    assert!(is_there(&world, &accepted), "the other one was not");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_held_is_told_also_where_the_answer_comes_late() {
    let world = World::new(SMALL).await;
    let mut asked = world.in_terminal(&["apply"]);
    asked.until_asked("[y/N]");
    // Nothing is locked while somebody thinks: another run comes between.
    let between = world.json(&["apply", "--yes"], 3).await;
    assert!(between["counts"]["done"].as_u64().unwrap() > 0);
    asked.answer("y");
    assert_eq!(asked.ended(), 3, "{}", asked.said);
    assert!(asked.said.contains("read again first"), "{}", asked.said);
    assert!(asked.said.contains("held by new-people"), "{}", asked.said);
    let runs = world.json(&["runs"], 0).await;
    let newest = &runs["runs"][0];
    assert_eq!(newest["outcome"], "held");
    assert!(newest["counts"]["held"].as_u64().unwrap() > 0);
    let id = newest["run_id"].as_str().unwrap();
    let shown = world.json(&["show", id], 0).await;
    let guards = shown["guards"].as_array().unwrap();
    assert!(guards.iter().any(|guard| guard["name"] == "new-people"));
    assert_eq!(newest["counts"]["done"], 0, "nothing was left to be done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rejected_while_somebody_is_asked_is_not_applied() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let [rejected, accepted] = hire(&world);
    let plan = world.json(&["plan"], 0).await;
    let row = creation(&plan, &rejected);
    let mut asked = world.in_terminal(&["apply"]);
    asked.until_asked("[y/N]");
    reject(&world, row);
    asked.answer("y");
    assert_eq!(asked.ended(), 0, "{}", asked.said);
    assert!(
        !is_there(&world, &rejected),
        "the rejected person was invited"
    );
    assert!(is_there(&world, &accepted), "the other one was not");
}

/// A session of somebody who reviews, as a face opens it. Its clock stands still.
async fn session(world: &World) -> Session {
    let paths = Paths::new(Some(&world.config_dir()), Some(&world.data_dir())).unwrap();
    let (profile, _) = rollbook::config::load(&paths, None).unwrap();
    let [(_, secret), (_, token)] = world.sim.environment();
    let secrets = Secrets {
        entra: secret.into(),
        entra_from: SecretSource::Typed,
        jira: token.into(),
        jira_from: SecretSource::Typed,
        organization: None,
    };
    Session::open(Opening {
        profile,
        secrets,
        paths: &paths,
        mode: Mode::Attended,
        doing: "apply",
        cancel: CancellationToken::new().into(),
        progress: Progress::default(),
        clock: Clock::Fixed(Timestamp::now()),
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_long_ago_is_read_again_and_what_was_held_stays_held() {
    let world = World::new(SMALL).await;
    let mut session = session(&world).await;
    let wanted = ReadOptions::default();
    let proposal = run::propose(&mut session, Purpose::InStep, &wanted).await;
    let mut proposal = proposal.unwrap();
    let (held, asked) = (proposal.planned.plan.held() as u64, requests(&world));
    // They went to lunch.
    proposal.planned.read_at -= SignedDuration::from_mins(11);
    let nothing = Allowances::default();
    let report = run::reviewed(&mut session, proposal, &nothing, &wanted).await;
    let report = report.unwrap();
    assert_eq!(report.outcome, RunOutcome::Held);
    assert_eq!(report.counts.held, held);
    assert!(report.guards.iter().any(|g| g.name == GuardName::NewPeople));
    let run = session.state.runs().unwrap().remove(0);
    assert_eq!(
        session.state.held(run.number).unwrap().len(),
        report.guards.len()
    );
    let read = session.progress.take_notes();
    assert!(
        read.iter().any(|note| note.contains("read again first")),
        "{read:?}"
    );
    assert!(requests(&world) > asked);
}

/// Decides beside an open session, as another console does.
fn decide(world: &World, decisions: &[Decision]) {
    let state = State::open(&world.profile_dir()).unwrap();
    state.record(decisions).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_held_is_not_let_go_by_decisions_that_come_while_somebody_is_asked() {
    let world = World::new(SMALL).await;
    let mut session = session(&world).await;
    let wanted = ReadOptions::default();
    let proposal = run::propose(&mut session, Purpose::InStep, &wanted).await;
    let proposal = proposal.unwrap();
    let held: Vec<OperationRow> = proposal
        .planned
        .rows()
        .filter(|row| row.kind == Kind::CreateUser && !row.held_by.is_empty())
        .collect();
    let [kept, rejected @ ..] = held.as_slice() else {
        panic!("nobody is held")
    };
    let reject = |row: &OperationRow| Decision::Reject {
        operation: row.id,
        reason: row.reason_code.unwrap(),
    };
    // Hardly any are left: by themselves these would be no unusual number.
    decide(&world, &rejected.iter().map(reject).collect::<Vec<_>>());
    let nothing = Allowances::default();
    let report = run::reviewed(&mut session, proposal, &nothing, &wanted).await;
    let report = report.unwrap();
    assert!(report.counts.done > 0, "{report:?}");
    assert_eq!(report.outcome, RunOutcome::Held);
    assert!(report.guards.iter().any(|g| g.name == GuardName::NewPeople));
    let mail = kept.user.as_ref().unwrap().email.as_deref().unwrap();
    assert!(!is_there(&world, mail), "nobody agreed to {mail}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_confirmed_while_somebody_is_asked_waits_for_the_next_plan() {
    let world = World::new(SMALL).await;
    let mut session = session(&world).await;
    let wanted = ReadOptions::default();
    let proposal = run::propose(&mut session, Purpose::InStep, &wanted).await;
    let proposal = proposal.unwrap();
    let planned = &proposal.planned;
    let (entra, group) = planned
        .rows()
        .filter(|row| row.held_by.iter().any(|name| name == "unconfirmed-groups"))
        .find_map(|row| row.group)
        .map(|group| (group.entra_id.unwrap(), group.group_id.unwrap()))
        .unwrap();
    let members = || world.sim.world(|w| w.jira.groups[&group].members.clone());
    let before = members();
    let confirm = Decision::Confirm {
        entra: EntraId::new(&entra),
        group: GroupId::new(&group),
        access: false,
    };
    decide(&world, &[confirm]);
    let nothing = Allowances::default();
    let report = run::reviewed(&mut session, proposal, &nothing, &wanted).await;
    assert!(report.unwrap().counts.done > 0);
    assert_eq!(members(), before, "nobody agreed to these additions");
    drop(session);
    let plan = world.json(&["plan"], 0).await;
    let mut operations = plan["operations"].as_array().unwrap().iter();
    assert!(operations.any(|op| op["group"]["group_id"] == group.as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rejected_while_the_lease_is_taken_is_not_applied() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let [rejected, accepted] = hire(&world);
    let plan = world.json(&["plan"], 0).await;
    let row = creation(&plan, &rejected);
    let state = State::open(&world.profile_dir()).unwrap();
    let runs = state.runs().unwrap().len();
    world.sim.world(|w| w.services.latency = 300);
    let sync = world.command(&["sync", "--json"]).spawn().unwrap();
    // The run has begun, and asks Jira for the lease.
    while state.runs().unwrap().len() == runs {
        tokio::task::yield_now().await;
    }
    reject(&world, row);
    world.sim.world(|w| w.services.latency = 0);
    let report = world.ended(sync).await.expect(0).json();
    assert_eq!(report["outcome"], "applied");
    assert!(
        !is_there(&world, &rejected),
        "the rejected person was invited"
    );
    assert!(is_there(&world, &accepted), "the other one was not");
}

/// Requests that read Entra.
fn requests(world: &World) -> usize {
    world.sim.world(|w| w.requests("GET", "/users/delta"))
}
