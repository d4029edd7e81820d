//! Somebody else who applies to the same site.

use crate::text::escape;

/// Somebody else who applies to this site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rival {
    /// Their machine.
    pub host: String,
    /// Who.
    pub person: String,
    /// Whether they are at it now.
    pub active: bool,
    /// How long ago their run ended, in seconds.
    pub ago: i64,
    /// Whether their settings are other ones.
    pub other_settings: bool,
}

impl Rival {
    /// Who it is and what they did, in a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let (person, host) = (escape(&self.person), escape(&self.host));
        let with = if self.other_settings {
            " with other settings"
        } else {
            ""
        };
        if self.active {
            return format!("{person} on {host} is applying to this site now{with}.");
        }
        let ago = match self.ago {
            ..60 => "less than a minute".to_owned(),
            60..7200 => format!("{} min", self.ago / 60),
            _ => format!("{} h", self.ago / 3600),
        };
        format!("{person} on {host} applied {ago} ago{with}.")
    }
}
