//! An error as an administrator reads it.

use super::kind::ProblemKind;
use crate::text::escape;
use std::collections::BTreeMap;

/// An error as an administrator reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind it is, for programs.
    pub kind: ProblemKind,
    /// What happened, and why.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// Ids that support will ask for.
    pub ids: BTreeMap<String, String>,
}

impl Problem {
    pub(super) fn new(
        kind: ProblemKind,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: hint.into(),
            ids: BTreeMap::new(),
        }
    }

    /// A problem from outside the use cases.
    #[must_use]
    pub fn plain(kind: ProblemKind, message: String, hint: &str) -> Self {
        Self::new(kind, message, hint)
    }

    pub(super) fn id(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.ids.insert(name.to_owned(), escape(value).into_owned());
        }
        self
    }
}
