//! Exporting the journal for an audit: when, who, what, why, how it ended, and the ids that support
//! asks for.

use crate::store::{self, AUDIT_COLUMNS, AuditRow, Run, State, StoreError};
use crate::text::{escape, json_safe};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportForm {
    /// Comma-separated, RFC 4180, with a line of names. No cell is taken for a formula.
    Csv,
    /// A JSON object for each write, one a line.
    Jsonl,
}

/// Why an export ends early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The journal can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file or pipe can't be written. The caller knows which one it is.
    #[error(transparent)]
    Write(#[from] std::io::Error),
}

/// A new file that only its owner can read: it holds names and addresses.
pub fn private_file(path: &Path) -> std::io::Result<BufWriter<File>> {
    store::create_private(path).map(BufWriter::new)
}

/// Columns that hold a time.
const TIMES: [&str; 2] = ["begun_at", "ended_at"];

/// Writes the writes of these runs; gives how many they are.
pub fn export(
    state: &State,
    profile: &str,
    runs: &[Run],
    form: ExportForm,
    to: &mut dyn Write,
) -> Result<u64, ExportError> {
    if form == ExportForm::Csv {
        let names = ["profile"].into_iter().chain(AUDIT_COLUMNS);
        line(&names.collect::<Vec<_>>().join(","), "\r\n", to)?;
    }
    let mut count = 0;
    for run in runs {
        for row in state.audit(run.number)? {
            count += 1;
            let (text, end) = match form {
                ExportForm::Csv => (csv(profile, &row), "\r\n"),
                ExportForm::Jsonl => (jsonl(profile, &row), "\n"),
            };
            line(&text, end, to)?;
        }
    }
    to.flush()?;
    Ok(count)
}

/// Writes a run into the folder `exports` of a profile's folder, as CSV; gives the file.
pub fn export_run(
    state: &State,
    folder: &Path,
    profile: &str,
    run: Run,
) -> Result<PathBuf, (PathBuf, ExportError)> {
    let exports = folder.join("exports");
    let path = exports.join(format!("{}.csv", run.run_id));
    let written = store::private_folder(&exports)
        .map_err(ExportError::Store)
        .and_then(|()| private_file(&path).map_err(ExportError::Write))
        .and_then(|mut file| export(state, profile, &[run], ExportForm::Csv, &mut file));
    match written {
        Ok(_) => Ok(path),
        Err(error) => Err((path, error)),
    }
}

fn line(text: &str, end: &str, to: &mut dyn Write) -> std::io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.write_all(end.as_bytes())
}

/// Times in RFC 3339, everything else as it is.
fn values(row: &AuditRow) -> impl Iterator<Item = (&'static str, Value)> + '_ {
    AUDIT_COLUMNS.into_iter().zip(row).map(|(name, value)| {
        let time = TIMES
            .contains(&name)
            .then(|| jiff::Timestamp::from_second(value.as_i64()?).ok())
            .flatten();
        (
            name,
            time.map_or_else(|| value.clone(), |t| Value::from(t.to_string())),
        )
    })
}

fn csv(profile: &str, row: &AuditRow) -> String {
    let mut line = cell(profile);
    for (_, value) in values(row) {
        line.push(',');
        match &value {
            Value::String(text) => line.push_str(&cell(text)),
            Value::Null => {}
            other => line.push_str(&other.to_string()),
        }
    }
    line
}

/// A cell that holds text and nothing but text: control characters are written out, and what a
/// spreadsheet would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let safe = escape(text);
    let formula = safe.trim_start().starts_with([
        '=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    let safe = if formula {
        format!("'{safe}")
    } else {
        safe.into_owned()
    };
    if safe.contains([',', '"', '\n', '\r', ';']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

fn jsonl(profile: &str, row: &AuditRow) -> String {
    let mut object = Map::new();
    object.insert("profile".to_owned(), Value::from(profile));
    object.extend(values(row).map(|(name, value)| (name.to_owned(), value)));
    json_safe(&Value::Object(object).to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula_or_breaks_its_row() {
        assert_eq!(cell("Ada"), "Ada");
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(cell("  @SUM(1)"), "'  @SUM(1)");
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert!(!cell("a\nb").contains('\n'));
        assert_eq!(cell("-1"), "'-1");
    }
}
