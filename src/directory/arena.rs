//! One text arena with spans.

/// A piece of text in an [`Arena`]. Only meaningful together with the arena that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
}

impl Span {
    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// Append-only text. Holds up to 4 GiB, many times what a directory of a million people needs.
#[derive(Debug, Default, Clone)]
pub struct Arena {
    pub(super) text: String,
}

impl Arena {
    /// Stores `text` and returns where it stands.
    ///
    /// Text that no longer fits into the arena's 4 GiB is stored as empty; a listing that large
    /// is refused by the clients long before.
    pub fn push(&mut self, text: &str) -> Span {
        let (Ok(start), Ok(len)) = (u32::try_from(self.text.len()), u32::try_from(text.len()))
        else {
            return Span::default();
        };
        if start.checked_add(len).is_none() {
            return Span::default();
        }
        self.text.push_str(text);
        Span { start, len }
    }

    /// The text of a span.
    #[must_use]
    pub fn get(&self, span: Span) -> &str {
        let start = span.start as usize;
        self.text
            .get(start..start + span.len as usize)
            .unwrap_or_default()
    }

    /// Keys in the order of the text that each stands with.
    pub(super) fn sorted(&self, keys: Vec<(u32, Span)>) -> Vec<u32> {
        // Most texts differ early: those beginnings are compared without going to the text.
        let mut keys: Vec<([u8; 20], u32, Span)> = keys
            .into_iter()
            .map(|(key, span)| {
                let mut beginning = [0; 20];
                for (to, from) in beginning.iter_mut().zip(self.get(span).bytes()) {
                    *to = from;
                }
                (beginning, key, span)
            })
            .collect();
        keys.sort_unstable_by(|a, b| {
            let text = |span| self.get(span);
            a.0.cmp(&b.0).then_with(|| text(a.2).cmp(text(b.2)))
        });
        keys.into_iter().map(|(_, key, _)| key).collect()
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.capacity()
    }
}
