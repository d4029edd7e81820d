//! Globs and replacements as settings write them, checked when they are read.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use regex::Regex;
use serde::{Deserialize, Serialize};

/// A list of globs, compared without regard to case.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Patterns {
    texts: Vec<String>,
    set: GlobSet,
}

impl Patterns {
    /// The pattern that everything matches.
    #[must_use]
    pub fn everything() -> Self {
        Self::try_from(vec!["*".to_owned()]).unwrap_or_else(|_| Self::nothing())
    }

    /// No pattern: nothing matches.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            texts: Vec::new(),
            set: GlobSet::empty(),
        }
    }

    /// Whether any of them matches `text`.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.set.is_match(text)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

impl PartialEq for Patterns {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl TryFrom<Vec<String>> for Patterns {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for text in &texts {
            let glob = GlobBuilder::new(text)
                .case_insensitive(true)
                .literal_separator(false)
                .build()
                .map_err(|e| format!("“{text}” is no glob: {}", e.kind()))?;
            set.add(glob);
        }
        let set = set.build().map_err(|e| e.to_string())?;
        Ok(Self { texts, set })
    }
}

impl From<Patterns> for Vec<String> {
    fn from(patterns: Patterns) -> Self {
        patterns.texts
    }
}

/// One rule that changes a group's name: a regular expression and what stands in its place.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(try_from = "ReplaceText", into = "ReplaceText")]
pub struct Replace {
    regex: Regex,
    with: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ReplaceText {
    pattern: String,
    with: String,
}

impl Replace {
    /// The name after this rule. `$1` and `${name}` stand for the groups of the expression.
    #[must_use]
    pub fn apply(&self, name: &str) -> String {
        self.regex
            .replace_all(name, self.with.as_str())
            .into_owned()
    }
}

impl PartialEq for Replace {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str() && self.with == other.with
    }
}

impl TryFrom<ReplaceText> for Replace {
    type Error = String;

    fn try_from(text: ReplaceText) -> Result<Self, String> {
        let regex = Regex::new(&text.pattern)
            .map_err(|e| format!("“{}” is no regular expression: {e}", text.pattern))?;
        Ok(Self {
            regex,
            with: text.with,
        })
    }
}

impl From<Replace> for ReplaceText {
    fn from(replace: Replace) -> Self {
        Self {
            pattern: replace.regex.as_str().to_owned(),
            with: replace.with,
        }
    }
}
