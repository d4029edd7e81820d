//! `sync`: unattended, never asks.

use super::error::CliError;
use super::output::{Exit, Output};
use super::report_text::tell;
use super::target::{Target, with_progress};
use crate::plan::{Allowances, Mode};
use crate::sync::run;

/// Applies what guards let through.
pub(super) async fn sync(
    target: &Target,
    allowances: Allowances,
    output: &Output,
) -> Result<Exit, CliError> {
    let mut session = target.open(Mode::Unattended, "sync", output).await?;
    let wanted = target.wanted();
    let (report, _) = with_progress(&mut session, output, async |session| {
        run::unattended(session, &allowances, &wanted).await
    })
    .await?;
    tell(&report, output)
}
