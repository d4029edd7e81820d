//! Several profiles: begun, switched, deleted.

use super::Key;
use super::form::Content;
use crate::config::Editor;
use crate::console::app::{App, Overlay, Screen};
use crate::console::event::{Effect, Part, Saving};
use crate::console::overlay::{Answer, Ask};
use crate::console::theme::Tone;
use crate::sync::Side;

/// Deletes the profile, after that was confirmed.
pub(in crate::console) fn delete(app: &mut App) -> Vec<Effect> {
    if is_busy(app) {
        return Vec::new();
    }
    let (Some(editor), Some(before)) = (&app.editor, app.credentials.before.clone()) else {
        return Vec::new();
    };
    let mut editor = editor.clone();
    editor.remove(&before);
    let words = format!("“{before}” was deleted.");
    vec![Effect::Save(Box::new(Saving {
        editor,
        before: Some(before),
        profile: None,
        secrets: Vec::new(),
        part: Part::Deleted,
        words,
    }))]
}

/// Goes to another profile or begins a new one; asks first where edits would be lost.
pub(super) fn leave_for(app: &mut App, profile: Option<String>) -> Vec<Effect> {
    if is_busy(app) {
        return Vec::new();
    }
    if let Some(screen) = app.unsaved() {
        let words = format!(
            "{} holds edits that were not saved. Going on drops them.",
            screen.name()
        );
        let ask = Ask::new(
            "Drop the edits?",
            vec![(Tone::Plain, words)],
            vec![
                ("Stay", Answer::Close),
                ("Drop them", Answer::Switch(profile)),
            ],
        );
        app.over(Overlay::Ask(ask));
        return Vec::new();
    }
    switch(app, profile)
}

/// Says so if a job is under way: profiles are not changed under it.
fn is_busy(app: &mut App) -> bool {
    let busy = app.is_busy();
    if busy {
        app.refuse("A job is under way: wait for it, or cancel it on Jobs (4).");
    }
    busy
}

/// Goes to another profile, or begins a new one.
pub(in crate::console) fn switch(app: &mut App, profile: Option<String>) -> Vec<Effect> {
    if is_busy(app) {
        return Vec::new();
    }
    if let Some(name) = profile {
        return vec![Effect::Load(Some(name))];
    }
    begin(app);
    Vec::new()
}

/// Begins a new profile.
pub(in crate::console) fn begin(app: &mut App) {
    app.screen = Screen::Credentials;
    if let Some(editor) = &app.editor {
        app.credentials.load(editor, None);
    }
    app.credentials.kept([None; 3]);
    app.credentials.side = Side::Entra;
    app.credentials.cursor = 1;
    app.credentials.editing = true;
    if app
        .editor
        .as_ref()
        .is_some_and(|e| e.profiles().iter().any(|n| n == "Azure AD"))
    {
        *app.credentials.form.get_mut(Key::Name) = Content::Text("".into());
        app.credentials.cursor = 0;
    }
}

/// A line of the list of profiles was chosen.
pub(in crate::console) fn chosen_profile(app: &mut App) -> Vec<Effect> {
    let Some(Overlay::Profiles(cursor)) = app.over.pop() else {
        return Vec::new();
    };
    let names = app
        .editor
        .as_ref()
        .map(Editor::profiles)
        .unwrap_or_default();
    leave_for(app, names.get(cursor).cloned())
}
