//! Drawing the Jobs screen.

use super::job::Phase;
use super::{Job, Last, outcome_words};
use crate::console::app::App;
use crate::console::canvas::Canvas;
use crate::console::text::{clock, countdown, moment};
use crate::console::theme::Tone;
use crate::console::worker::WorkKind;
use crate::store::RunOutcome;
use crate::sync::run::Report;
use crate::text::{counted, duration, grouped, wrap};
use jiff::Timestamp;
use std::cmp::Ordering;
use std::fmt::Write as _;

/// Rows of the run's part.
const RUN: usize = 9;
/// From this width on, the log stands beside everything else.
const WIDE: usize = 130;

/// How many rows the history has, by the terminal's size.
pub(super) fn history_height(app: &App) -> usize {
    let height = usize::from(app.size.1).saturating_sub(4);
    let wide = usize::from(app.size.0) >= WIDE;
    height
        .saturating_sub(
            run_rows(height, app.is_busy()) + 4 + if wide { 0 } else { log_rows(height) },
        )
        .max(1)
}

/// Rows of the run's part: a short screen shows the beginning, and less while none is under way.
const fn run_rows(height: usize, busy: bool) -> usize {
    if height < 14 {
        height / 2
    } else if height < 20 && !busy {
        6
    } else {
        RUN
    }
}

const fn log_rows(height: usize) -> usize {
    if height < 14 {
        0
    } else if height < 18 {
        3
    } else if height < 24 {
        4
    } else {
        height / 3
    }
}

/// Draws the screen.
pub(in crate::console) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let (width, height) = (canvas.width(), canvas.height());
    if width >= WIDE {
        let left = width * 55 / 100;
        column(app, &mut canvas.part(0, 0, left - 1, height), 0);
        for y in 0..height {
            canvas.put(left, y, "│", Tone::Dim);
        }
        log(app, &mut canvas.part(left + 2, 0, width - left - 2, height));
    } else {
        column(app, canvas, log_rows(height));
    }
}

fn column(app: &App, canvas: &mut Canvas<'_>, log_rows: usize) {
    let (width, height) = (canvas.width(), canvas.height());
    let run = run_rows(height, app.is_busy());
    match &app.jobs.job {
        Some(job) => under_way(app, job, &mut canvas.part(1, 0, width - 1, run)),
        None => at_rest(app, &mut canvas.part(1, 0, width - 1, run)),
    }
    let mut y = run;
    if log_rows > 0 {
        log(app, &mut canvas.part(0, y, width, log_rows));
        y += log_rows;
    }
    if height < 14 {
        history(app, &mut canvas.part(0, y, width, height - y));
        return;
    }
    schedule(app, &mut canvas.part(0, y, width, 2));
    y += 2;
    if y < height {
        history(app, &mut canvas.part(0, y, width, height - y));
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second() - from.as_second()).unwrap_or(0)
}

/// The stages with their numbers.
fn under_way(app: &App, job: &Job, canvas: &mut Canvas<'_>) {
    let x = canvas.put(0, 0, job.kind.name(), Tone::Strong);
    let took = format!(" · {}", duration(seconds(job.begun, app.now)));
    canvas.put(x, 0, &took, Tone::Dim);
    if app.ending.is_some() || job.control.is_cancelled() {
        canvas.right(1, 0, "stopping …", Tone::Held);
    } else if job.control.is_paused() {
        canvas.right(1, 0, "PAUSED · p goes on", Tone::Held);
    }
    let applies = job.kind.applies();
    let mut rows: Vec<(Phase, &str)> = vec![
        (Phase::Connect, "Sign in"),
        (Phase::Read, "Read"),
        (Phase::Recognise, "Recognise"),
        (Phase::Plan, "Plan"),
    ];
    if applies {
        rows.push((Phase::Apply, "Apply"));
        rows.push((Phase::Again, "Read again"));
    }
    for (y, (phase, name)) in (1..).zip(rows) {
        stage(app, job, (phase, name), canvas, y);
    }
    traffic(app, job, canvas, if applies { 7 } else { 5 });
}

/// One stage: its mark, bar and numbers.
fn stage(app: &App, job: &Job, (phase, name): (Phase, &str), canvas: &mut Canvas<'_>, y: usize) {
    let (mark, tone) = match job.phase.cmp(&phase) {
        Ordering::Greater => ("✓", Tone::Good),
        Ordering::Equal => ("▸", Tone::Info),
        Ordering::Less => ("·", Tone::Dim),
    };
    canvas.put(1, y, mark, tone);
    let here = job.phase == phase;
    canvas.cell(
        3,
        y,
        11,
        name,
        if here { Tone::Strong } else { Tone::Plain },
    );
    let (done, total, words) = match phase {
        Phase::Read => {
            let (done, total) = job.members;
            // What is read is read, whatever its last numbers were.
            let done = if job.phase > phase { total } else { done };
            let mut words = job.read.clone().unwrap_or_default();
            if total > 0 {
                let _ = write!(words, ", {}/{} member lists", grouped(done), grouped(total));
            }
            (done, total, words)
        }
        Phase::Recognise if job.looked_up.1 > 0 => {
            let (done, total) = job.looked_up;
            let done = if job.phase > phase { total } else { done };
            let words = format!("{} of {} looked up", grouped(done), grouped(total));
            (done, total, words)
        }
        Phase::Apply => apply_words(app, job),
        _ => (0, 0, String::new()),
    };
    let bar = (canvas.width() / 8).min(30);
    if total > 0 {
        canvas.bar(15, y, bar, done, total);
        canvas.put(16 + bar, y, &words, Tone::Plain);
    } else {
        canvas.put(15, y, &words, Tone::Plain);
    }
}

/// Requests, and what waits and why.
fn traffic(app: &App, job: &Job, canvas: &mut Canvas<'_>, y: usize) {
    let traffic = job.progress.traffic();
    let mut words = format!(
        "Requests: Entra {} · Jira {}",
        grouped(traffic.entra.requests),
        grouped(traffic.jira.requests)
    );
    let repeated = traffic.entra.retries + traffic.jira.retries;
    if repeated > 0 {
        let _ = write!(words, " · {} repeated", grouped(repeated));
    }
    let x = canvas.put(1, y, &words, Tone::Dim) + 2;
    let sparks = sparkline(&app.jobs.sparks, canvas.width().saturating_sub(x + 1));
    canvas.put(x, y, &sparks, Tone::Info);
    for (side, waiting) in [
        ("Entra", traffic.entra.waiting),
        ("Jira", traffic.jira.waiting),
    ] {
        if waiting > 0 {
            let words = format!(
                "{side} asked for patience: {} until it says go on",
                counted(waiting, "call waits", "calls wait")
            );
            canvas.put(1, y + 1, &words, Tone::Held);
        }
    }
}

fn apply_words(app: &App, job: &Job) -> (u64, u64, String) {
    let (settled, failed, total) = job.applied;
    let Some(begun) = job.apply_begun.filter(|_| total > 0) else {
        return (0, 0, String::new());
    };
    let took = seconds(begun, app.now).max(1);
    let mut words = format!("{}/{}", grouped(settled), grouped(total));
    if failed > 0 {
        let _ = write!(words, " · {} failed", grouped(failed));
    }
    if settled < total && settled > 0 && job.phase == Phase::Apply {
        let left = (total - settled) * took / settled;
        let _ = write!(
            words,
            " · {}/s · {} left",
            grouped((settled / took).max(1)),
            duration(left)
        );
    }
    (settled, total, words)
}

/// Numbers as a row of small bars, the newest at the right.
fn sparkline(values: &std::collections::VecDeque<u64>, width: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let shown = values.len().min(width);
    let highest = values.iter().copied().max().unwrap_or(0).max(1);
    values
        .iter()
        .skip(values.len() - shown)
        .map(|value| BARS[(value * 7 / highest) as usize])
        .collect()
}

/// What happened last.
fn at_rest(app: &App, canvas: &mut Canvas<'_>) {
    canvas.put(0, 0, "No run is under way", Tone::Strong);
    let Some((name, at, last)) = &app.jobs.last else {
        let words = if app.profile.is_none() {
            "There is no profile yet: Credentials (1) sets up a connection."
        } else {
            "r reads both directories and plans. s runs the unattended sync now: it applies what guards let through, and nothing before a person has applied a plan of this profile once."
        };
        canvas.paragraph(1, 2, words, Tone::Dim);
        return;
    };
    let head = format!("{name}, ended {}", clock(*at));
    canvas.put(1, 2, &head, Tone::Dim);
    let y = 3;
    match last {
        Last::Read => {
            let words = "Both directories were read; Review (3) shows the plan.";
            canvas.paragraph(1, y, words, Tone::Good);
        }
        Last::Failed(problem) => {
            let y = canvas.paragraph(1, y, &problem.message, Tone::Bad);
            canvas.paragraph(1, y, &problem.hint, Tone::Plain);
        }
        Last::Applied(applied) => last_applied(app, applied, canvas, y),
    }
}

/// How many doubts are shown of a run.
const DOUBTS: usize = 3;

fn last_applied(app: &App, applied: &Report, canvas: &mut Canvas<'_>, y: usize) {
    let (tone, words) = outcome_words(applied);
    let mut y = canvas.paragraph(1, y, &words, tone);
    if let Some(problem) = &applied.stopped_by {
        let words = format!("{} {}", problem.message, problem.hint);
        y = canvas.paragraph(1, y, &words, Tone::Bad);
    }
    let failed = applied.failures.len() as u64;
    if failed > 0 {
        let words = format!(
            "{} with cause and advice: enter opens the run below.",
            counted(failed, "failure", "failures")
        );
        y = canvas.paragraph(1, y, &words, Tone::Bad);
    }
    for doubt in applied.doubts.iter().take(DOUBTS) {
        y = canvas.paragraph(1, y, &format!("In doubt: {doubt}."), Tone::Held);
    }
    let in_doubt_alone = applied.counts.held == 0 && !applied.doubts.is_empty();
    if in_doubt_alone {
        let words = "What depends on that is left as it is until a read is whole: Review (3), r.";
        canvas.paragraph(1, y, words, Tone::Held);
    } else if applied.outcome == RunOutcome::Held || applied.counts.held > 0 {
        let words = if app.waits_for_review() {
            "Nothing is applied unattended until you have applied a plan with these settings: Review (3), a."
        } else {
            "What guards hold stays in Review (3), where a lets you allow it by number."
        };
        canvas.paragraph(1, y, words, Tone::Held);
    }
}

fn log(app: &App, canvas: &mut Canvas<'_>) {
    let jobs = &app.jobs;
    let mut title = "Log".to_owned();
    if jobs.warnings_only {
        title.push_str(" · warnings only");
    }
    if jobs.frozen.is_some() {
        title.push_str(" · frozen");
    }
    if jobs.dropped > 0 {
        let _ = write!(title, " · {} older lines dropped", grouped(jobs.dropped));
    }
    canvas.rule(0, &title);
    let rows = canvas.height().saturating_sub(1);
    let width = canvas.width().saturating_sub(10);
    // From the newest upwards, as many as fit; a long line needs several rows.
    let mut lines: Vec<(Option<String>, String, Tone)> = Vec::new();
    for line in jobs.shown().rev() {
        let parts = wrap(&crate::text::escape(&line.text), width);
        if lines.len() + parts.len() > rows && !lines.is_empty() {
            break;
        }
        for (at, part) in parts.into_iter().enumerate().rev() {
            let time = (at == 0).then(|| clock(line.at));
            lines.push((time, part, line.tone));
        }
    }
    lines.truncate(rows);
    for (y, (time, text, tone)) in (1..).zip(lines.into_iter().rev()) {
        if let Some(time) = time {
            canvas.put(0, y, &time, Tone::Dim);
        }
        canvas.put(9, y, &text, tone);
    }
}

fn schedule(app: &App, canvas: &mut Canvas<'_>) {
    canvas.rule(0, "Interval");
    let Some(schedule) = &app.jobs.schedule else {
        canvas.put(1, 1, "No profile yet.", Tone::Dim);
        return;
    };
    if let Some(undo) = &app.jobs.paused {
        let off = if schedule.enabled { "" } else { "off, and " };
        let words = format!("{off}paused by the undo {undo} · i lets it go on");
        canvas.put(1, 1, &words, Tone::Held);
        return;
    }
    let every = duration(schedule.every.duration().as_secs());
    if !schedule.enabled {
        let words = format!("off · i switches it on: the unattended sync, every {every}");
        canvas.put(1, 1, &words, Tone::Dim);
        return;
    }
    let x = canvas.put(1, 1, "on", Tone::Good);
    let mut words = format!(" · every {every}");
    match (&app.jobs.job, app.jobs.next) {
        (Some(job), _) if matches!(job.kind, WorkKind::Sync { .. }) => {
            words.push_str(" · running now");
        }
        (None, Some(next)) => {
            let left = next.as_second() - app.now.as_second();
            let _ = write!(words, " · next in {}", countdown(left));
        }
        _ => words.push_str(" · waits for the job under way"),
    }
    if app.waits_for_review() {
        words.push_str(" · holds everything until you apply a plan (3, a)");
    } else if app.is_deciding() {
        words.push_str(" · waits while you decide in Review, at most 10 min");
    } else {
        words.push_str(" · s runs it now");
    }
    canvas.put(x, 1, &words, Tone::Plain);
}

fn history(app: &App, canvas: &mut Canvas<'_>) {
    let jobs = &app.jobs;
    let title = format!("History ({})", grouped(jobs.runs.len() as u64));
    canvas.rule(0, &title);
    if jobs.runs.is_empty() {
        canvas.put(1, 1, "No runs yet.", Tone::Dim);
        return;
    }
    let width = canvas.width();
    let numbers = width >= 78;
    if canvas.height() >= 4 {
        canvas.put(2, 1, "begun            kind        outcome", Tone::Dim);
    }
    if numbers && canvas.height() >= 4 {
        canvas.right(1, 1, "done  there  failed  skipped  held", Tone::Dim);
    }
    // A short screen has no room for the heads of the columns.
    let top = if canvas.height() < 4 { 1 } else { 2 };
    let rows = canvas.height().saturating_sub(top);
    let from = jobs.cursor.saturating_sub(rows.saturating_sub(1));
    for (y, (at, run)) in (top..).zip(jobs.runs.iter().enumerate().skip(from).take(rows)) {
        if at == jobs.cursor {
            canvas.put(0, y, "▸", Tone::Strong);
        }
        canvas.cell(2, y, 16, &moment(run.started_at), Tone::Plain);
        canvas.cell(19, y, 11, run.kind.as_str(), Tone::Plain);
        let at_work = jobs.job.is_some() || jobs.locked.is_some();
        let running = at_work && at == 0;
        let open = if running { "running" } else { "unfinished" };
        let outcome = run.outcome.map_or(open, RunOutcome::as_str);
        let tone = match run.outcome {
            Some(RunOutcome::Applied | RunOutcome::Nothing) => Tone::Good,
            Some(RunOutcome::Held | RunOutcome::Cancelled) => Tone::Held,
            None if running => Tone::Held,
            Some(RunOutcome::Partial | RunOutcome::Failed) | None => Tone::Bad,
        };
        canvas.cell(31, y, 11, outcome, tone);
        if numbers {
            let c = run.counts;
            let words = format!(
                "{:>4} {:>6} {:>7} {:>8} {:>5}",
                c.done, c.already, c.failed, c.skipped, c.held
            );
            canvas.right(1, y, &words, Tone::Plain);
        }
        if at == jobs.cursor {
            canvas.tint(2, y, width, Tone::Chosen);
        }
    }
}
