//! Jobs: the run as it goes, the interval, the history.

mod job;
mod keys;
mod run;
mod view;

pub(super) use job::Job;
use job::look_at_job;
pub(super) use keys::{perform, unavailable};
pub(super) use run::{RunPage, draw as draw_run};
pub(super) use view::draw;

use super::app::{App, Overlay};
use super::clerk::{Errand, Glance, Runs};
use super::event::{Effect, Recollected};
use super::overlay::{Answer, Ask};
use super::review::{self, Prepared};
use super::text::clock;
use super::theme::Tone;
use super::worker::WorkKind;
use crate::config::{Profile, Schedule};
use crate::plan::next_run;
use crate::store::{Run, RunOutcome};
use crate::sync::run::Report;
use crate::sync::{Control, Problem, ProblemKind, Progress};
use crate::text::{counted, duration, escape, grouped};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::fmt::Write as _;

/// How many lines the log keeps.
const LOG: usize = 500;
/// How many seconds the sparkline shows.
const SPARKS: usize = 60;

/// How often it is seen whether another process reads or applies.
const GLANCE: SignedDuration = SignedDuration::from_secs(3);

/// A line of the log.
#[derive(Debug, Clone)]
pub(super) struct LogLine {
    pub(super) at: Timestamp,
    pub(super) tone: Tone,
    pub(super) text: String,
}

/// How the last job ended.
#[derive(Debug)]
pub(super) enum Last {
    Applied(Box<Report>),
    Read,
    Failed(Problem),
}

/// The screen's state.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    pub(super) job: Option<Job>,
    pub(super) last: Option<(&'static str, Timestamp, Last)>,
    pub(super) log: VecDeque<LogLine>,
    pub(super) dropped: u64,
    /// With a frozen log: how many lines there were.
    pub(super) frozen: Option<usize>,
    pub(super) warnings_only: bool,
    pub(super) runs: Vec<Run>,
    pub(super) cursor: usize,
    pub(super) schedule: Option<Schedule>,
    /// When the last job ended, from which the interval counts.
    pub(super) ended_at: Option<Timestamp>,
    /// Whether the job that is under way applied nothing, since somebody is deciding.
    pub(super) held_back: bool,
    pub(super) next: Option<Timestamp>,
    /// The undo that pauses the schedule.
    pub(super) paused: Option<String>,
    /// Who else holds the profile's lock, as it was found last.
    pub(super) locked: Option<String>,
    /// When the runs were asked for last.
    asked_at: Option<Timestamp>,
    /// When both sides were read last.
    pub(super) read_at: Option<Timestamp>,
    /// Requests in each of the last seconds.
    pub(super) sparks: VecDeque<u64>,
    sampled: i64,
}

impl Jobs {
    /// Another profile: its history is another one.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    pub(super) fn schedule(&mut self, profile: Option<&Profile>, now: Timestamp) {
        // The interval counts from when the profile was opened: nothing begins by looking at it.
        let ended_at = *self.ended_at.get_or_insert(now);
        self.next = profile
            .and_then(|p| next_run(now, Some(ended_at), p.schedule.enabled, p.schedule.every));
        self.schedule = profile.map(|profile| profile.schedule.clone());
    }

    /// The run that was begun last and has not ended, while none is under way here.
    pub(super) fn interrupted(&self) -> Option<&str> {
        let newest = self.runs.first()?;
        let nobody = self.job.is_none() && self.locked.is_none();
        (newest.finished_at.is_none() && nobody).then_some(newest.run_id.as_str())
    }

    /// Whether a run after this one did something.
    pub(super) fn is_overtaken(&self, after: i64) -> bool {
        let mut later = self.runs.iter().take_while(|run| run.number > after);
        self.job.is_none() && later.any(|run| run.counts.done > 0)
    }

    /// Whether something has begun or ended since the runs were asked for.
    pub(super) fn differs(&self, glance: &Glance) -> bool {
        let newest = self.runs.first().map(|run| (run.number, run.finished_at));
        self.locked != glance.locked || newest != glance.newest
    }

    pub(super) fn runs(&mut self, runs: Runs, now: Timestamp) {
        self.paused = runs.paused;
        self.locked = runs.locked;
        self.asked_at = Some(now);
        // The cursor stays on its run, however many came above it; at the top it stays at the top.
        let chosen = self.runs.get(self.cursor).filter(|_| self.cursor > 0);
        let place = chosen.and_then(|run| runs.all.iter().position(|r| r.run_id == run.run_id));
        self.cursor = place.unwrap_or(0);
        self.runs = runs.all;
        // Whoever was in the way is done.
        let was_locked = |last: &Last| matches!(last, Last::Failed(problem) if problem.kind == ProblemKind::Locked);
        if self.locked.is_none()
            && self
                .last
                .as_ref()
                .is_some_and(|(_, _, last)| was_locked(last))
        {
            self.last = None;
        }
    }

    /// Adds a line to the log.
    pub(super) fn say(&mut self, at: Timestamp, tone: Tone, text: &str) {
        if self.log.len() == LOG {
            self.log.pop_front();
            self.dropped += 1;
            if let Some(frozen) = &mut self.frozen {
                *frozen = frozen.saturating_sub(1);
            }
        }
        self.log.push_back(LogLine {
            at,
            tone,
            text: text.to_owned(),
        });
    }

    /// The log's lines that are to be shown.
    pub(super) fn shown(&self) -> impl DoubleEndedIterator<Item = &LogLine> {
        let count = self.frozen.unwrap_or(self.log.len());
        self.log
            .iter()
            .take(count)
            .filter(|line| !self.warnings_only || matches!(line.tone, Tone::Bad | Tone::Held))
    }

    fn log_text(&self) -> String {
        let mut text = String::new();
        for line in self.shown() {
            let _ = writeln!(text, "{} {}", clock(line.at), escape(&line.text));
        }
        text
    }

    /// The job that a new one would be; the loop starts it.
    pub(super) fn begin(&mut self, kind: WorkKind, now: Timestamp) -> (Control, Progress) {
        let job = Job::new(kind, now);
        self.say(now, Tone::Info, &format!("{} …", job.kind.name()));
        let handles = (job.control.clone(), job.progress.clone());
        self.job = Some(job);
        self.locked = None;
        self.sparks.clear();
        handles
    }
}

/// What has to be looked up when the screen is entered.
pub(super) fn entered() -> Vec<Effect> {
    vec![Effect::Errand(Errand::Runs)]
}

/// Time goes on: the job's progress, and the interval.
pub(super) fn tick(app: &mut App) -> Vec<Effect> {
    let now = app.now;
    let jobs = &mut app.jobs;
    if jobs.job.is_some() {
        look_at_job(jobs, now);
        return Vec::new();
    }
    // Another process may begin or end something.
    let since = jobs.asked_at.map_or(GLANCE, |at| now.duration_since(at));
    let mut effects = Vec::new();
    if since >= GLANCE && app.profile.is_some() {
        jobs.asked_at = Some(now);
        effects.push(Effect::Errand(Errand::Glance));
    }
    let due = jobs
        .schedule
        .as_ref()
        .and_then(|s| next_run(now, jobs.ended_at, s.enabled, s.every));
    jobs.next = due;
    // Another process comes to its end, and an undo is looked at before anything goes on.
    let idle = jobs.paused.is_none()
        && jobs.locked.is_none()
        && app.ending.is_none()
        && app.profile.is_some();
    if due.is_some_and(|due| due <= now) && idle && !app.is_deciding() {
        effects.push(Effect::Start(WorkKind::Sync { scheduled: true }));
    }
    effects
}

/// What was read last leads to a plan; one that was made meanwhile is newer.
pub(super) fn recalled(app: &mut App, found: Recollected) -> Vec<Effect> {
    if app.review.plan.is_some() {
        return Vec::new();
    }
    app.jobs.read_at = Timestamp::from_second(i64::from(found.read_at)).ok();
    let mut effects = review::show(app, found.prepared);
    app.review.outdated = found.overtaken;
    effects.extend(super::provisioning::entered(app));
    effects
}

/// A plan has been made.
pub(super) fn planned(app: &mut App, prepared: Prepared) -> Vec<Effect> {
    look_at_job(&mut app.jobs, app.now);
    let asked_for = app
        .jobs
        .job
        .as_ref()
        .is_none_or(|job| !matches!(job.kind, WorkKind::Sync { .. }));
    app.jobs.read_at = Some(app.now);
    for listing in &prepared.planned.listings {
        let tone = if listing.doubtful {
            Tone::Bad
        } else {
            Tone::Plain
        };
        let words = format!("{}: {}", listing.name, listing.words);
        app.jobs.say(app.now, tone, &words);
    }
    let tally = prepared.marks.tally(&prepared.planned);
    let conflicts = prepared.planned.plan.conflicts.len() as u64;
    let words = format!(
        "Plan: {}, {} held by guards, {}",
        counted(tally.selected, "operation", "operations"),
        grouped(tally.held),
        counted(conflicts, "conflict", "conflicts"),
    );
    app.jobs.say(app.now, Tone::Info, &words);
    for doubt in prepared.planned.doubts() {
        let words = format!("In doubt: {doubt}. What depends on it is left as it is.");
        app.jobs.say(app.now, Tone::Bad, &words);
    }
    if let Some(undo) = &prepared.planned.undo {
        let words = format!(
            "This plan takes back run {}: a applies it, r drops it.",
            undo.run_id
        );
        app.note(&words);
    }
    let mut effects = if asked_for {
        review::show(app, prepared)
    } else {
        review::offer(app, prepared)
    };
    effects.extend(super::provisioning::entered(app));
    effects
}

/// A plan has been applied.
pub(super) fn applied(app: &mut App, applied: Report) -> Vec<Effect> {
    look_at_job(&mut app.jobs, app.now);
    let (tone, words) = outcome_words(&applied);
    app.jobs.say(app.now, tone, &words);
    for doubt in &applied.doubts {
        let words = format!("In doubt: {doubt}.");
        app.jobs.say(app.now, Tone::Held, &words);
    }
    for failure in &applied.failures {
        let words = format!("{}: {} {}", failure.what, failure.message, failure.advice);
        app.jobs.say(app.now, Tone::Bad, &words);
    }
    if let Some(problem) = &applied.stopped_by {
        let words = format!("Stopped: {} {}", problem.message, problem.hint);
        app.jobs.say(app.now, Tone::Bad, &words);
        let job = app.jobs.job.as_ref();
        if job.is_some_and(|job| matches!(job.kind, WorkKind::Apply { .. })) {
            let mut told = problem.clone();
            told.message = format!("{}: {}", applied.counts_in_words(), problem.message);
            told.hint = format!(
                "{} Then r shows what is left; on the run's page (Jobs, enter) t tries again what failed.",
                problem.hint
            );
            app.trouble(&told);
        }
    }
    if let Some(job) = &mut app.jobs.job {
        job.told = true;
        let counts = applied.counts;
        let settled = counts.done + counts.already + counts.failed;
        job.applied = (settled.min(job.applied.2), counts.failed, job.applied.2);
    }
    if applied.counts.done + applied.counts.already > 0 {
        app.review.outdated = true;
    }
    let finished = !matches!(applied.outcome, RunOutcome::Cancelled | RunOutcome::Failed);
    let name = app.jobs.job.as_ref().map_or("", |job| job.kind.name());
    app.jobs.last = Some((name, app.now, Last::Applied(Box::new(applied))));
    let reviewed = app.jobs.job.as_ref();
    if finished && reviewed.is_some_and(|job| matches!(job.kind, WorkKind::Apply { .. })) {
        // What was marked has been acted on.
        app.review.close();
    }
    vec![Effect::Errand(Errand::Runs)]
}

/// An outcome in a sentence.
pub(super) fn outcome_words(applied: &Report) -> (Tone, String) {
    let tone = match applied.outcome {
        RunOutcome::Applied | RunOutcome::Nothing => Tone::Good,
        RunOutcome::Held | RunOutcome::Cancelled => Tone::Held,
        RunOutcome::Partial | RunOutcome::Failed => Tone::Bad,
    };
    let took = duration(std::time::Duration::from_secs_f64(applied.seconds.max(0.0)).as_secs());
    let words = if applied.outcome == RunOutcome::Nothing {
        format!("{} · {took}", applied.headline())
    } else {
        let counts = applied.counts_in_words();
        format!("{} {counts} · {took}", applied.headline())
    };
    (tone, words)
}

/// The job is over.
pub(super) fn ended(app: &mut App, problem: Option<&Problem>) -> Vec<Effect> {
    look_at_job(&mut app.jobs, app.now);
    let job = app.jobs.job.take();
    let held_back = std::mem::take(&mut app.jobs.held_back);
    if !held_back {
        app.jobs.ended_at = Some(app.now);
    }
    // Nothing is left to be stopped; whoever was about to leave is asked that alone.
    let leaving = |over: &Overlay| matches!(over, Overlay::Ask(ask) if ask.is_about_leaving() && ask.is_about_run());
    let was_leaving = app.over.iter().any(leaving);
    app.over
        .retain(|over| !matches!(over, Overlay::Ask(ask) if ask.is_about_run()));
    if was_leaving {
        app.over(Overlay::Ask(Ask::quit_after_run()));
    }
    if let Some(how) = app.ending {
        if let Some((_, _, Last::Applied(applied))) = &app.jobs.last {
            let words = outcome_words(applied).1;
            app.farewell = Some(format!("{words}. The next run goes on from there."));
        }
        app.ended = Some(how);
        return Vec::new();
    }
    let name = job.as_ref().map_or("", |job| job.kind.name());
    match problem {
        Some(problem) if problem.kind == ProblemKind::Cancelled => {
            app.jobs.say(app.now, Tone::Held, "Cancelled.");
            app.note("Cancelled. Nothing was left half done.");
            // The plan on screen speaks of what was done meanwhile: what is left is read anew.
            if app.review.outdated && job.is_some_and(|job| job.kind.applies()) {
                return vec![
                    Effect::Errand(Errand::Runs),
                    Effect::Start(WorkKind::Refresh { full: false }),
                ];
            }
        }
        Some(problem) => {
            let words = format!("{} {}", problem.message, problem.hint);
            app.jobs.say(app.now, Tone::Bad, &words);
            if problem.kind == ProblemKind::Locked {
                app.jobs.locked = problem.ids.get("held-by").cloned();
            }
            if let Some(ask) = take_over(job.as_ref(), problem) {
                app.over(Overlay::Ask(ask));
                app.jobs.last = Some((name, app.now, Last::Failed(problem.clone())));
                return vec![Effect::Errand(Errand::Runs)];
            }
            app.jobs.last = Some((name, app.now, Last::Failed(problem.clone())));
            let unattended = job.is_some_and(|job| matches!(job.kind, WorkKind::Sync { .. }));
            // Nobody asked for the interval's runs: they don't push a question at anybody.
            if unattended {
                app.notice = Some((Tone::Bad, problem.message.clone()));
            } else {
                app.trouble(problem);
            }
        }
        // The interval's run stays due, and begins when they are done.
        None if held_back => {
            let words = "Somebody is deciding: nothing was applied. The run begins again when they are done.";
            app.jobs.say(app.now, Tone::Held, words);
        }
        None => {
            let applied = job.as_ref().is_some_and(|job| job.kind.applies());
            if !applied {
                app.jobs.last = Some((name, app.now, Last::Read));
            }
            if let Some((_, _, Last::Applied(applied))) = app.jobs.last.as_ref().filter(|_| applied)
            {
                app.notice = Some(outcome_words(applied));
            } else if matches!(
                job.as_ref().map(|job| &job.kind),
                Some(WorkKind::Refresh { .. })
            ) {
                app.note("Both directories were read.");
            }
        }
    }
    vec![Effect::Errand(Errand::Runs)]
}

/// Where another machine applies to the site: whether to take over, or to look on only.
fn take_over(job: Option<&Job>, problem: &Problem) -> Option<Ask> {
    let WorkKind::Apply {
        reviewed,
        allowances,
        ..
    } = &job.filter(|_| problem.kind == ProblemKind::Leased)?.kind
    else {
        return None;
    };
    let again = WorkKind::Apply {
        reviewed: reviewed.clone(),
        allowances: allowances.clone(),
        take_over: true,
    };
    Some(Ask::new(
        "Somebody else applies to this site",
        vec![
            (Tone::Held, problem.message.clone()),
            (Tone::Plain, problem.hint.clone()),
        ],
        vec![
            ("Leave it: look on only", Answer::Close),
            ("Take over, and apply", Answer::Start(Box::new(again))),
        ],
    ))
}
