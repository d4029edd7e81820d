//! Names for the seeded organisation.

/// Lists of names, from `assets/names.txt`: first names, last names, departments, suffixes.
pub(super) struct NameLists {
    pub(super) first: Vec<&'static str>,
    pub(super) last: Vec<&'static str>,
    pub(super) departments: Vec<&'static str>,
    pub(super) suffixes: Vec<&'static str>,
}

impl NameLists {
    pub(super) fn new() -> Self {
        let mut lines = include_str!("../../assets/names.txt")
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mut next = || lines.next().unwrap_or_default();
        Self {
            first: next(),
            last: next(),
            departments: next(),
            suffixes: next(),
        }
    }
}

/// A name as the local part of an address.
pub(super) fn local_part(first: &str, last: &str) -> String {
    let plain = |c: char| -> &'static str {
        match c {
            'é' | 'è' | 'ë' => "e",
            'í' => "i",
            'ö' | 'ø' => "o",
            'ü' => "u",
            'á' | 'å' => "a",
            'ğ' => "g",
            _ => "",
        }
    };
    let mut out = String::new();
    for c in format!("{first}.{last}").to_lowercase().chars() {
        if c.is_ascii_alphanumeric() || c == '.' {
            out.push(c);
        } else {
            out.push_str(plain(c));
        }
    }
    out
}
