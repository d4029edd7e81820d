//! The laws of the executor: it ends, every operation is settled once, and nothing runs before
//! what it needs.

use crate::model::model;
use proptest::prelude::*;
use rollbook::plan::{Allowances, Effect, Executor, Kind, Next, Outcome, Plan};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// Whether an operation needs another.
fn needs(plan: &Plan, op: u32, other: u32) -> bool {
    let (op, other) = (
        &plan.operations[op as usize],
        &plan.operations[other as usize],
    );
    op.kind.is_membership()
        && match other.kind {
            Kind::CreateUser => op.account().is_none() && op.person() == other.person(),
            Kind::CreateGroup => op.target() == other.target(),
            Kind::RestoreUser => op.account() == other.account(),
            _ => false,
        }
}

proptest! {
    #[test]
    fn it_ends_in_order_and_counts_everything(
        model in model(),
        outcomes in proptest::collection::vec(0..11_u8, 0..400),
        room in 1..6_usize,
        stop_after in proptest::option::of(0..40_usize),
    ) {
        let snapshots = model.snapshots();
        let plan = model.plan(&snapshots, &Allowances::default());
        let chosen: Vec<u32> = (0..plan.operations.len() as u32).collect();
        let mut executor = Executor::new(&plan, &chosen, &hashbrown::HashSet::new());
        let (mut now, mut steps) = (Duration::ZERO, 0);
        let mut outcomes = outcomes.into_iter();
        let mut good: HashSet<u32> = HashSet::new();
        let mut settled: HashMap<u32, u32> = HashMap::new();
        let mut running: Vec<(u32, Effect)> = Vec::new();
        let mut stopped = false;
        loop {
            steps += 1;
            prop_assert!(steps < 20_000, "it does not end");
            if stop_after == Some(steps) {
                executor.stop();
                stopped = true;
            }
            match executor.next(now, room - running.len().min(room)) {
                Next::Done => break,
                Next::Do(new) => {
                    prop_assert!(!stopped, "something began after the stop");
                    for step in new {
                        for other in &chosen {
                            if needs(&plan, step.operation, *other) {
                                prop_assert!(good.contains(other), "began before what it needs");
                            }
                        }
                        let stage = plan.operations[step.operation as usize].kind.stage();
                        let before = chosen.iter().filter(|i| plan.operations[**i as usize].kind.stage() < stage).count();
                        prop_assert!(executor.left() <= chosen.len() - before, "before its stage");
                        running.push((step.operation, step.effect));
                    }
                }
                Next::Wait(until) => {
                    if running.is_empty() {
                        let until = until.expect("nothing runs and nothing is due: it hangs");
                        prop_assert!(until > now);
                        now = until;
                    }
                }
            }
            if let Some((operation, effect)) = running.pop() {
                let creates = matches!(plan.operations[operation as usize].kind, Kind::CreateUser | Kind::CreateGroup);
                let outcome = match (outcomes.next().unwrap_or(0), effect) {
                    (0..=3, _) => Outcome::Done,
                    (4, _) => Outcome::Already,
                    (5, Effect::Write) if !creates => Outcome::NotVisible,
                    (5, Effect::Write) => Outcome::Unclear,
                    (5 | 8, Effect::LookUp) => Outcome::Absent,
                    (6, Effect::Write) if !creates => Outcome::GroupRefused,
                    (7, _) if creates => Outcome::Unclear,
                    (9, Effect::Write) => Outcome::NoSeat,
                    (10, Effect::Write) => Outcome::NoKey,
                    _ => Outcome::Failed,
                };
                if executor.record(now, operation, outcome) {
                    *settled.entry(operation).or_default() += 1;
                    if matches!(outcome, Outcome::Done | Outcome::Already) {
                        good.insert(operation);
                    }
                }
            }
        }
        prop_assert!(settled.values().all(|times| *times == 1));
        let counts = executor.counts();
        let total = counts.done + counts.already + counts.failed + counts.skipped;
        prop_assert_eq!(total, chosen.len() as u64);
        prop_assert_eq!(counts.done + counts.already, good.len() as u64);
    }
}
