//! `export`: every write, for an audit.

use super::args::ExportFormat;
use super::error::CliError;
use super::output::{Exit, Output, counted, printed};
use super::target::Target;
use crate::store::Run;
use crate::sync::{self, ExportError, ExportForm, SyncError};
use serde_json::json;
use std::io::{self, BufWriter};
use std::path::Path;

/// Writes the writes of these runs, or of all of them, the oldest first.
pub(super) fn export(
    target: &Target,
    wanted: &[String],
    format: ExportFormat,
    out: Option<&Path>,
    output: &Output,
) -> Result<Exit, CliError> {
    let form = match format {
        ExportFormat::Csv => ExportForm::Csv,
        ExportFormat::Jsonl => ExportForm::Jsonl,
    };
    let state = target.state()?;
    let mut runs: Vec<Run> = Vec::new();
    let all = wanted.is_empty() || wanted.iter().any(|id| id == "all");
    for id in wanted.iter().filter(|_| !all) {
        let run = match &state {
            Some(state) => state.run(id)?,
            None => None,
        };
        runs.push(run.ok_or_else(|| SyncError::UnknownRun(id.clone()))?);
    }
    let Some(state) = state else {
        output.remark("This profile has no runs yet.");
        return Ok(Exit::Done);
    };
    if all {
        runs = state.runs()?;
        runs.reverse();
    }
    let profile = &target.profile.name;
    if let Some(path) = out {
        let count = sync::private_file(path)
            .map_err(ExportError::Write)
            .and_then(|mut file| sync::export(&state, profile, &runs, form, &mut file))
            .map_err(|e| SyncError::export_to(path, e))?;
        if output.json {
            let document = json!({"version": 1, "file": path, "writes": count});
            output.document(&document).map_err(printed)?;
        }
        output.remark(&format!(
            "Exported {} of {} to {}.",
            counted(count, "write", "writes"),
            counted(runs.len() as u64, "run", "runs"),
            path.display()
        ));
        return Ok(Exit::Done);
    }
    if output.json {
        let mut lines = Vec::new();
        sync::export(&state, profile, &runs, ExportForm::Jsonl, &mut lines).map_err(|error| {
            match error {
                ExportError::Store(error) => error.into(),
                ExportError::Write(source) => printed(source),
            }
        })?;
        let rows = lines.split(|byte| *byte == b'\n');
        let rows = rows
            .filter(|row| !row.is_empty())
            .map(serde_json::from_slice);
        let rows: Vec<serde_json::Value> = rows
            .collect::<Result<_, _>>()
            .map_err(|error| printed(io::Error::other(error)))?;
        let document = json!({"version": 1, "profile": profile, "writes": rows});
        output.document(&document).map_err(printed)?;
        return Ok(Exit::Done);
    }
    let mut to = BufWriter::new(io::stdout().lock());
    match sync::export(&state, profile, &runs, form, &mut to) {
        // The reader has seen enough, such as `head`.
        Err(ExportError::Write(source)) if source.kind() == io::ErrorKind::BrokenPipe => {}
        Err(ExportError::Write(source)) => return Err(printed(source)),
        Err(ExportError::Store(error)) => return Err(error.into()),
        Ok(_) => {}
    }
    Ok(Exit::Done)
}
