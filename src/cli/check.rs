//! `check`.

use super::error::CliError;
use super::output::{Exit, Output, Tone, printed, wrap};
use super::progress::telling;
use super::target::Target;
use crate::sync::{self, Control, Finding, FindingState, Side};
use crate::text::escape;
use serde_json::json;
use std::fmt::Write as _;

/// Tests both sides.
pub(super) async fn check(target: &Target, output: &Output) -> Result<Exit, CliError> {
    target.confirm_origins().await?;
    let secrets = target.secrets()?;
    let control = Control::from(target.cancel.clone());
    let testing = sync::check(&target.profile, &secrets, control.clone(), &|_| {});
    let mut findings = telling(&control, output, testing).await?;
    findings.extend(sync::last_read(&target.profile, &target.paths));
    // Together with the other findings of its side.
    findings.sort_by_key(|finding| finding.side == Side::Jira);
    let good = findings.iter().all(|f| f.state != FindingState::Bad);
    if output.json {
        let rows: Vec<serde_json::Value> = findings
            .iter()
            .map(|f| {
                json!({"side": f.side, "what": f.what, "state": f.state, "text": f.text,
                    "hint": f.problem.as_ref().map(|p| &p.hint),
                    "ids": f.problem.as_ref().map(|p| &p.ids)})
            })
            .collect();
        let document =
            json!({"version": 1, "profile": target.profile.name, "ok": good, "findings": rows});
        output.document(&document).map_err(printed)?;
    } else {
        output.answer(&text(&findings, output)).map_err(printed)?;
    }
    Ok(if good { Exit::Done } else { Exit::Failed })
}

fn text(findings: &[Finding], output: &Output) -> String {
    let mut out = String::new();
    let mut side = None;
    for finding in findings {
        if side != Some(finding.side) {
            let name = match finding.side {
                Side::Entra => "Microsoft Entra ID",
                Side::Jira => "Jira Cloud",
            };
            let gap = if side.is_some() { "\n" } else { "" };
            let _ = writeln!(out, "{gap}{}", output.tone(Tone::Strong, name));
            side = Some(finding.side);
        }
        let (mark, tone) = match finding.state {
            FindingState::Good => ("✓", Tone::Good),
            FindingState::Note => ("i", Tone::Held),
            FindingState::Unknown => ("?", Tone::Dim),
            FindingState::Bad => ("✗", Tone::Bad),
        };
        for (at, line) in wrap(&escape(&finding.text), output.width() - 24)
            .iter()
            .enumerate()
        {
            let head = if at == 0 {
                format!(
                    "{} {}",
                    output.tone(tone, mark),
                    output.cell(finding.what, 16)
                )
            } else {
                " ".repeat(18)
            };
            let _ = writeln!(out, "  {head} {line}");
        }
        let Some(problem) = &finding.problem else {
            continue;
        };
        for line in wrap(&problem.hint, output.width() - 24) {
            let _ = writeln!(out, "{}{line}", " ".repeat(21));
        }
        for (name, value) in &problem.ids {
            let id = format!("{}{name}: {value}", " ".repeat(21));
            let _ = writeln!(out, "{}", output.tone(Tone::Dim, &id));
        }
    }
    out
}
