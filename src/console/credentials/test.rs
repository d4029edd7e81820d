//! Testing what stands in the forms.

use super::form::Key;
use super::{Test, index};
use crate::config::Editor;
use crate::console::app::App;
use crate::console::event::Effect;
use crate::console::field::SecretField;
use crate::sync::{Control, FindingState, Problem, ProblemKind, Side, SyncError};

/// A test of one side ended.
pub(in crate::console) fn tested(app: &mut App, round: u64, side: Side, problem: Option<&Problem>) {
    let credentials = &mut app.credentials;
    if round != credentials.round {
        return;
    }
    let is_about_origins = |problem: &&Problem| problem.kind == ProblemKind::OriginChanged;
    let tests = credentials.tests.iter();
    let is_asked = tests
        .filter_map(|test| test.problem.as_ref())
        .any(|p| is_about_origins(&p));
    let test = &mut credentials.tests[index(side)];
    test.running = false;
    test.problem = problem.cloned();
    if let Some(problem) = problem.filter(is_about_origins) {
        // Both sides say the same: it is asked once.
        if !is_asked {
            app.trouble(problem);
        }
        return;
    }
    if credentials.tests.iter().all(|test| !test.running) {
        let bad = credentials.tests.iter().any(|test| {
            test.problem.is_some() || test.findings.iter().any(|f| f.state == FindingState::Bad)
        });
        if bad {
            app.refuse("Something has to be corrected: it is marked with ✗, with what to do.");
        } else {
            app.note("Both connections work.");
        }
    }
}

/// Tests what stands in the form; a side that is not filled in yet says what is missing.
pub(super) fn test(app: &mut App) -> Vec<Effect> {
    let credentials = &mut app.credentials;
    // Whoever tests wants to see what is found.
    credentials.leave_field();
    credentials.control.cancel();
    credentials.control = Control::default();
    credentials.round += 1;
    let Some(editor) = &app.editor else {
        return Vec::new();
    };
    let mut edited = editor.clone();
    let name = credentials
        .form
        .write(&mut edited, credentials.before.as_deref());
    let mut effects = Vec::new();
    for side in [Side::Entra, Side::Jira] {
        let wrong = credentials.first_wrong(side);
        let elsewhere = credentials.goes_elsewhere(side, editor);
        let test = &mut credentials.tests[index(side)];
        *test = Test::default();
        if elsewhere {
            test.problem = Some(Problem::plain(
                ProblemKind::Config,
                "The address was edited: the kept secret is not sent to another address."
                    .to_owned(),
                "Check the address, and enter the secret again.",
            ));
            continue;
        }
        if let Some((key, words)) = wrong {
            test.problem = Some(Problem::plain(
                ProblemKind::Config,
                format!("{} {words}.", key.label()),
                key.guide(),
            ));
            continue;
        }
        // The other side may not be filled in yet: only this one is looked at.
        let profile = complete(&edited, &name, side).profile(&name);
        match profile {
            Ok(profile) => {
                let key = match side {
                    Side::Entra => Key::ClientSecret,
                    Side::Jira => Key::Token,
                };
                test.running = true;
                effects.push(Effect::Test {
                    round: credentials.round,
                    side,
                    profile: Box::new(profile),
                    kept_under: credentials.before.clone(),
                    typed: credentials.form.secret(key).map(SecretField::secret),
                    typed_key: credentials
                        .form
                        .secret(Key::Organization)
                        .map(SecretField::secret),
                    kept_key: credentials.org_key_stays(editor),
                    control: credentials.control.clone(),
                });
            }
            Err(error) => test.problem = Some(Problem::from(&SyncError::from(error))),
        }
    }
    if effects.is_empty() {
        app.refuse("Nothing was tested: both sides have to be filled in first.");
    }
    effects
}

/// The configuration with placeholders for the other side where it is empty or wrong.
fn complete(edited: &Editor, name: &str, side: Side) -> Editor {
    let mut editor = edited.clone();
    match side {
        Side::Entra => {
            editor.set(name, "jira", "site_url", "https://example.invalid".into());
            editor.set(name, "jira", "admin_email", "nobody@example.invalid".into());
            editor.unset(name, "jira", "token_expires");
            editor.unset(name, "jira", "organization_key_expires");
            editor.unset(name, "jira", "api_url");
        }
        Side::Jira => {
            let nobody = "00000000-0000-0000-0000-000000000000";
            editor.set(name, "entra", "tenant_id", nobody.into());
            editor.set(name, "entra", "client_id", nobody.into());
            editor.unset(name, "entra", "login_url");
            editor.unset(name, "entra", "graph_url");
        }
    }
    editor
}
