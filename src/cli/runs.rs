//! `runs`.

use super::error::CliError;
use super::json;
use super::output::{Exit, Output, Tone, printed};
use super::target::Target;
use crate::store::RunOutcome;
use serde_json::json;
use std::fmt::Write as _;

/// Lists runs.
pub(super) fn runs(target: &Target, output: &Output) -> Result<Exit, CliError> {
    let runs = match target.state()? {
        Some(state) => state.runs()?,
        None => Vec::new(),
    };
    if output.json {
        let rows: Vec<serde_json::Value> = runs.iter().map(json::run).collect();
        let document = json!({"version": 1, "runs": rows});
        output.document(&document).map_err(printed)?;
        return Ok(Exit::Done);
    }
    if runs.is_empty() {
        output.answer("No runs yet.\n").map_err(printed)?;
        return Ok(Exit::Done);
    }
    let mut text = format!(
        "{}\n",
        output.tone(
            Tone::Strong,
            "run, by its begin    kind       outcome    done  there  failed  skipped  held"
        )
    );
    for run in &runs {
        let c = run.counts;
        let outcome = run.outcome.map_or("unfinished", RunOutcome::as_str);
        let _ = writeln!(
            text,
            "{} {} {} {:>5} {:>6} {:>7} {:>8} {:>5}",
            output.cell(&run.run_id, 20),
            output.cell(run.kind.as_str(), 10),
            output.cell(outcome, 9),
            c.done,
            c.already,
            c.failed,
            c.skipped,
            c.held
        );
    }
    output.answer(&text).map_err(printed)?;
    Ok(Exit::Done)
}
