//! The one registry of commands: keys, scope, words. It feeds key presses, footer, help and
//! palette; why a command is unavailable just now is asked of the [`App`].

use super::app::{App, Screen};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Interrupt,
    Suspend,
    Redraw,
    Quit,
    Help,
    Palette,
    Go(Screen),
    NextScreen,
    PreviousScreen,
    Profiles,
    LeaveSimulation,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Left,
    Right,
    Enter,
    Close,
    Toggle,
    NextField,
    PreviousField,
    Test,
    Checklist,
    Save,
    Discard,
    Reveal,
    NewProfile,
    DeleteProfile,
    Default,
    Search,
    Filter,
    Apply,
    Refresh,
    Verify,
    TakeNewer,
    Ignore,
    AcceptShown,
    RejectShown,
    Yes,
    No,
    Own,
    Pause,
    Cancel,
    RunNow,
    /// Takes a run back.
    Undo,
    /// Plans what failed again.
    Retry,
    /// Writes a run for an audit.
    Export,
    Interval,
    FreezeLog,
    FilterLog,
    CopyLog,
    Copy,
}

/// Where a key counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// Everywhere, whatever is open.
    Always,
    /// On every screen, unless something lies over it or text is entered.
    Global,
    /// In lists.
    List,
    Welcome,
    Credentials,
    Provisioning,
    Review,
    Jobs,
    /// While text is entered in a form.
    Field,
    /// While text is searched for.
    Search,
    /// In whatever lies over a screen.
    Over,
    /// A question.
    Ask,
    /// A person's or group's page.
    Page,
    /// An adoption that waits for a yes.
    Adoption,
    /// A run's page.
    Run,
    /// The summary before an apply.
    Summary,
    /// A list of texts.
    Lines,
    /// Several choices.
    Choices,
    Palette,
    Profiles,
}

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chord(KeyCode, KeyModifiers);

const fn key(c: char) -> Chord {
    Chord(KeyCode::Char(c), KeyModifiers::NONE)
}

const fn ctrl(c: char) -> Chord {
    Chord(KeyCode::Char(c), KeyModifiers::CONTROL)
}

const fn code(code: KeyCode) -> Chord {
    Chord(code, KeyModifiers::NONE)
}

impl Chord {
    fn is(self, pressed: KeyEvent) -> bool {
        // Shift is in the letter already; some terminals report it besides.
        let modifiers = pressed.modifiers - KeyModifiers::SHIFT;
        self.0 == pressed.code && self.1 == modifiers
    }

    /// As it is written on the screen.
    pub(super) fn label(self) -> String {
        let name = match self.0 {
            KeyCode::Char(' ') => "space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter => "enter".to_owned(),
            KeyCode::Esc => "esc".to_owned(),
            KeyCode::Tab => "tab".to_owned(),
            KeyCode::BackTab => "shift-tab".to_owned(),
            KeyCode::Up => "↑".to_owned(),
            KeyCode::Down => "↓".to_owned(),
            KeyCode::Left => "←".to_owned(),
            KeyCode::Right => "→".to_owned(),
            KeyCode::PageUp => "page-up".to_owned(),
            KeyCode::PageDown => "page-down".to_owned(),
            KeyCode::Home => "home".to_owned(),
            KeyCode::End => "end".to_owned(),
            KeyCode::Delete => "del".to_owned(),
            _ => String::new(),
        };
        if self.1 == KeyModifiers::CONTROL {
            format!("^{}", name.to_uppercase())
        } else {
            name
        }
    }
}

/// A command.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) action: Action,
    pub(super) scope: Scope,
    pub(super) keys: &'static [Chord],
    /// One or two words, for the footer.
    pub(super) name: &'static str,
    /// What it does, for help and palette.
    pub(super) help: &'static str,
    /// Whether the footer shows it.
    pub(super) footer: bool,
}

const fn command(
    scope: Scope,
    action: Action,
    keys: &'static [Chord],
    name: &'static str,
    help: &'static str,
    footer: bool,
) -> Command {
    Command {
        action,
        scope,
        keys,
        name,
        help,
        footer,
    }
}

/// Every command, in the order in which footer and help show them.
#[rustfmt::skip]
pub(super) static COMMANDS: &[Command] = &[
    command(Scope::Review, Action::Toggle, &[key(' ')], "accept/reject", "Accept or reject this row. Rejected rows stay out until their reason changes", true),
    command(Scope::Review, Action::Yes, &[key('y')], "link", "Confirm the link: this account, or this group of the same name, is the right one", true),
    command(Scope::Review, Action::No, &[key('n')], "no", "It is not: keep the Entra group and the Jira group of the same name apart, or say that the accounts in question are other people's. Once more withdraws that", true),
    command(Scope::Review, Action::Own, &[key('o')], "adopt", "Adopt the Jira group: from then on it mirrors its Entra group", true),
    command(Scope::Review, Action::Apply, &[key('a')], "apply", "Look at what would be applied, allow what guards hold, and apply it", true),
    command(Scope::Review, Action::Enter, &[code(KeyCode::Enter)], "open", "Open the person or group: both records, all groups or members, why, history", true),
    command(Scope::Review, Action::Filter, &[key('f')], "filter", "Show only some rows: by mark, state or insight", true),
    command(Scope::Review, Action::Search, &[key('/')], "search", "Search names and addresses as you type", true),
    command(Scope::Review, Action::Refresh, &[key('r')], "read", "Read both directories again and plan anew; writes nothing to Jira", true),
    command(Scope::Review, Action::Verify, &[key('V')], "verify all", "Read and verify everything again, whatever is known; takes longer than r", false),
    command(Scope::Review, Action::TakeNewer, &[key('R')], "take newer", "Take in the newer plan that is waiting", true),
    command(Scope::Review, Action::Discard, &[key('u')], "undo", "Take back what was decided last: links, rejections and answers, one by one", false),
    command(Scope::Review, Action::Ignore, &[key('i')], "ignore", "Ignore this row until you withdraw that; a row that asks for you is left alone", false),
    command(Scope::Review, Action::AcceptShown, &[key('A')], "accept all shown", "Accept every row that filter and search show", false),
    command(Scope::Review, Action::RejectShown, &[key('X')], "reject all shown", "Reject every row that filter and search show", false),
    command(Scope::Review, Action::Left, &[code(KeyCode::Left), key('h')], "previous list", "People, groups or memberships: the list to the left", false),
    command(Scope::Review, Action::Right, &[code(KeyCode::Right), key('l')], "next list", "People, groups or memberships: the list to the right", true),

    command(Scope::Credentials, Action::Enter, &[code(KeyCode::Enter)], "edit", "Enter the chosen field, or press the chosen button", true),
    command(Scope::Credentials, Action::Toggle, &[key(' ')], "next choice", "Take the next choice of the chosen field", false),
    command(Scope::Credentials, Action::Left, &[code(KeyCode::Left)], "Azure AD's side", "Go to the form on the left", false),
    command(Scope::Credentials, Action::Right, &[code(KeyCode::Right)], "Jira's side", "Go to the form on the right", false),
    command(Scope::Credentials, Action::Test, &[key('t'), ctrl('t')], "test", "Test both connections with what stands in the form", true),
    command(Scope::Credentials, Action::Save, &[key('s'), ctrl('s')], "save", "Save the profile to config.toml, and new secrets to credentials.toml", true),
    command(Scope::Credentials, Action::Checklist, &[key('c')], "checklist", "Show the whole checklist of the last test", true),
    command(Scope::Credentials, Action::Discard, &[key('u')], "undo edits", "Take back what was not saved", true),
    command(Scope::Credentials, Action::NewProfile, &[key('n')], "new profile", "Begin another profile", false),
    command(Scope::Credentials, Action::DeleteProfile, &[key('D')], "delete profile", "Delete this profile from config.toml, with its secrets; its history stays on disk", false),

    command(Scope::Provisioning, Action::Toggle, &[key(' ')], "change", "Switch the chosen setting, or take its next choice", true),
    command(Scope::Provisioning, Action::Enter, &[code(KeyCode::Enter)], "edit", "Edit the chosen setting", true),
    command(Scope::Provisioning, Action::Left, &[code(KeyCode::Left)], "previous choice", "Take the previous choice", false),
    command(Scope::Provisioning, Action::Right, &[code(KeyCode::Right)], "next choice", "Take the next choice", false),
    command(Scope::Provisioning, Action::Default, &[code(KeyCode::Delete), key('x')], "default", "Give the chosen setting its default back", true),
    command(Scope::Provisioning, Action::Save, &[key('s'), ctrl('s')], "save", "Save the settings to config.toml, comments kept", true),
    command(Scope::Provisioning, Action::Discard, &[key('u')], "undo edits", "Take back all edits that were not saved", true),
    command(Scope::Provisioning, Action::Refresh, &[key('r')], "read", "Read both directories, so that every setting shows what it would do", true),

    command(Scope::Jobs, Action::Pause, &[key('p')], "pause/resume", "Pause the run, or go on with it. What is on its way is finished", true),
    command(Scope::Jobs, Action::Cancel, &[key('c')], "cancel", "Stop the run cleanly: what is on its way is finished and kept in the journal", true),
    command(Scope::Jobs, Action::RunNow, &[key('s')], "sync now", "Run the unattended sync now: applies what guards let through", true),
    command(Scope::Jobs, Action::Interval, &[key('i')], "interval on/off", "Switch the interval that runs the unattended sync while Rollbook is open; after an undo, let it go on", true),
    command(Scope::Jobs, Action::Refresh, &[key('r')], "read", "Read both directories and plan; writes nothing to Jira", false),
    command(Scope::Jobs, Action::Verify, &[key('V')], "verify all", "Read and verify everything again, whatever is known; takes longer than r", false),
    command(Scope::Jobs, Action::Enter, &[code(KeyCode::Enter)], "open run", "Show the chosen run: its operations, failures and their advice", true),
    command(Scope::Jobs, Action::FreezeLog, &[key('z')], "freeze log", "Keep the log where it is, or let it run again", false),
    command(Scope::Jobs, Action::FilterLog, &[key('w')], "warnings only", "Show only warnings and failures in the log, or everything", false),
    command(Scope::Jobs, Action::CopyLog, &[key('y')], "copy log", "Copy the log to the clipboard (OSC 52, through SSH too)", false),

    command(Scope::Welcome, Action::Enter, &[code(KeyCode::Enter)], "choose", "Take the chosen way", true),
    command(Scope::Welcome, Action::Quit, &[key('q')], "quit", "Leave Rollbook", true),
    command(Scope::Welcome, Action::Help, &[key('?')], "help", "Show every key", true),

    command(Scope::Field, Action::Close, &[code(KeyCode::Esc)], "leave field", "Leave the field; digits and tab go to other screens then", true),
    command(Scope::Field, Action::NextField, &[code(KeyCode::Tab), code(KeyCode::Down), code(KeyCode::Enter)], "next field", "Go to the next field", true),
    command(Scope::Field, Action::PreviousField, &[code(KeyCode::BackTab), code(KeyCode::Up)], "previous field", "Go to the previous field", false),
    command(Scope::Field, Action::Test, &[ctrl('t')], "test", "Test both connections with what stands in the form", true),
    command(Scope::Field, Action::Save, &[ctrl('s')], "save", "Save", true),
    command(Scope::Field, Action::Reveal, &[ctrl('r')], "show secret", "Show the secret until the field is left", true),

    command(Scope::Search, Action::Enter, &[code(KeyCode::Enter)], "keep", "Keep the search and go back to the list", true),
    command(Scope::Search, Action::Close, &[code(KeyCode::Esc)], "clear", "Clear the search", true),
    command(Scope::Search, Action::Up, &[code(KeyCode::Up)], "up", "One row up", false),
    command(Scope::Search, Action::Down, &[code(KeyCode::Down)], "down", "One row down", false),

    command(Scope::Ask, Action::Enter, &[code(KeyCode::Enter)], "choose", "Take the chosen answer", true),
    command(Scope::Summary, Action::Enter, &[code(KeyCode::Enter)], "next / apply", "Go to the next line; on “Apply”, apply", true),
    command(Scope::Summary, Action::NextField, &[code(KeyCode::Tab), code(KeyCode::Down)], "next", "Go to the next line", false),
    command(Scope::Summary, Action::PreviousField, &[code(KeyCode::BackTab), code(KeyCode::Up)], "previous", "Go to the previous line", false),
    command(Scope::Summary, Action::PageDown, &[code(KeyCode::PageDown)], "further down", "Read further down", false),
    command(Scope::Summary, Action::PageUp, &[code(KeyCode::PageUp)], "further up", "Read further up", false),
    command(Scope::Page, Action::Enter, &[code(KeyCode::Enter)], "take this account", "Link the chosen candidate", true),
    command(Scope::Page, Action::No, &[key('n')], "not this one", "Say that the chosen candidate is somebody else's account", true),
    command(Scope::Page, Action::Copy, &[key('c')], "copy ids", "Copy the ids of both records (OSC 52)", true),
    command(Scope::Adoption, Action::Enter, &[code(KeyCode::Enter)], "adopt", "Adopt the group", true),
    command(Scope::Adoption, Action::PageDown, &[code(KeyCode::PageDown), code(KeyCode::Down)], "more", "To what does not fit", true),
    command(Scope::Adoption, Action::PageUp, &[code(KeyCode::PageUp), code(KeyCode::Up)], "back", "Back up", false),
    command(Scope::Run, Action::Undo, &[key('u')], "take back", "Plan how this run is taken back, as far as that is possible; nothing is written until you apply that plan", true),
    command(Scope::Run, Action::Retry, &[key('t')], "retry failed", "Plan what failed in this run again, and what depended on it", true),
    command(Scope::Run, Action::Export, &[key('x')], "export", "Write every write of this run to a CSV file for an audit", true),
    command(Scope::Run, Action::Copy, &[key('c')], "copy", "Copy this run as text (OSC 52)", true),
    command(Scope::Lines, Action::Enter, &[code(KeyCode::Enter)], "add / done", "Add what was typed; with nothing typed, done", true),
    command(Scope::Lines, Action::NextField, &[code(KeyCode::Tab)], "complete", "Take the chosen suggestion", true),
    command(Scope::Lines, Action::Up, &[code(KeyCode::Up)], "up", "One line up", false),
    command(Scope::Lines, Action::Down, &[code(KeyCode::Down)], "down", "One line down", false),
    command(Scope::Lines, Action::Default, &[code(KeyCode::Delete), ctrl('d')], "remove line", "Remove the chosen line", true),
    command(Scope::Choices, Action::Toggle, &[key(' ')], "take/leave", "Take or leave the chosen line", true),
    command(Scope::Choices, Action::Enter, &[code(KeyCode::Enter)], "done", "Done", true),
    command(Scope::Palette, Action::Enter, &[code(KeyCode::Enter)], "do it", "Do the chosen command", true),
    command(Scope::Palette, Action::Up, &[code(KeyCode::Up)], "up", "One line up", false),
    command(Scope::Palette, Action::Down, &[code(KeyCode::Down)], "down", "One line down", false),
    command(Scope::Profiles, Action::Enter, &[code(KeyCode::Enter)], "choose", "Choose this line", true),
    command(Scope::Over, Action::Close, &[code(KeyCode::Esc)], "close", "Close this", true),

    command(Scope::List, Action::Up, &[code(KeyCode::Up), key('k')], "up", "One line up", false),
    command(Scope::List, Action::Down, &[code(KeyCode::Down), key('j')], "down", "One line down", false),
    command(Scope::List, Action::PageUp, &[code(KeyCode::PageUp), ctrl('b')], "page up", "One page up", false),
    command(Scope::List, Action::PageDown, &[code(KeyCode::PageDown), ctrl('f')], "page down", "One page down", false),
    command(Scope::List, Action::Top, &[code(KeyCode::Home), key('g')], "first", "To the first line", false),
    command(Scope::List, Action::Bottom, &[code(KeyCode::End), key('G')], "last", "To the last line", false),

    command(Scope::Global, Action::Go(Screen::Credentials), &[key('1')], "credentials", "Credentials: both connections, tested on the spot", false),
    command(Scope::Global, Action::Go(Screen::Provisioning), &[key('2')], "provisioning", "Provisioning: what is created and kept in step, scope, safety", false),
    command(Scope::Global, Action::Go(Screen::Review), &[key('3')], "review", "Review: Azure AD and Jira side by side, row by row", false),
    command(Scope::Global, Action::Go(Screen::Jobs), &[key('4')], "jobs", "Jobs: the run as it goes, the interval, the history", false),
    command(Scope::Global, Action::NextScreen, &[code(KeyCode::Tab)], "next screen", "Go to the next screen", false),
    command(Scope::Global, Action::PreviousScreen, &[code(KeyCode::BackTab)], "previous screen", "Go to the previous screen", false),
    command(Scope::Global, Action::Profiles, &[key('P')], "profiles", "Switch to another profile, or begin one", false),
    command(Scope::Global, Action::LeaveSimulation, &[key('L')], "leave simulation", "Leave the simulated organisation, back to set-up", false),
    command(Scope::Global, Action::Close, &[code(KeyCode::Esc)], "back", "Back: clears search and filter", false),
    command(Scope::Global, Action::Palette, &[key(':')], "commands", "Find a command by its words", true),
    command(Scope::Global, Action::Help, &[key('?')], "help", "Show every key", true),
    command(Scope::Global, Action::Quit, &[key('q')], "quit", "Leave Rollbook. During a run it offers to stop it cleanly", true),
    command(Scope::Always, Action::Interrupt, &[ctrl('c')], "interrupt", "Leave Rollbook, from anywhere", false),
    command(Scope::Always, Action::Suspend, &[ctrl('z')], "suspend", "Go to the shell for a while; `fg` comes back", false),
    command(Scope::Always, Action::Redraw, &[ctrl('l')], "redraw", "Draw the whole screen anew", false),
];

/// The command that a key means, in the first of the scopes that knows it.
pub(super) fn find(scopes: &[Scope], pressed: KeyEvent) -> Option<&'static Command> {
    scopes.iter().find_map(|scope| {
        COMMANDS.iter().find(|command| {
            command.scope == *scope && command.keys.iter().any(|chord| chord.is(pressed))
        })
    })
}

/// The commands of these scopes, in the registry's order.
pub(super) fn of(scopes: &[Scope]) -> impl Iterator<Item = &'static Command> {
    COMMANDS
        .iter()
        .filter(|command| scopes.contains(&command.scope))
}

/// The footer: the next sensible keys, as many as fit.
pub(super) fn footer(app: &App) -> Vec<(String, &'static str)> {
    let scopes = app.scopes();
    of(&scopes)
        .filter(|command| command.footer && app.unavailable(command.action).is_none())
        .filter_map(|command| Some((command.keys.first()?.label(), command.name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn no_key_means_two_things_in_one_scope() {
        let mut seen: HashMap<(Scope, String), Action> = HashMap::new();
        for command in COMMANDS {
            assert!(!command.keys.is_empty(), "{}", command.name);
            for chord in command.keys {
                assert!(!chord.label().is_empty(), "{}", command.name);
                let before = seen.insert((command.scope, chord.label()), command.action);
                assert_eq!(before, None, "{} in {:?}", chord.label(), command.scope);
            }
        }
    }
}
