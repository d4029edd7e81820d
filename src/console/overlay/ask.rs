//! Questions, and problems in full.

use crate::console::review::Said;
use crate::console::theme::Tone;
use crate::console::worker::WorkKind;
use crate::sync::{Problem, ProblemKind};

/// What an answer does.
#[derive(Debug, Clone)]
pub(in crate::console) enum Answer {
    Close,
    StopAndLeave,
    /// Leaves, whatever is unsaved.
    Leave,
    /// Leaves, unless something is unsaved: that is asked first.
    Quit,
    Copy(String),
    DeleteProfile,
    /// Goes to another profile, or begins a new one, without saving.
    Switch(Option<String>),
    SaveSettings,
    /// Lets the profile's secrets go where its settings say now.
    ConfirmOrigins,
    Reload,
    Cancel,
    RunNow,
    /// Says this of every row that is shown.
    SayAll(Said),
    /// Starts this.
    Start(Box<WorkKind>),
}

/// A question with its answers.
#[derive(Debug)]
pub(in crate::console) struct Ask {
    pub(in crate::console) title: String,
    pub(in crate::console) lines: Vec<(Tone, String)>,
    pub(in crate::console) answers: Vec<(String, Answer)>,
    pub(in crate::console) cursor: usize,
}

impl Ask {
    pub(in crate::console) fn new(
        title: &str,
        lines: Vec<(Tone, String)>,
        answers: Vec<(&str, Answer)>,
    ) -> Self {
        Self {
            title: title.to_owned(),
            lines,
            answers: answers
                .into_iter()
                .map(|(words, answer)| (words.to_owned(), answer))
                .collect(),
            cursor: 0,
        }
    }

    /// A problem: what happened, why, what to do, ids.
    pub(in crate::console) fn trouble(problem: &Problem) -> Self {
        let mut lines = vec![
            (Tone::Bad, problem.message.clone()),
            (Tone::Plain, String::new()),
            (Tone::Plain, problem.hint.clone()),
        ];
        let mut ids = String::new();
        for (name, value) in &problem.ids {
            let id = format!("{name}: {value}");
            lines.push((Tone::Dim, id.clone()));
            ids.push_str(&id);
            ids.push('\n');
        }
        let mut answers = vec![("Close", Answer::Close)];
        if !ids.is_empty() {
            let text = format!("{}\n{ids}", problem.message);
            answers.push(("Copy for support", Answer::Copy(text)));
        }
        if problem.kind == ProblemKind::OriginChanged {
            answers.push(("Send them there from now on", Answer::ConfirmOrigins));
        }
        if problem.kind == ProblemKind::Config {
            answers.insert(0, ("Read the file again", Answer::Reload));
        }
        Self::new("That did not work", lines, answers)
    }

    pub(in crate::console) fn quit_during_run() -> Self {
        let words = "A run is under way. Stopping it cleanly lets what is on its way finish and keeps it in the journal; the next run goes on from there.";
        Self::new(
            "Leave during a run?",
            vec![(Tone::Plain, words.to_owned())],
            vec![
                ("Stay", Answer::Close),
                ("Stop the run cleanly, and leave", Answer::StopAndLeave),
            ],
        )
    }

    pub(in crate::console) fn quit_after_run() -> Self {
        Self::new(
            "Leave now?",
            vec![(Tone::Plain, "The run has ended by itself.".to_owned())],
            // The answers stand as they stood before: a key on its way means the same.
            vec![("Stay", Answer::Close), ("Leave", Answer::Quit)],
        )
    }

    pub(in crate::console) fn quit_unsaved(screen: &str) -> Self {
        let words = format!("{screen} holds edits that were not saved. Leaving drops them.");
        Self::new(
            "Leave without saving?",
            vec![(Tone::Plain, words)],
            vec![
                ("Stay", Answer::Close),
                ("Leave without saving", Answer::Leave),
            ],
        )
    }

    fn offers(&self, wanted: impl Fn(&Answer) -> bool) -> bool {
        self.answers.iter().any(|(_, answer)| wanted(answer))
    }

    /// Whether it asks to stop a run.
    pub(in crate::console) fn is_about_run(&self) -> bool {
        self.offers(|answer| matches!(answer, Answer::StopAndLeave | Answer::Cancel))
    }

    /// Whether it asks to leave: asking for that again is an answer.
    pub(in crate::console) fn is_about_leaving(&self) -> bool {
        self.offers(|answer| matches!(answer, Answer::StopAndLeave | Answer::Leave))
    }
}
