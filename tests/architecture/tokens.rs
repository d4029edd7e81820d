//! The words and signs of a source file, without what does not ship.
//!
//! Comments, texts and items under `#[cfg(test)]` are blanked first, so that nothing in them looks
//! like code. Lines stay where they are.

/// A file's code: its text without comments, texts and tests.
pub fn code_of(text: &str) -> String {
    without_tests(&without_texts(text))
}

/// Blanks comments, strings and characters. Lines stay where they are.
fn without_texts(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let length = text_length(&chars[at..], at.checked_sub(1).map(|before| chars[before]));
        for c in &chars[at..at + length.max(1)] {
            out.push(if length == 0 || *c == '\n' { *c } else { ' ' });
        }
        at += length.max(1);
    }
    out
}

/// How many characters of a comment, string or character begin here; 0 if none does.
fn text_length(rest: &[char], before: Option<char>) -> usize {
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    match rest {
        ['/', '/', ..] => rest.iter().take_while(|c| **c != '\n').count(),
        ['/', '*', ..] => block_comment(rest),
        ['"', ..] => quoted(rest, '"'),
        ['\'', '\\', ..] | ['\'', _, '\'', ..] => quoted(rest, '\''),
        ['b', '"' | '\'', ..] if !in_word => 1 + quoted(&rest[1..], rest[1]),
        ['r', '"' | '#', ..] if !in_word => raw_string(&rest[1..]).map_or(0, |length| 1 + length),
        ['b', 'r', '"' | '#', ..] if !in_word => {
            raw_string(&rest[2..]).map_or(0, |length| 2 + length)
        }
        _ => 0,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => depth += 1,
            ['*', '/', ..] => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// The length of a raw string from its hashes on; none for a raw identifier.
fn raw_string(rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().take_while(|c| **c == '#').count();
    if rest.get(hashes) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    let body = &rest[hashes + 1..];
    let length = body.windows(end.len()).position(|window| window == end)?;
    Some(hashes + 1 + length + end.len())
}

/// Blanks every item under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut out: Vec<char> = code.chars().collect();
    let mut at = 0;
    while let Some(start) = find(&out, "#[cfg(test)]", at) {
        let end = item_end(&out, start);
        for c in &mut out[start..end] {
            if *c != '\n' {
                *c = ' ';
            }
        }
        at = end;
    }
    out.into_iter().collect()
}

fn find(chars: &[char], wanted: &str, from: usize) -> Option<usize> {
    let wanted: Vec<char> = wanted.chars().collect();
    let found = chars[from..].windows(wanted.len());
    Some(from + found.into_iter().position(|window| window == wanted)?)
}

/// Where the item ends that begins here with its attributes: behind its `;`, or its last brace.
fn item_end(chars: &[char], start: usize) -> usize {
    let mut depth = 0usize;
    for (at, c) in chars.iter().enumerate().skip(start) {
        match c {
            '{' | '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    chars.len()
}

/// A word, `::`, `..`, or one sign.
#[derive(Debug)]
pub struct Token {
    pub text: String,
    /// From 1.
    pub line: usize,
}

impl Token {
    pub fn is_word(&self) -> bool {
        self.text
            .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

pub fn tokens(code: &str) -> Vec<Token> {
    let chars: Vec<char> = code.chars().collect();
    let (mut tokens, mut line, mut at) = (Vec::new(), 1, 0);
    while at < chars.len() {
        let part_of_word = |c: &&char| c.is_alphanumeric() || **c == '_';
        let length = match &chars[at..] {
            ['r', '#', ..] | [':', ':', ..] | ['.', '.', ..] => 2,
            rest => rest.iter().take_while(part_of_word).count().max(1),
        };
        let text: String = chars[at..at + length].iter().collect();
        if text == "\n" {
            line += 1;
        } else if text != "r#" && !text.trim().is_empty() {
            tokens.push(Token { text, line });
        }
        at += length;
    }
    tokens
}
