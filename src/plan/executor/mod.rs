//! The order in which operations run: pure.
//!
//! The executor says what to do next and is told how it went. It knows no clock: the time is
//! given to it as the time since the run began. Removals come after what gives, leavers last. Kinds
//! of operations take turns, since each has an endpoint, and so a pace, of its own. What depends on
//! something that failed is skipped; a systemic failure stops everything that has not begun.

use super::needs::Givers;
use super::operation::{Kind, NONE, Stage};
use super::plan::Plan;
use hashbrown::{HashMap, HashSet};
use protocol::{Counts, Effect, Next, Outcome, Step};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub(super) mod protocol;

/// Waits before a write is tried again because the account is not visible yet. New accounts show
/// within seconds.
const VISIBLE: [u64; 6] = [1, 2, 3, 5, 8, 13];
/// Waits before an unclear write is looked up again. A listing may lag by some seconds.
const LOOK_UPS: [u64; 3] = [1, 3, 5];
/// How often a write whose outcome is unclear is made again after it was looked up in vain.
const REPEATS: u8 = 3;
/// How many operations of one kind are under way at a time: what the fastest endpoint needs where
/// an answer takes half a second.
const EACH: usize = 48;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Ready,
    Running,
    Settled,
}

/// A new account is invisible for some seconds. One addition tries whether it is visible; the
/// others wait for it instead of being refused one by one.
#[derive(Debug)]
enum Sight {
    Tried { by: u32, waiting: Vec<u32> },
    Visible,
}

/// A group may refuse everybody, for want of licences or of a right. One addition tries it; the others
/// wait for that instead of being refused one by one.
#[derive(Debug)]
enum Trial {
    Running { by: u32, waiting: Vec<u32> },
    Passed,
}

#[derive(Debug)]
struct Node {
    operation: u32,
    person: u32,
    kind: Kind,
    target: u32,
    state: State,
    /// How many needed operations are not done yet.
    open: u8,
    fresh: bool,
    failed: bool,
    invisible: u8,
    looked_up: u8,
    repeats: u8,
}

const STAGES: usize = Stage::Ends as usize + 1;

/// Decides what runs when.
#[derive(Debug)]
pub struct Executor {
    nodes: Vec<Node>,
    by_operation: HashMap<u32, u32>,
    dependants: HashMap<u32, Vec<u32>>,
    /// By kind.
    ready: [VecDeque<(u32, Effect)>; Kind::ALL.len()],
    /// What waits for its stage, by stage.
    staged: [Vec<u32>; STAGES],
    later: BTreeMap<(Duration, u32), Effect>,
    refused: HashSet<u32>,
    /// Groups for which no licence is left.
    full: HashSet<u32>,
    /// Kinds of which nothing can succeed any more, for want of licences or of a key.
    hopeless: HashSet<Kind>,
    /// Groups to which somebody is added, by target.
    trials: HashMap<u32, Trial>,
    /// For people whom this run creates: how far their account is visible.
    sight: HashMap<u32, Sight>,
    running: [usize; Kind::ALL.len()],
    /// By stage.
    unsettled: [usize; STAGES],
    /// The kind whose turn is next.
    turn: usize,
    stopped: bool,
    counts: Counts,
}

impl Executor {
    /// An executor for the chosen operations of a plan, given by index. An addition whose person
    /// or group is created by an operation that was not chosen is skipped. `young` are the rows of
    /// accounts that an earlier run created a moment ago.
    #[must_use]
    pub fn new(plan: &Plan, chosen: &[u32], young: &HashSet<u32>) -> Self {
        let mut executor = Self {
            nodes: Vec::with_capacity(chosen.len()),
            by_operation: HashMap::with_capacity(chosen.len()),
            dependants: HashMap::new(),
            ready: Default::default(),
            staged: Default::default(),
            later: BTreeMap::new(),
            refused: HashSet::new(),
            full: HashSet::new(),
            hopeless: HashSet::new(),
            trials: HashMap::new(),
            sight: HashMap::new(),
            running: Default::default(),
            unsettled: Default::default(),
            turn: 0,
            stopped: false,
            counts: Counts::default(),
        };
        let mut givers = Givers::default();
        for (node, &index) in (0u32..).zip(chosen) {
            let op = &plan.operations[index as usize];
            givers.note(op, node);
            executor.unsettled[op.kind.stage() as usize] += 1;
            executor.by_operation.insert(index, node);
            executor.nodes.push(Node {
                operation: index,
                person: op.person,
                kind: op.kind,
                target: op.target,
                state: State::Waiting,
                open: 0,
                fresh: false,
                failed: false,
                invisible: 0,
                looked_up: 0,
                repeats: 0,
            });
        }
        let mut orphans = Vec::new();
        for (node, &index) in (0u32..).zip(chosen) {
            let op = &plan.operations[index as usize];
            if !op.kind.is_membership() {
                continue;
            }
            let is_young = op.person != NONE && young.contains(&op.account);
            executor.nodes[node as usize].fresh = op.account == NONE || is_young;
            let new = plan.targets[op.target as usize].jira.is_none();
            if givers.lacks(op, new, false) {
                orphans.push(node);
            }
            for &need in givers.needed_by(op) {
                executor.nodes[node as usize].open += 1;
                executor.dependants.entry(need).or_default().push(node);
            }
        }
        for node in orphans {
            executor.skip(node);
        }
        for node in 0..executor.nodes.len() as u32 {
            let it = &mut executor.nodes[node as usize];
            if it.state == State::Waiting && it.open == 0 {
                executor.begin(node);
            }
        }
        executor
    }

    /// Everything that it needs is done: it runs when its stage has come.
    fn begin(&mut self, node: u32) {
        let it = &mut self.nodes[node as usize];
        it.state = State::Ready;
        self.staged[it.kind.stage() as usize].push(node);
    }

    /// Lets those begin whose stage has come.
    fn stages(&mut self) {
        for stage in 0..STAGES {
            if self.unsettled[..stage].iter().any(|left| *left > 0) {
                return;
            }
            for node in self.staged[stage].drain(..) {
                let kind = self.nodes[node as usize].kind;
                self.ready[kind as usize].push_back((node, Effect::Write));
            }
        }
    }

    /// The next step of this kind, if one may begin.
    fn of_kind(&mut self, kind: usize) -> Option<Step> {
        if self.running[kind] >= EACH {
            return None;
        }
        while let Some((node, effect)) = self.ready[kind].pop_front() {
            if self.nodes[node as usize].state == State::Settled || self.waits_for_sight(node) {
                continue;
            }
            let it = &self.nodes[node as usize];
            let hopeless = match it.kind {
                Kind::AddMember => {
                    self.refused.contains(&it.target) || self.full.contains(&it.target)
                }
                Kind::RemoveMember => self.refused.contains(&it.target),
                _ => false,
            };
            let hopeless = hopeless || self.hopeless.contains(&it.kind);
            if effect == Effect::Write && hopeless {
                self.skip(node);
                continue;
            }
            if effect == Effect::Write && self.waits_for_trial(node) {
                continue;
            }
            self.nodes[node as usize].state = State::Running;
            self.running[kind] += 1;
            let it = &self.nodes[node as usize];
            return Some(Step {
                operation: it.operation,
                effect,
            });
        }
        None
    }

    /// What comes next, at most `room` steps of it.
    pub fn next(&mut self, now: Duration, room: usize) -> Next {
        if self.stopped {
            return if self.running.iter().all(|running| *running == 0) {
                Next::Done
            } else {
                Next::Wait(None)
            };
        }
        while let Some((&(due, node), _)) = self.later.first_key_value() {
            if due > now {
                break;
            }
            if let Some((_, effect)) = self.later.pop_first() {
                let kind = self.nodes[node as usize].kind;
                self.ready[kind as usize].push_front((node, effect));
            }
        }
        let mut steps = Vec::new();
        // Skipping may settle a stage, whose next one then begins.
        loop {
            self.stages();
            let before = self.left();
            let mut idle = 0;
            while steps.len() < room && idle < Kind::ALL.len() {
                let kind = self.turn % Kind::ALL.len();
                self.turn += 1;
                match self.of_kind(kind) {
                    Some(step) => {
                        steps.push(step);
                        idle = 0;
                    }
                    None => idle += 1,
                }
            }
            if steps.len() >= room || self.left() == before {
                break;
            }
        }
        if !steps.is_empty() {
            Next::Do(steps)
        } else if self.left() == 0 {
            Next::Done
        } else {
            Next::Wait(self.later.first_key_value().map(|(key, _)| key.0))
        }
    }

    /// Records how a step went. Tells whether the operation is settled by it.
    pub fn record(&mut self, now: Duration, operation: u32, outcome: Outcome) -> bool {
        let Some(&node) = self.by_operation.get(&operation) else {
            return false;
        };
        let it = &mut self.nodes[node as usize];
        let running = &mut self.running[it.kind as usize];
        *running = running.saturating_sub(1);
        self.tried(node, matches!(outcome, Outcome::Done | Outcome::Already));
        let it = &mut self.nodes[node as usize];
        match outcome {
            Outcome::Done => self.settle(node, Outcome::Done),
            Outcome::Already => self.settle(node, Outcome::Already),
            Outcome::NotVisible => {
                // An account that was in the listing is either visible or gone.
                let tries = if it.fresh { VISIBLE.len() } else { 2 };
                match VISIBLE.get(usize::from(it.invisible)) {
                    Some(wait) if usize::from(it.invisible) < tries => {
                        it.invisible += 1;
                        self.put_off(now, *wait, node, Effect::Write);
                    }
                    _ => {
                        self.stays_invisible(node);
                        self.settle(node, Outcome::Failed);
                    }
                }
            }
            Outcome::Unclear => {
                it.looked_up = 0;
                self.put_off(now, LOOK_UPS[0], node, Effect::LookUp);
            }
            Outcome::Absent => {
                it.looked_up += 1;
                if let Some(wait) = LOOK_UPS.get(usize::from(it.looked_up)) {
                    self.put_off(now, *wait, node, Effect::LookUp);
                } else if it.repeats < REPEATS {
                    it.repeats += 1;
                    self.put_off(now, 0, node, Effect::Write);
                } else {
                    self.settle(node, Outcome::Failed);
                }
            }
            Outcome::Failed => self.settle(node, Outcome::Failed),
            Outcome::GroupRefused | Outcome::GroupGone => {
                let target = it.target;
                self.refused.insert(target);
                self.settle(node, Outcome::Failed);
            }
            Outcome::NoSeat => {
                match it.kind {
                    Kind::AddMember => _ = self.full.insert(it.target),
                    kind => _ = self.hopeless.insert(kind),
                }
                self.settle(node, Outcome::Failed);
            }
            Outcome::NoKey => {
                let kind = it.kind;
                self.hopeless.insert(kind);
                self.settle(node, Outcome::Failed);
            }
            Outcome::Systemic => {
                self.settle(node, Outcome::Failed);
                self.stop();
            }
            Outcome::NotMade => self.stop(),
        }
        self.nodes[node as usize].state == State::Settled
    }

    /// Begins nothing more. What is running is still recorded.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Counts so far. After a stop, what never ran counts as skipped.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = self.counts;
        if self.stopped {
            counts.skipped += self.left() as u64;
        }
        counts
    }

    /// How many operations are not settled.
    #[must_use]
    pub fn left(&self) -> usize {
        self.unsettled.iter().sum()
    }

    /// Whether another addition is finding out whether the group takes anybody.
    fn waits_for_trial(&mut self, node: u32) -> bool {
        let it = &self.nodes[node as usize];
        if it.kind != Kind::AddMember {
            return false;
        }
        match self.trials.get_mut(&it.target) {
            Some(Trial::Passed) => false,
            Some(Trial::Running { waiting, .. }) => {
                waiting.push(node);
                true
            }
            None => {
                let waiting = Vec::new();
                let trial = Trial::Running { by: node, waiting };
                self.trials.insert(it.target, trial);
                false
            }
        }
    }

    /// The addition that tried the group was answered: all others go on if it passed, else the next one
    /// tries.
    fn tried(&mut self, node: u32, passed: bool) {
        let target = self.nodes[node as usize].target;
        if !matches!(self.trials.get(&target), Some(Trial::Running { by, .. }) if *by == node) {
            return;
        }
        if let Some(Trial::Running { waiting, .. }) = self.trials.remove(&target) {
            if passed {
                self.trials.insert(target, Trial::Passed);
            }
            let waiting = waiting.into_iter().map(|next| (next, Effect::Write));
            self.ready[Kind::AddMember as usize].extend(waiting);
        }
    }

    /// Whether another addition is finding out whether the new account is visible.
    fn waits_for_sight(&mut self, node: u32) -> bool {
        let it = &self.nodes[node as usize];
        if !it.fresh {
            return false;
        }
        match self.sight.get_mut(&it.person) {
            Some(Sight::Visible) => false,
            Some(Sight::Tried { by, .. }) if *by == node => false,
            Some(Sight::Tried { waiting, .. }) => {
                waiting.push(node);
                true
            }
            None => {
                let tried = Sight::Tried {
                    by: node,
                    waiting: Vec::new(),
                };
                self.sight.insert(it.person, tried);
                false
            }
        }
    }

    /// The addition that tried is settled: the others go on, all of them if it succeeded, else
    /// the next one tries.
    fn sighted(&mut self, node: u32, good: bool) {
        let it = &self.nodes[node as usize];
        let person = it.person;
        if !it.fresh
            || !matches!(self.sight.get(&person), Some(Sight::Tried { by, .. }) if *by == node)
        {
            return;
        }
        if let Some(Sight::Tried { waiting, .. }) = self.sight.remove(&person) {
            if good {
                self.sight.insert(person, Sight::Visible);
            }
            for next in waiting {
                let kind = self.nodes[next as usize].kind;
                self.ready[kind as usize].push_back((next, Effect::Write));
            }
        }
    }

    /// The account never became visible: what waits for it is skipped.
    fn stays_invisible(&mut self, node: u32) {
        let person = self.nodes[node as usize].person;
        if let Some(Sight::Tried { waiting, .. }) = self.sight.get_mut(&person) {
            for other in std::mem::take(waiting) {
                self.skip(other);
            }
        }
    }

    fn put_off(&mut self, now: Duration, seconds: u64, node: u32, effect: Effect) {
        self.nodes[node as usize].state = State::Ready;
        self.later
            .insert((now + Duration::from_secs(seconds), node), effect);
    }

    fn settle(&mut self, node: u32, outcome: Outcome) {
        let it = &mut self.nodes[node as usize];
        if it.state == State::Settled {
            return;
        }
        it.state = State::Settled;
        self.sighted(node, matches!(outcome, Outcome::Done | Outcome::Already));
        let it = &self.nodes[node as usize];
        self.unsettled[it.kind.stage() as usize] -= 1;
        let failed = match outcome {
            Outcome::Done => {
                self.counts.done += 1;
                false
            }
            Outcome::Already => {
                self.counts.already += 1;
                false
            }
            _ => {
                if !it.failed {
                    self.counts.failed += 1;
                }
                true
            }
        };
        for dependant in self.dependants.remove(&node).unwrap_or_default() {
            if failed {
                self.skip(dependant);
                continue;
            }
            let it = &mut self.nodes[dependant as usize];
            it.open = it.open.saturating_sub(1);
            if it.open == 0 && it.state == State::Waiting {
                self.begin(dependant);
            }
        }
    }

    fn skip(&mut self, node: u32) {
        let it = &mut self.nodes[node as usize];
        if it.state == State::Settled {
            return;
        }
        it.failed = true;
        self.counts.skipped += 1;
        self.settle(node, Outcome::Failed);
    }
}
