//! A job under way: its stages, numbers and traffic.

use super::{Jobs, SPARKS};
use crate::console::theme::Tone;
use crate::console::worker::WorkKind;
use crate::sync::{Control, Progress, Stage, StageKind};
use crate::text::grouped;
use jiff::Timestamp;
use std::sync::atomic::Ordering::Relaxed;

/// Where a run is, in the order of its stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(in crate::console) enum Phase {
    #[default]
    Begin,
    Connect,
    Read,
    Recognise,
    Plan,
    Apply,
    /// After an apply: reads and plans once more.
    Again,
}

impl Phase {
    pub(super) const fn of(stage: StageKind, applied: bool) -> Self {
        match stage {
            StageKind::Applying => Self::Apply,
            _ if applied => Self::Again,
            StageKind::Connecting => Self::Connect,
            StageKind::Reading => Self::Read,
            StageKind::LookingUp => Self::Recognise,
            StageKind::Planning => Self::Plan,
        }
    }

    /// What the log says when it begins.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Begin | Self::Connect => "Signing in",
            Self::Read => "Signed in; reading people, groups and memberships",
            Self::Recognise => "Looking up people whose account may hide its e-mail",
            Self::Plan => "Working out the plan",
            Self::Apply => "Applying",
            Self::Again => "Reading again, to show what is left",
        }
    }
}

/// A job under way.
#[derive(Debug)]
pub(in crate::console) struct Job {
    pub(in crate::console) kind: WorkKind,
    pub(in crate::console) control: Control,
    pub(in crate::console) progress: Progress,
    pub(in crate::console) begun: Timestamp,
    pub(in crate::console) phase: Phase,
    /// The last stage with numbers, for each phase that has any.
    pub(in crate::console) read: Option<String>,
    pub(in crate::console) members: (u64, u64),
    pub(in crate::console) looked_up: (u64, u64),
    /// Settled, failed and all operations.
    pub(in crate::console) applied: (u64, u64, u64),
    pub(in crate::console) apply_begun: Option<Timestamp>,
    /// Stages that were entered and taken note of.
    pub(super) stages: usize,
    /// Whether the outcome of what was applied has come.
    pub(super) told: bool,
    pub(super) throttled: u64,
    pub(super) requests: u64,
}

impl Job {
    pub(super) fn new(kind: WorkKind, now: Timestamp) -> Self {
        Self {
            kind,
            control: Control::default(),
            progress: Progress::default(),
            begun: now,
            phase: Phase::Begin,
            read: None,
            members: (0, 0),
            looked_up: (0, 0),
            applied: (0, 0, 0),
            apply_begun: None,
            stages: 0,
            told: false,
            throttled: 0,
            requests: 0,
        }
    }
}

/// Takes note of how far the job is.
pub(super) fn look_at_job(jobs: &mut Jobs, now: Timestamp) {
    let Some(mut job) = jobs.job.take() else {
        return;
    };
    let stage = job.progress.watch().borrow().clone();
    match &stage {
        Stage::Reading { entra, jira } => {
            job.read = Some(format!(
                "Entra {} people, {} group rows · Jira {} accounts",
                grouped(entra.users.load(Relaxed)),
                grouped(entra.groups.load(Relaxed)),
                grouped(jira.users.load(Relaxed)),
            ));
            job.members = (
                jira.member_lists.load(Relaxed),
                jira.member_lists_of.load(Relaxed),
            );
        }
        Stage::LookingUp { done, total } => job.looked_up = (*done, *total),
        Stage::Applying { counts, total } => {
            let settled = counts.done + counts.already + counts.failed;
            job.applied = (settled, counts.failed, *total);
            job.apply_begun.get_or_insert(now);
        }
        Stage::Idle | Stage::Connecting | Stage::Planning => {}
    }
    for stage in job.progress.trail(job.stages) {
        let phase = Phase::of(stage, job.phase >= Phase::Apply);
        // The outcome was sent before this began: it is told first.
        if phase == Phase::Again && !job.told {
            break;
        }
        job.stages += 1;
        if phase > job.phase {
            job.phase = phase;
            jobs.say(now, Tone::Plain, phase.words());
        }
    }
    let traffic = job.progress.traffic();
    let throttled = traffic.entra.throttled + traffic.jira.throttled;
    if throttled > job.throttled {
        let side = if traffic.jira.throttled > 0 {
            "Jira"
        } else {
            "Entra"
        };
        let words = format!("{side} asked for patience; waiting as long as it says");
        jobs.say(now, Tone::Held, &words);
        job.throttled = throttled;
    }
    if now.as_second() != jobs.sampled {
        let requests = traffic.entra.requests + traffic.jira.requests;
        if jobs.sparks.len() == SPARKS {
            jobs.sparks.pop_front();
        }
        jobs.sparks.push_back(requests - job.requests);
        job.requests = requests;
        jobs.sampled = now.as_second();
    }
    jobs.job = Some(job);
}
